export {
  type AgentConfig,
  type ConfigInput,
  type ConfigLogLevel,
  configFlags,
  loadConfig,
} from './config.ts';
export {
  allowsHostPath,
  allowsNamespace,
  allowsProgram,
  allowsUser,
  defaultPolicy,
  type HostPathRule,
  type Policy,
  parsePolicy,
  podPolicy,
  type Refusal,
  refusePod,
  userFor,
} from './policy.ts';
