/** The one queue of all writes to the API: leases before pods before nodes before devices before Events; writes of one object
 * coalesced; never more in flight than the API bears. */
import {
  type Clock,
  type KubeErrorShape,
  type KubeObject,
  type Logger,
  newerOf,
  type Timer,
  type Timers,
} from '../../kube/index.ts';
import { PRIORITY, type Priority, type WriteJob, type WriteQueue } from '../contract.ts';
import { FRESH, type Pace, paceChange, paceWrite } from './pacing.ts';
import { type Performer, perform } from './perform.ts';
import { afterAnswer, afterRefusal, CALM, type Pressure, stretchOf, windowOf } from './pressure.ts';
import { createReadyQueues, type ReadyQueues } from './ready.ts';
import { judge, OUTAGE_MAX_MS, OUTAGE_MIN_MS } from './retry.ts';

export interface QueueOptions extends Performer {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Called when an object of a later term was found and the Lease is another's. */
  readonly onDeposed?: () => void;
  /** Objects remembered at once. Default 262,144: 1,000 boards with all their documents. */
  readonly maxObjects?: number;
  /** Events waiting at once. Default 2,048. */
  readonly maxEvents?: number;
}

/** Leases have room of their own in flight, so that a slow write of something else cannot hold them up. */
const LEASE_ROOM = 8;
/** What was written is remembered this long for the caches to catch up. */
const REMEMBER_MS = 30_000;
const SWEEP_STEP = 1_024;

interface Entry {
  readonly key: string;
  pace: Pace;
  job: WriteJob | undefined;
  inFlight: boolean;
  timer: Timer | undefined;
  failures: number;
  /** Last state that a write of ours got back. */
  known: KubeObject | undefined;
  usedMs: number;
}

interface State {
  readonly options: QueueOptions;
  readonly entries: Map<string, Entry>;
  readonly ready: ReadyQueues<Entry>;
  readonly idlers: (() => void)[];
  pressure: Pressure;
  /** By priority: nothing of it is sent before. */
  readonly pausedUntilMs: number[];
  pauseTimer: Timer | undefined;
  outageMs: number;
  inFlight: number;
  waiting: number;
  events: number;
  writes: number;
  throttled: number;
  sweepAt: number;
  stopped: boolean;
  pumpDue: boolean;
  /** Rises with `clear`: what was in flight then is not tried again. */
  epoch: number;
}

function keyOf(job: Pick<WriteJob, 'resource' | 'namespace' | 'name'>): string {
  return `${job.resource.group}/${job.resource.plural}/${job.namespace}/${job.name}`;
}

function setJob(state: State, entry: Entry, job: WriteJob | undefined): void {
  const isEvent = (one: WriteJob | undefined): number => (one?.priority === PRIORITY.event ? 1 : 0);
  state.waiting += (job === undefined ? 0 : 1) - (entry.job === undefined ? 0 : 1);
  state.events += isEvent(job) - isEvent(entry.job);
  // A newer wish of the same weight keeps its place: else a busy object would go to the end for ever.
  if (entry.job !== undefined && entry.job.priority !== job?.priority)
    state.ready.remove(entry.job.priority, entry.key);
  entry.job = job;
}

function schedule(state: State, entry: Entry): void {
  const { job } = entry;
  entry.timer?.cancel();
  entry.timer = undefined;
  if (job === undefined || entry.inFlight || state.stopped) return;
  const waitMs = (entry.pace.dueMs ?? 0) - state.options.clock.monotonicMs();
  if (waitMs > 0) {
    entry.timer = state.options.timers.after(waitMs, () => schedule(state, entry));
    return;
  }
  state.ready.push(job.priority, entry.key, entry);
  pumpSoon(state);
}

/** After the present turn: changes of one object that come in one message become one write. */
function pumpSoon(state: State): void {
  if (state.pumpDue) return;
  state.pumpDue = true;
  queueMicrotask(() => {
    state.pumpDue = false;
    pump(state);
  });
}

function mayStart(state: State, priority: Priority, nowMs: number): boolean {
  if ((state.pausedUntilMs[priority] ?? 0) > nowMs) return false;
  const room = priority === PRIORITY.lease ? LEASE_ROOM : 0;
  return state.inFlight < windowOf(state.pressure, nowMs) + room;
}

function pump(state: State): void {
  if (state.stopped) return;
  const nowMs = state.options.clock.monotonicMs();
  for (;;) {
    const entry = state.ready.take((priority) => mayStart(state, priority, nowMs));
    if (entry === undefined) break;
    void run(state, entry);
  }
}

function pause(state: State, from: Priority, waitMs: number): void {
  const nowMs = state.options.clock.monotonicMs();
  for (let p = from; p <= PRIORITY.event; p++)
    state.pausedUntilMs[p] = Math.max(state.pausedUntilMs[p] ?? 0, nowMs + waitMs);
  wakeAfterPause(state);
}

function wakeAfterPause(state: State): void {
  const nowMs = state.options.clock.monotonicMs();
  const next = Math.min(...state.pausedUntilMs.filter((untilMs) => untilMs > nowMs));
  state.pauseTimer?.cancel();
  state.pauseTimer = undefined;
  if (!Number.isFinite(next) || state.stopped) return;
  state.pauseTimer = state.options.timers.after(next - nowMs, () => {
    pump(state);
    wakeAfterPause(state);
  });
}

/** Puts the failed job back unless a newer one waits already. */
function again(state: State, entry: Entry, job: WriteJob, waitMs: number): void {
  if (entry.job === undefined) setJob(state, entry, job);
  const dueMs = state.options.clock.monotonicMs() + waitMs;
  entry.pace = { ...entry.pace, dueMs };
}

function onFailure(state: State, entry: Entry, job: WriteJob, error: KubeErrorShape): void {
  entry.failures++;
  entry.known = undefined;
  const verdict = judge(error, entry.failures);
  const at = { resource: job.resource.plural, namespace: job.namespace, name: job.name };
  const { log } = state.options;
  switch (verdict.kind) {
    case 'never':
      log.warn('projection.refused', { ...at, code: error.code, message: error.message });
      entry.failures = 0;
      job.failed?.(error);
      return;
    case 'outage':
      state.outageMs = Math.min(OUTAGE_MAX_MS, Math.max(OUTAGE_MIN_MS, state.outageMs * 2));
      log.debug('projection.unreachable', { ...at, message: error.message });
      pause(state, PRIORITY.lease, state.outageMs);
      again(state, entry, job, 0);
      return;
    case 'throttled':
      state.throttled++;
      state.pressure = afterRefusal(state.pressure, entry.usedMs);
      pause(state, job.priority, verdict.waitMs);
      again(state, entry, job, 0);
      return;
    case 'later':
      log.warn('projection.later', { ...at, code: error.code, message: error.message });
      again(state, entry, job, verdict.waitMs);
  }
}

async function run(state: State, entry: Entry): Promise<void> {
  const { job } = entry;
  if (job === undefined) return;
  const { clock, log } = state.options;
  const startedMs = clock.monotonicMs();
  const { epoch } = state;
  setJob(state, entry, undefined);
  entry.pace = paceWrite(entry.pace, startedMs);
  entry.inFlight = true;
  state.inFlight++;
  const outcome = await perform(state.options, job, newerOf(entry.known, job.cached?.()));
  entry.inFlight = false;
  state.inFlight--;
  entry.usedMs = clock.monotonicMs();
  if (state.stopped) {
    job.dropped?.();
    return;
  }
  if (epoch !== state.epoch) {
    entry.known = undefined;
    job.dropped?.();
  } else if (outcome.kind === 'failed') onFailure(state, entry, job, outcome.error);
  else if (outcome.kind === 'deposed') {
    log.warn('projection.deposed', { name: job.name });
    job.dropped?.();
    state.options.onDeposed?.();
  } else {
    entry.failures = 0;
    state.outageMs = 0;
    state.writes += outcome.writes;
    if (outcome.writes > 0)
      state.pressure = afterAnswer(state.pressure, entry.usedMs, entry.usedMs - startedMs);
    entry.known = outcome.object;
    job.done?.(outcome.object);
  }
  finish(state, entry, job);
}

function finish(state: State, entry: Entry, job: WriteJob): void {
  // Events are written once: nothing of them needs remembering.
  if (entry.job === undefined && job.priority === PRIORITY.event) state.entries.delete(entry.key);
  schedule(state, entry);
  sweep(state);
  pump(state);
  if (state.waiting > 0 || state.inFlight > 0) return;
  for (const resolve of state.idlers.splice(0)) resolve();
}

function sweep(state: State): void {
  if (state.entries.size < state.sweepAt) return;
  const nowMs = state.options.clock.monotonicMs();
  for (const [key, entry] of state.entries)
    if (entry.job === undefined && !entry.inFlight && nowMs - entry.usedMs >= REMEMBER_MS)
      state.entries.delete(key);
  state.sweepAt = state.entries.size + SWEEP_STEP;
}

function isFull(state: State, job: WriteJob): boolean {
  const { maxObjects = 262_144, maxEvents = 2_048 } = state.options;
  if (job.priority === PRIORITY.event && state.events >= maxEvents) return true;
  return state.entries.size >= maxObjects;
}

function enqueue(state: State, job: WriteJob): boolean {
  if (state.stopped) return false;
  const key = keyOf(job);
  const found = state.entries.get(key);
  if (found === undefined && isFull(state, job)) {
    state.options.log.warn('projection.queue-full', { priority: job.priority, name: job.name });
    return false;
  }
  const nowMs = state.options.clock.monotonicMs();
  const entry: Entry = found ?? {
    key,
    pace: FRESH,
    job: undefined,
    inFlight: false,
    timer: undefined,
    failures: 0,
    known: undefined,
    usedMs: nowMs,
  };
  state.entries.set(key, entry);
  // An urgent wish stays urgent when a later one of the same object replaces it.
  const urgent = job.urgent === true || entry.job?.urgent === true;
  entry.pace = paceChange(entry.pace, nowMs, urgent, stretchOf(state.pressure, nowMs));
  setJob(state, entry, { ...job, urgent });
  schedule(state, entry);
  return true;
}

function drop(state: State, entry: Entry): void {
  const { job } = entry;
  entry.timer?.cancel();
  setJob(state, entry, undefined);
  entry.known = undefined;
  if (!entry.inFlight) state.entries.delete(entry.key);
  job?.dropped?.();
}

/** A queue over `options.client`. Nothing is sent before the first `enqueue`. */
export function createWriteQueue(options: QueueOptions): WriteQueue {
  const state: State = {
    options,
    entries: new Map(),
    ready: createReadyQueues(),
    idlers: [],
    pressure: CALM,
    pausedUntilMs: [0, 0, 0, 0, 0],
    pauseTimer: undefined,
    outageMs: 0,
    inFlight: 0,
    waiting: 0,
    events: 0,
    writes: 0,
    throttled: 0,
    sweepAt: SWEEP_STEP,
    stopped: false,
    pumpDue: false,
    epoch: 0,
  };
  const clear = (): void => {
    state.epoch++;
    for (const entry of [...state.entries.values()]) drop(state, entry);
  };
  return {
    enqueue: (job) => enqueue(state, job),
    forget: (resource, namespace, name) => {
      const entry = state.entries.get(keyOf({ resource, namespace, name }));
      if (entry !== undefined) drop(state, entry);
    },
    gone: (resource, { metadata }) => {
      const { namespace = '', name } = metadata;
      const entry = state.entries.get(keyOf({ resource, namespace, name }));
      if (entry?.known?.metadata.uid === metadata.uid && entry !== undefined)
        entry.known = undefined;
    },
    clear,
    stats: () => ({
      waiting: state.waiting,
      inFlight: state.inFlight,
      stretch: stretchOf(state.pressure, options.clock.monotonicMs()),
      writes: state.writes,
      throttled: state.throttled,
    }),
    idle: () =>
      new Promise((resolve) => {
        if (state.waiting === 0 && state.inFlight === 0) resolve();
        else state.idlers.push(resolve);
      }),
    stop: () => {
      clear();
      state.stopped = true;
      state.pauseTimer?.cancel();
    },
  };
}
