/** What must be in the cluster before boards' pods can be. */
import type { KubeObject } from '../../kube/index.ts';
import { BOARD_TAINT } from '../node/taints.ts';

const RUNTIMES = ['process', 'wasm', 'oci', 'task'] as const;

/** A pod that names one of these goes to boards and tolerates their taint, with nothing else to write. */
export function runtimeClasses(): KubeObject[] {
  return RUNTIMES.map((runtime) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: `boardlet-${runtime}` },
    handler: `boardlet-${runtime}`,
    scheduling: {
      nodeSelector: { 'kubernetes.io/os': 'boardlet' },
      tolerations: [{ key: BOARD_TAINT.key, operator: 'Exists', effect: BOARD_TAINT.effect }],
    },
  }));
}

export function bridgeNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
