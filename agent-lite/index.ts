/** The agent for programs that carry it inside: its core and what the Node host hands it. The program is `boardlet-agent`.
 * A host of one's own needs `@boardlet/agent-lite/core` alone, which imports nothing of Node. */
export {
  type Agent,
  type AgentConfig,
  type AgentOptions,
  type ConfigInput,
  createAgent,
  defaultPolicy,
  type Host,
  loadConfig,
  openStore,
  type Policy,
  parsePolicy,
  type Runtime,
} from './core/index.ts';
export { createNodeHost, type NodeHost, type NodeHostOptions } from './host/node/index.ts';
export {
  createProcessRuntime,
  type ProcessRuntime,
  type ProcessRuntimeOptions,
} from './runtimes/process/index.ts';
