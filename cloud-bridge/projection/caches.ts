/** The informers of all parts, seen as one cache: what it reflects is what all of them reflect (rules D2–D4). */
import {
  type Clock,
  collectionPath,
  createInformer,
  type Informer,
  KubeError,
  type KubeErrorShape,
  type KubeObject,
  type Logger,
  NODES,
  type Random,
  type Resource,
  type Timers,
  type WatchingClient,
} from '../kube/index.ts';
import type { PartContext } from './contract.ts';

export interface CachesOptions {
  readonly client: WatchingClient;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Called before a part hears that an object is gone. */
  readonly onGone: (resource: Resource, object: KubeObject) => void;
}
export interface Caches {
  readonly informer: PartContext['informer'];
  readonly start: () => void;
  readonly stop: () => void;
  readonly warm: () => boolean;
  /** Never goes back. */
  readonly revision: () => number;
  /** The API's present revision, by a consistent read; lagging caches are told to catch up. */
  readonly readRevision: () => Promise<number>;
}

interface Member {
  readonly informer: Informer;
  readonly optional: boolean;
}

/** A watch delivers within this; a cache that still lags then is read again in whole. */
const LAG_MS = 100;

function numberOf(revision: string): number {
  return revision === '' ? 0 : Number(revision);
}

async function presentRevision(client: WatchingClient): Promise<number> {
  // Without resourceVersion the API answers from a quorum; one object is the least that can be asked for.
  const answer = await client.raw('GET', `${collectionPath(NODES)}?limit=1`);
  if (answer.status !== 200)
    throw new KubeError('BL_KUBE_UNREACHABLE', `reading the revision: HTTP ${answer.status}`, {
      status: answer.status,
    });
  const list: { readonly metadata?: { readonly resourceVersion?: unknown } } = JSON.parse(
    answer.body,
  );
  const revision = Number(list.metadata?.resourceVersion);
  if (!Number.isSafeInteger(revision))
    throw new KubeError('BL_KUBE_BAD_ANSWER', 'a list without a numeric resourceVersion');
  return revision;
}

export function createCaches(options: CachesOptions): Caches {
  const members: Member[] = [];
  const { client, timers, random, clock, log } = options;
  let highest = 0;
  const counted = (): Member[] =>
    members.filter(({ informer, optional }) => !optional || informer.synced());
  const revision = (): number => {
    const least = Math.min(
      ...counted().map(({ informer }) => numberOf(informer.resourceVersion())),
    );
    if (Number.isFinite(least)) highest = Math.max(highest, least);
    return highest;
  };
  return {
    informer: (resource, selection, handlers) => {
      const { optional = false, ...rest } = selection;
      const warn = (error: Error): void =>
        log.warn('projection.watch', {
          resource: resource.plural,
          code: (error as Partial<KubeErrorShape>).code,
          message: error.message,
        });
      const informer = createInformer(
        client,
        resource,
        rest,
        {
          onSynced: () => undefined,
          onError: warn,
          ...handlers,
          onChange: (present, old) => {
            if (present === undefined && old !== undefined) options.onGone(resource, old);
            handlers.onChange(present, old);
          },
        },
        { timers, random, clock },
      );
      members.push({ informer, optional });
      return informer;
    },
    start: () => {
      for (const { informer } of members) informer.start();
    },
    stop: () => {
      for (const { informer } of members) informer.stop();
    },
    warm: () => counted().every(({ informer }) => informer.synced()),
    revision,
    readRevision: async () => {
      const present = await presentRevision(client);
      if (present > revision())
        timers.after(LAG_MS, () => {
          for (const { informer } of members) informer.refresh(String(present));
        });
      return present;
    },
  };
}
