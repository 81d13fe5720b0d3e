/** Who owns the links: a Lease in the bridge's namespace. Holding is proved by reading it (protocol rule G2), never by
 * believing one's own timer; the renewals only keep others from taking it. One Lease covers all shards. */
import type { Ownership } from '../session/contract.ts';
import type { KubeClient, KubeObject } from './contract.ts';
import { isKubeError } from './errors.ts';
import type { Clock, Logger, Random, Timer, Timers } from './host.ts';
import { LEASES, NAMESPACES } from './resources.ts';

export interface OwnershipOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Unique per process start. */
  readonly identity: string;
  /** Who holds the data folder of this bridge, over restarts. A Lease held by an identity `<instance>/…` is taken over
   * at once: that process is dead, or we would not hold the folder. Give it only where a lock proves that. */
  readonly instance?: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** s. Default 15. */
  readonly leaseDurationS?: number;
  /** ms. Default 5,000. */
  readonly renewMs?: number;
  readonly onAcquired?: (term: string) => void;
  readonly onLost?: () => void;
}
export interface OwnedShards extends Ownership {
  readonly start: () => void;
  /** Gives the Lease up, so that the next holder need not wait. */
  readonly stop: () => Promise<void>;
  readonly held: () => boolean;
}

export const SHARD_LEASE = 'boardlet-shards';

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}
function specOf(lease: KubeObject): LeaseSpec {
  return (lease['spec'] ?? {}) as LeaseSpec;
}

/** MicroTime of the API: six digits of fraction. */
export function microTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace('Z', '000Z');
}

/** Callers share a read only if it began after they asked: those who come while one is under way share the next. */
export function shareReads<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const mine = read().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (running === undefined) return begin();
    next ??= running
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  };
}

interface Election {
  readonly options: OwnershipOptions;
  term: string;
  held: boolean;
  lease: KubeObject | undefined;
  observed: string;
  /** When the Lease was last seen to change, by our own clock: no two machines' clocks are compared. */
  observedMs: number;
  lastRenewMs: number;
}

function nextLease(election: Election, present: KubeObject | undefined): KubeObject {
  const { options, held } = election;
  const now = microTime(options.clock.unixMs());
  const before = present === undefined ? {} : specOf(present);
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: present?.metadata ?? { name: SHARD_LEASE, namespace: options.namespace },
    spec: {
      holderIdentity: options.identity,
      leaseDurationSeconds: options.leaseDurationS ?? 15,
      acquireTime: held ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before.leaseTransitions ?? 0) + (held || present === undefined ? 0 : 1),
    },
  };
}

function mayTake(election: Election, present: KubeObject): boolean {
  const { identity, instance, clock } = election.options;
  const spec = specOf(present);
  const holder = spec.holderIdentity ?? '';
  if (holder === '' || holder === identity) return true;
  if (instance !== undefined && holder.startsWith(`${instance}/`)) return true;
  const durationMs = (spec.leaseDurationSeconds ?? 15) * 1000;
  return clock.monotonicMs() - election.observedMs >= durationMs;
}

function observe(election: Election, present: KubeObject): void {
  const revision = present.metadata.resourceVersion ?? '';
  if (election.observed === revision) return;
  election.observed = revision;
  election.observedMs = election.options.clock.monotonicMs();
}

function won(election: Election, lease: KubeObject): void {
  election.lease = lease;
  election.lastRenewMs = election.options.clock.monotonicMs();
  if (election.held) return;
  election.held = true;
  election.term = lease.metadata.resourceVersion ?? '';
  election.options.logger.info('ownership.acquired', { term: election.term });
  election.options.onAcquired?.(election.term);
}

function lost(election: Election, why: string): void {
  if (!election.held) return;
  election.held = false;
  election.options.logger.warn('ownership.lost', { why });
  election.options.onLost?.();
}

/** The Lease to replace: ours, or one that may be taken. Undefined: it is another's, or was made just now. */
async function candidate(election: Election): Promise<KubeObject | undefined> {
  const { client, namespace } = election.options;
  if (election.held && election.lease !== undefined) return election.lease;
  try {
    const present = await client.get(LEASES, namespace, SHARD_LEASE);
    observe(election, present);
    return mayTake(election, present) ? present : undefined;
  } catch (error) {
    if (!isKubeError(error, 'BL_KUBE_NOT_FOUND')) throw error;
    won(election, await createLease(election));
    return undefined;
  }
}

/** On a new cluster the namespace is missing too. */
async function createLease(election: Election): Promise<KubeObject> {
  const { client, namespace } = election.options;
  const create = (): Promise<KubeObject> =>
    client.create(LEASES, nextLease(election, undefined), { retry: false });
  try {
    return await create();
  } catch (error) {
    if (!isKubeError(error, 'BL_KUBE_NOT_FOUND')) throw error;
  }
  const metadata = { name: namespace };
  try {
    await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata });
  } catch (error) {
    if (!isKubeError(error, 'BL_KUBE_ALREADY_EXISTS')) throw error;
  }
  return await create();
}

async function afterConflict(election: Election): Promise<void> {
  const { client, namespace, identity } = election.options;
  election.lease = undefined;
  try {
    const present = await client.get(LEASES, namespace, SHARD_LEASE);
    observe(election, present);
    if (specOf(present).holderIdentity !== identity) lost(election, 'another bridge holds it');
  } catch (error) {
    if (!isKubeError(error, 'BL_KUBE_NOT_FOUND')) throw error;
    lost(election, 'the Lease is gone');
  }
}

async function attempt(election: Election): Promise<void> {
  const lease = await candidate(election);
  if (lease === undefined) return;
  const { client } = election.options;
  try {
    won(election, await client.replace(LEASES, nextLease(election, lease), { retry: false }));
  } catch (error) {
    if (!isKubeError(error, 'BL_KUBE_CONFLICT') && !isKubeError(error, 'BL_KUBE_NOT_FOUND'))
      throw error;
    await afterConflict(election);
  }
}

function afterFailure(election: Election, error: unknown): void {
  const { clock, logger, leaseDurationS } = election.options;
  logger.warn('ownership.renew', { error: String(error) });
  const silentMs = clock.monotonicMs() - election.lastRenewMs;
  if (silentMs >= (leaseDurationS ?? 15) * 1000) lost(election, 'the API did not take a renewal');
}

async function release(election: Election): Promise<void> {
  const { client, identity, logger } = election.options;
  const lease = election.lease;
  if (!election.held || lease === undefined) return;
  election.held = false;
  if (specOf(lease).holderIdentity !== identity) return;
  const spec = { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1 };
  try {
    await client.replace(LEASES, { ...lease, spec }, { retry: false });
  } catch (error) {
    logger.warn('ownership.release', { error: String(error) });
  }
}

/** Ownership of all shards by one Lease named `boardlet-shards`. Does nothing before `start`; `isHolder` always reads. */
export function createOwnership(options: OwnershipOptions): OwnedShards {
  const election: Election = {
    options,
    term: '',
    held: false,
    lease: undefined,
    observed: '',
    observedMs: options.clock.monotonicMs(),
    lastRenewMs: options.clock.monotonicMs(),
  };
  let timer: Timer | undefined;
  let stopped = true;
  let running: Promise<void> = Promise.resolve();
  const tick = (): void => {
    running = attempt(election)
      .catch((error: unknown) => afterFailure(election, error))
      .then(() => {
        if (stopped) return;
        const everyMs = election.held ? (options.renewMs ?? 5_000) : 1_000;
        timer = options.timers.after(everyMs * (0.9 + options.random() * 0.2), tick);
      });
  };
  const read = shareReads(async () => {
    try {
      const lease = await options.client.get(LEASES, options.namespace, SHARD_LEASE);
      if (specOf(lease).holderIdentity !== options.identity) return false;
      // The Lease may say so before the answer to our own write has come, and with it the term.
      if (!election.held) await running;
      return election.held;
    } catch (error) {
      options.logger.warn('ownership.read', { error: String(error) });
      return false;
    }
  });
  return {
    start: () => {
      if (!stopped) return;
      stopped = false;
      tick();
    },
    stop: async () => {
      stopped = true;
      timer?.cancel();
      await running;
      await release(election);
    },
    held: () => election.held,
    isHolder: () => read(),
    term: () => election.term,
  };
}
