export * from './documents.ts';
export * from './errors.ts';
export * from './messages.ts';
export * from './value.ts';
