/** The agent's core: everything that does not touch the machine. Both hosts run it. */
export * from './agent.ts';
export * from './config/index.ts';
export type * from './documents.ts';
export type * from './host.ts';
export * from './log-stream.ts';
export * from './node-report.ts';
export * from './pods/index.ts';
export * from './pressure.ts';
export * from './replication/index.ts';
export type * from './runtime.ts';
export * from './static-pods/index.ts';
export * from './store/index.ts';
export * from './twins/index.ts';
