/** The `process` runtime: programs of the host, each pod under a shim that outlives the agent. */
export type { ProgramPolicy } from './program.ts';
export type { ProcessRuntime, ProcessRuntimeOptions } from './runtime.ts';
export { createProcessRuntime } from './runtime.ts';
