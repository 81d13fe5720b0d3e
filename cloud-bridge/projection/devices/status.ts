/** Reported twins and device states → KubeEdge's DeviceStatus object. */
import type { DeviceStatusDocument, TwinDocument } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/contract.ts';
import { formatValue } from './values.ts';

export interface ReportedTwin {
  readonly twin: TwinDocument;
  /** When the board made the change, or when it arrived: Unix ms. */
  readonly unixMs: number;
}

const stamp = (unixMs: number): Record<string, string> => ({
  timestamp: String(Math.round(unixMs)),
});

/** Twins in the order of their names, so that equal content is an equal object. */
export function deviceStatusBody(
  twins: ReadonlyMap<string, ReportedTwin>,
  state: DeviceStatusDocument | undefined,
): Record<string, unknown> {
  const names = [...twins.keys()].sort();
  const list: Record<string, unknown>[] = [];
  for (const propertyName of names) {
    const t = twins.get(propertyName);
    if (t === undefined) continue;
    const metadata = stamp(t.unixMs);
    list.push({
      propertyName,
      reported: { value: formatValue(t.twin.value), metadata },
      ...(t.twin.observedDesired === undefined
        ? {}
        : { observedDesired: { value: formatValue(t.twin.observedDesired), metadata } }),
    });
  }
  return {
    twins: list,
    state: state?.state ?? (twins.size > 0 ? 'online' : 'unknown'),
    ...(state?.lastOnline === undefined
      ? {}
      : { lastOnlineTime: new Date(state.lastOnline).toISOString() }),
    ...(state?.message === undefined ? {} : { extensions: { message: state.message } }),
  };
}

/** The object to create for a Device that has none yet; it goes with its Device. */
export function newDeviceStatus(device: KubeObject, status: Record<string, unknown>): KubeObject {
  return {
    apiVersion: 'devices.kubeedge.io/v1beta1',
    kind: 'DeviceStatus',
    metadata: {
      name: device.metadata.name,
      namespace: device.metadata.namespace ?? 'default',
      ownerReferences: [
        {
          apiVersion: device.apiVersion,
          kind: 'Device',
          name: device.metadata.name,
          uid: device.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    spec: {},
    status,
  };
}
