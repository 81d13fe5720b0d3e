/** What the bridge holds of the cluster: its client, the Lease, and who may carry which board. */
import { createHash, randomUUID } from 'node:crypto';
import {
  CONFIGMAPS,
  createInformer,
  createKubeClient,
  createOwnership,
  type Informer,
  type Logger,
  NAMESPACES,
  type OwnedShards,
  systemClock,
  systemTimers,
  type WatchingClient,
} from '../kube/index.ts';
import { type Bindings, createBindings } from '../trust/index.ts';
import { takeInstanceLock } from './instance-lock.ts';
import type { Settings } from './settings.ts';
import { untilDone } from './until-done.ts';

export interface Cluster {
  readonly client: WatchingClient;
  readonly ownership: OwnedShards;
  readonly bindings: Bindings;
  readonly bindingCache: Informer;
  readonly realm: Uint8Array;
  readonly release: () => void;
}

const REALM_BYTES = 8;
const timing = { timers: systemTimers, random: Math.random, clock: systemClock };

/** Every cluster has a kube-system namespace, and its uid never changes: the cluster's id (rule E4). */
async function readRealm(client: WatchingClient): Promise<Uint8Array> {
  const namespace = await client.get(NAMESPACES, '', 'kube-system');
  const uid = Buffer.from(namespace.metadata.uid ?? '');
  return createHash('sha256').update(uid).digest().subarray(0, REALM_BYTES);
}

/** Bindings that follow the API; `filled` resolves once all of them are known: a cache that is still empty entitles nobody,
 * and boards that are entitled would be refused. */
function followBindings(
  client: WatchingClient,
  namespace: string,
  log: Logger,
): Pick<Cluster, 'bindings' | 'bindingCache'> & { readonly filled: Promise<void> } {
  const bindings = createBindings({ kube: client, namespace, log });
  let fill: () => void = () => undefined;
  const filled = new Promise<void>((resolve) => {
    fill = resolve;
  });
  const bindingCache = createInformer(
    client,
    CONFIGMAPS,
    { namespace },
    {
      onChange: bindings.onChange,
      onSynced: fill,
      onError: (error) => log.warn('bridge.bindings', { error: error.message }),
    },
    timing,
  );
  return { bindings, bindingCache, filled };
}

/** An API that is away is waited for. */
export async function openCluster(
  settings: Settings,
  log: Logger,
  onLost: () => void,
): Promise<Cluster> {
  const { kubeconfig, context, namespace } = settings;
  const client = createKubeClient({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    logger: log,
  });
  const realm = await untilDone(() => readRealm(client), 'bridge.api-unreachable', log);
  const lock = await takeInstanceLock(settings.pki);
  const ownership = createOwnership({
    client,
    namespace,
    identity: `${lock.instance ?? 'bridge'}/${randomUUID()}`,
    ...(lock.instance === undefined ? {} : { instance: lock.instance }),
    logger: log,
    onLost,
    ...timing,
  });
  const { filled, ...bindings } = followBindings(client, namespace, log);
  bindings.bindingCache.start();
  await filled;
  return { client, ownership, ...bindings, realm, release: lock.release };
}
