export { createEmbeddedApi } from './api.ts';
export { backupStore, restoreStore } from './backup.ts';
export type * from './contract.ts';
export { type KubeconfigOptions, writeKubeconfig } from './kubeconfig.ts';
export { DEFAULT_LIMITS } from './limits.ts';
