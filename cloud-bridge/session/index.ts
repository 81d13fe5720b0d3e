export * from './contract.ts';
export type { FloodLimits } from './flood-guard.ts';
export * from './replica-machine.ts';
export * from './replica-types.ts';
export * from './session-options.ts';
export * from './session-server.ts';
