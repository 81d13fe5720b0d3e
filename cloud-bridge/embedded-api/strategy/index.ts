import type { ResourceType } from '../kinds.ts';
import { crd } from './crd.ts';
import { custom } from './custom.ts';
import { node } from './node.ts';
import { pod } from './pod.ts';
import { configMap, event, lease, namespace, runtimeClass, secret } from './small.ts';
import type { Strategy } from './strategy.ts';

const BY_STORAGE: Readonly<Record<string, Strategy>> = {
  configmaps: configMap,
  'customresourcedefinitions.apiextensions.k8s.io': crd,
  events: event,
  'leases.coordination.k8s.io': lease,
  namespaces: namespace,
  nodes: node,
  pods: pod,
  'runtimeclasses.node.k8s.io': runtimeClass,
  secrets: secret,
};

export function strategyOf(type: ResourceType): Strategy {
  return type.custom ? custom : (BY_STORAGE[type.storage] ?? {});
}
