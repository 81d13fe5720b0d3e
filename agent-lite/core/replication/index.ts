export { KINDS_READ } from './board-documents.ts';
export * from './link-machine.ts';
export * from './link-types.ts';
export * from './replication.ts';
export * from './store-contract.ts';
