/** The board's own twin: a DeviceModel and a Device named `host-<node>`, made from what the board says its host can tell. */
import type { HostTwinProperty } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/contract.ts';

const API = 'devices.kubeedge.io/v1beta1';
const LABEL = { 'boardlet.dev/host-twin': 'true' };

export const hostDeviceName = (node: string): string => `host-${node}`;

function modelProperty(p: HostTwinProperty): Record<string, unknown> {
  return {
    name: p.name,
    type: p.type,
    accessMode: p.readOnly ? 'ReadOnly' : 'ReadWrite',
    ...(p.unit === undefined ? {} : { unit: p.unit }),
    ...(p.minimum === undefined ? {} : { minimum: String(p.minimum) }),
    ...(p.maximum === undefined ? {} : { maximum: String(p.maximum) }),
    visitors: { protocolName: 'host', configData: {} },
  };
}

export function hostDeviceModel(
  node: string,
  namespace: string,
  properties: readonly HostTwinProperty[],
): KubeObject {
  return {
    apiVersion: API,
    kind: 'DeviceModel',
    metadata: { name: hostDeviceName(node), namespace, labels: LABEL },
    spec: { protocol: 'host', properties: properties.map(modelProperty) },
  };
}

export function hostDevice(
  node: string,
  namespace: string,
  properties: readonly HostTwinProperty[],
): KubeObject {
  return {
    apiVersion: API,
    kind: 'Device',
    metadata: { name: hostDeviceName(node), namespace, labels: LABEL },
    spec: {
      deviceModelRef: { name: hostDeviceName(node) },
      nodeName: node,
      protocol: { protocolName: 'host', configData: {} },
      properties: properties.map((p) => ({ name: p.name, reportToCloud: true })),
    },
  };
}
