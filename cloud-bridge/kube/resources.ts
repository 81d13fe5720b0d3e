/** The resources that the bridge touches, and their paths in the API. */
import type { Resource } from './contract.ts';

function resource(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced: boolean,
): Resource {
  return { group, version, plural, kind, namespaced };
}

export const NODES: Resource = resource('', 'v1', 'nodes', 'Node', false);
export const PODS: Resource = resource('', 'v1', 'pods', 'Pod', true);
export const EVENTS: Resource = resource('', 'v1', 'events', 'Event', true);
export const CONFIGMAPS: Resource = resource('', 'v1', 'configmaps', 'ConfigMap', true);
export const SECRETS: Resource = resource('', 'v1', 'secrets', 'Secret', true);
export const NAMESPACES: Resource = resource('', 'v1', 'namespaces', 'Namespace', false);
export const SERVICEACCOUNTS: Resource = resource(
  '',
  'v1',
  'serviceaccounts',
  'ServiceAccount',
  true,
);
export const LEASES: Resource = resource('coordination.k8s.io', 'v1', 'leases', 'Lease', true);
export const RUNTIMECLASSES: Resource = resource(
  'node.k8s.io',
  'v1',
  'runtimeclasses',
  'RuntimeClass',
  false,
);
export const CRDS: Resource = resource(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  false,
);
export const DEVICES: Resource = resource(
  'devices.kubeedge.io',
  'v1beta1',
  'devices',
  'Device',
  true,
);
export const DEVICEMODELS: Resource = resource(
  'devices.kubeedge.io',
  'v1beta1',
  'devicemodels',
  'DeviceModel',
  true,
);
export const DEVICESTATUSES: Resource = resource(
  'devices.kubeedge.io',
  'v1beta1',
  'devicestatuses',
  'DeviceStatus',
  true,
);

/** `v1` or `<group>/<version>`, as objects carry it. */
export function apiVersionOf(r: Resource): string {
  return r.group === '' ? r.version : `${r.group}/${r.version}`;
}

/** Path of a collection; an empty namespace on a namespaced resource means all namespaces. */
export function collectionPath(r: Resource, namespace = ''): string {
  const root = r.group === '' ? `/api/${r.version}` : `/apis/${r.group}/${r.version}`;
  const within =
    r.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${within}/${r.plural}`;
}

export function objectPath(r: Resource, namespace: string, name: string): string {
  return `${collectionPath(r, namespace)}/${encodeURIComponent(name)}`;
}

/** Orders resourceVersions: decimal strings of any length; empty is the least. Negative, 0 or positive. */
export function compareRevisions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
