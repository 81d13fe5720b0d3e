/** A cache of one resource, kept by list and watch. It never goes back (protocol rule D3): a relist asks for what is not
 * older than the last seen, and never for resourceVersion 0, which may be answered from a stale cache. */
import { createStore, type Store } from './cache.ts';
import type {
  Informer,
  InformerHandlers,
  KubeObject,
  Resource,
  WatchEventType,
  WatchingClient,
} from './contract.ts';
import { isFutureRevision, isKubeError, KubeError } from './errors.ts';
import type { Clock, Random, Timers } from './host.ts';
import { compareRevisions } from './resources.ts';

export interface InformerOptions {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Trims what is kept; managedFields are gone already. */
  readonly transform?: (object: KubeObject) => KubeObject;
  /** False: the object is treated as absent. */
  readonly keep?: (object: KubeObject) => boolean;
}
export interface InformerTiming {
  readonly timers: Timers;
  readonly random: Random;
  readonly clock: Clock;
}

/** The server ends each watch after a random time in this range, so that a fleet of watchers does not return at once. */
const WATCH_MIN_S = 300;
const WATCH_MAX_S = 600;
/** Bookmarks come about once a minute: two and a half of them missed is a dead watch. */
const INACTIVITY_MS = 150_000;
const BACKOFF_MIN_MS = 200;
/** A bridge has few informers, and boards wait for what they bring. */
const BACKOFF_MAX_MS = 10_000;
/** A watch that lived this long was well: the next failure starts the back-off anew. */
const HEALTHY_MS = 10_000;
/** Reads in a row that must show an older history before it is believed. */
const HISTORY_PROOFS = 3;

interface Loop {
  readonly client: WatchingClient;
  readonly resource: Resource;
  readonly options: InformerOptions;
  readonly handlers: InformerHandlers;
  readonly timing: InformerTiming;
  readonly store: Store;
  /** Where the watch resumes; empty: list first. */
  at: string;
  /** Highest revision ever reflected: what callers see. */
  seen: string;
  synced: boolean;
  historyProofs: number;
  /** Ends the present watch or pause, not the informer. */
  wake: AbortController;
  /** A relist that must reflect at least this revision is due. */
  wanted: string;
}

function advance(loop: Loop, revision: string): void {
  loop.at = revision;
  if (compareRevisions(revision, loop.seen) > 0) loop.seen = revision;
}

function onEvent(loop: Loop, type: WatchEventType, object: KubeObject): void {
  const revision = object.metadata.resourceVersion;
  if (revision !== undefined) advance(loop, revision);
  if (type !== 'BOOKMARK') loop.store.apply(object, type === 'DELETED');
}

/** Watches from the last seen version until the server, silence, `refresh` or `stop` ends it. */
async function watchOnce(loop: Loop, stop: AbortSignal): Promise<void> {
  const { clock, timers, random } = loop.timing;
  const timeoutS = WATCH_MIN_S + Math.floor(random() * (WATCH_MAX_S - WATCH_MIN_S + 1));
  const hang = new AbortController();
  let lastMs = clock.monotonicMs();
  let timer = timers.after(INACTIVITY_MS, check);
  function check(): void {
    const idleMs = clock.monotonicMs() - lastMs;
    if (idleMs >= INACTIVITY_MS) hang.abort();
    else timer = timers.after(INACTIVITY_MS - idleMs, check);
  }
  const signal = AbortSignal.any([stop, loop.wake.signal, hang.signal]);
  const { transform: _t, keep: _k, ...selectors } = loop.options;
  try {
    await loop.client.watch(
      loop.resource,
      { ...selectors, resourceVersion: loop.at, timeoutS, signal },
      {
        onEvent: (type, object) => onEvent(loop, type, object),
        onActivity: () => {
          lastMs = clock.monotonicMs();
        },
      },
    );
  } catch (error) {
    if (hang.signal.aborted)
      throw new KubeError('BL_KUBE_UNREACHABLE', `watch ${loop.resource.plural}: silent too long`);
    if (!loop.wake.signal.aborted) throw error;
  } finally {
    timer.cancel();
  }
}

/** The floor of a relist; without one the read is consistent. */
function floorOf(loop: Loop): string {
  return compareRevisions(loop.wanted, loop.seen) > 0 ? loop.wanted : loop.seen;
}

/** A consistent read older than what was seen before can only be of another history: etcd restored from a backup. */
async function listPresent(loop: Loop, signal: AbortSignal): Promise<ListAnswer> {
  const { transform: _t, keep: _k, ...selectors } = loop.options;
  const floor = floorOf(loop);
  try {
    if (floor === '') return await loop.client.list(loop.resource, { ...selectors, signal });
    return await loop.client.list(loop.resource, { ...selectors, notOlderThan: floor, signal });
  } catch (error) {
    if (!isFutureRevision(error)) throw error;
    const present = await loop.client.list(loop.resource, { ...selectors, signal });
    if (compareRevisions(present.resourceVersion, floor) >= 0) return present;
    loop.historyProofs++;
    if (loop.historyProofs < HISTORY_PROOFS) throw error;
    loop.handlers.onError(
      new KubeError(
        'BL_KUBE_HISTORY',
        `${loop.resource.plural}: revision ${floor} was seen, the API is at ${present.resourceVersion}: taken as restored from a backup`,
      ),
    );
    return present;
  }
}
type ListAnswer = Awaited<ReturnType<WatchingClient['list']>>;

async function relist(loop: Loop, stop: AbortSignal): Promise<void> {
  const list = await listPresent(loop, stop);
  loop.historyProofs = 0;
  advance(loop, list.resourceVersion);
  if (compareRevisions(loop.wanted, loop.seen) <= 0) loop.wanted = '';
  loop.store.replace(list.items);
  loop.synced = true;
  loop.handlers.onSynced(loop.seen);
}

async function step(loop: Loop, stop: AbortSignal): Promise<void> {
  const due = loop.at === '' || compareRevisions(loop.wanted, loop.at) > 0;
  loop.wake = new AbortController();
  try {
    if (due) await relist(loop, stop);
    await watchOnce(loop, stop);
  } catch (error) {
    if (isKubeError(error, 'BL_KUBE_EXPIRED') || isKubeError(error, 'BL_KUBE_TOO_LARGE'))
      loop.at = '';
    throw error;
  }
}

function sleep(loop: Loop, ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0) return resolve();
    const timer = loop.timing.timers.after(ms, done);
    function done(): void {
      timer.cancel();
      stop.removeEventListener('abort', done);
      resolve();
    }
    if (stop.aborted) done();
    else stop.addEventListener('abort', done);
  });
}

/** How long to wait after a failure, and the back-off that the next one starts from. */
function afterFailure(
  loop: Loop,
  error: unknown,
  backoffMs: number,
): { readonly waitMs: number; readonly nextMs: number } {
  const nextMs = Math.min(BACKOFF_MAX_MS, Math.max(BACKOFF_MIN_MS, backoffMs * 2));
  if (isKubeError(error, 'BL_KUBE_EXPIRED') && backoffMs === 0) return { waitMs: 0, nextMs };
  const leastMs = isKubeError(error) ? (error.retryAfterMs ?? 0) : 0;
  const jittered = backoffMs * (0.5 + loop.timing.random() * 0.5);
  return { waitMs: Math.min(BACKOFF_MAX_MS, Math.max(leastMs, jittered)), nextMs };
}

async function run(loop: Loop, stop: AbortSignal): Promise<void> {
  const { clock } = loop.timing;
  let backoffMs = 0;
  while (!stop.aborted) {
    const startedMs = clock.monotonicMs();
    let waitMs = 0;
    try {
      await step(loop, stop);
      backoffMs = 0;
    } catch (error) {
      if (stop.aborted) return;
      loop.handlers.onError(error instanceof Error ? error : new Error(String(error)));
      const livedMs = clock.monotonicMs() - startedMs;
      const after = afterFailure(loop, error, livedMs >= HEALTHY_MS ? 0 : backoffMs);
      waitMs = after.waitMs;
      backoffMs = after.nextMs;
    }
    // A server that ends each watch at once must not be hammered.
    const tookMs = clock.monotonicMs() - startedMs;
    await sleep(loop, Math.max(waitMs, BACKOFF_MIN_MS - tookMs), stop);
  }
}

/** An informer over `client`; does nothing before `start`. A handler that throws is reported to `onError` and loses nothing. */
export function createInformer(
  client: WatchingClient,
  resource: Resource,
  options: InformerOptions,
  handlers: InformerHandlers,
  timing: InformerTiming,
): Informer {
  const onChange = (present: KubeObject | undefined, old: KubeObject | undefined): void => {
    try {
      handlers.onChange(present, old);
    } catch (error) {
      handlers.onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const store = createStore(options, onChange);
  const loop: Loop = {
    client,
    resource,
    options,
    handlers,
    timing,
    store,
    at: '',
    seen: '',
    synced: false,
    historyProofs: 0,
    wake: new AbortController(),
    wanted: '',
  };
  let stopper: AbortController | undefined;
  return {
    start: () => {
      if (stopper !== undefined) return;
      stopper = new AbortController();
      void run(loop, stopper.signal);
    },
    stop: () => stopper?.abort(),
    synced: () => loop.synced,
    resourceVersion: () => loop.seen,
    get: store.get,
    list: store.list,
    refresh: (atLeast) => {
      if (compareRevisions(atLeast, loop.seen) <= 0) return;
      if (compareRevisions(atLeast, loop.wanted) <= 0) return;
      loop.wanted = atLeast;
      loop.wake.abort();
    },
  };
}
