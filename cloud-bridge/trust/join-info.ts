/** How boards find this bridge, written by the bridge and read by `boardctl`: one ConfigMap, nothing secret in it. */
import { isBoardletError } from '@boardlet/adapters/wire';
import type { KubeClient, KubeObject } from '../kube/contract.ts';
import { CONFIGMAPS } from '../kube/resources.ts';
import { SYSTEM_NAMESPACE } from './constants.ts';
import type { JoinInfo } from './contract.ts';

const NAME = 'boardlet-join';

export async function publishJoinInfo(
  kube: KubeClient,
  info: JoinInfo,
  namespace: string = SYSTEM_NAMESPACE,
): Promise<void> {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: NAME, namespace },
    data: {
      url: info.url,
      caHash: info.caHash,
      fleet: info.fleet,
      brokers: info.brokers.join(' '),
    },
  };
  try {
    await kube.create(CONFIGMAPS, object);
  } catch (error) {
    if (!isBoardletError(error, 'BL_KUBE_ALREADY_EXISTS')) throw error;
    await kube.replace(CONFIGMAPS, object);
  }
}

/** Undefined: no bridge has published itself yet. */
export async function readJoinInfo(
  kube: KubeClient,
  namespace: string = SYSTEM_NAMESPACE,
): Promise<JoinInfo | undefined> {
  let object: KubeObject;
  try {
    object = await kube.get(CONFIGMAPS, namespace, NAME);
  } catch (error) {
    if (isBoardletError(error, 'BL_KUBE_NOT_FOUND')) return undefined;
    throw error;
  }
  const { data } = object;
  if (typeof data !== 'object' || data === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...data };
  const { url, caHash, fleet, brokers } = fields;
  if (typeof url !== 'string' || typeof caHash !== 'string' || typeof fleet !== 'string') {
    return undefined;
  }
  const list = typeof brokers === 'string' ? brokers.split(' ').filter((b) => b !== '') : [];
  return { url, caHash, fleet, brokers: list };
}
