/** What the outside tells a pod: a container's state, a new document, its end. */
import type { ContainerDocument, PodDocument, TerminatedState } from '@boardlet/adapters/wire';
import type { ContainerRef, ContainerState } from '../runtime.ts';
import { readyAt } from './back-off.ts';
import {
  type ContainerRecord,
  type Effect,
  type Ending,
  isActive,
  type Now,
  type PodEvent,
  type PodState,
  refOf,
  type Work,
} from './pod-state.ts';
import { shouldRestart } from './restart.ts';
import { bounded, words } from './words.ts';

export interface Applied {
  readonly pod: PodState;
  readonly effects: readonly Effect[];
}

const tell = (event: PodEvent): Effect => ({ do: 'event', event });

function terminated(state: Extract<ContainerState, { state: 'exited' }>): TerminatedState {
  return {
    exitCode: state.exitCode,
    ...(state.signal === undefined ? {} : { signal: state.signal }),
    reason: state.reason ?? (state.exitCode === 0 ? 'Completed' : 'Error'),
    ...(state.message === undefined ? {} : { message: bounded(state.message) }),
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
  };
}

function workOf(state: ContainerState, now: Now, found: boolean): Work {
  switch (state.state) {
    case 'starting':
      return { is: 'starting', found };
    case 'running':
      return { is: 'running', startedAt: state.startedAt };
    case 'exited':
      return { is: 'exited', exit: terminated(state), monoMs: now.monoMs };
    case 'failed':
      return {
        is: 'failed',
        reason: state.reason,
        message: bounded(state.message),
        monoMs: now.monoMs,
      };
  }
}

function eventsOf(pod: PodState, before: ContainerRecord, after: ContainerRecord): PodEvent[] {
  const name = after.spec.name;
  const events: PodEvent[] = [];
  const first = before.work.is === 'starting' && !before.work.found;
  if (first && (after.work.is === 'running' || after.work.is === 'exited'))
    events.push(words.created(name), words.started(name));
  if (after.work.is === 'failed' && before.retry === undefined)
    events.push(
      after.work.reason === 'ErrImagePull'
        ? words.pullFailed(after.spec.image, after.work.message)
        : words.startFailed(after.work.message),
    );
  if (after.work.is === 'exited' && waits(pod, after)) events.push(words.backOff(pod, name));
  return events;
}

const waits = (pod: PodState, record: ContainerRecord): boolean =>
  pod.ending === undefined &&
  record.work.is === 'exited' &&
  shouldRestart(record, pod.spec.restart) &&
  readyAt(record.backOff, record.work.monoMs) > record.work.monoMs;

/** A late or repeated report of an attempt that is over, or of a container that the pod does not have, changes nothing. */
export function applyState(
  pod: PodState,
  ref: ContainerRef,
  state: ContainerState,
  now: Now,
): Applied {
  const at = pod.containers.findIndex((c) => c.spec.name === ref.container);
  const before = pod.containers[at];
  if (before === undefined) return { pod, effects: [] };
  if (ref.attempt === before.attempt - 1 && state.state === 'exited' && before.last === undefined)
    return { pod: withRecord(pod, at, { ...before, last: terminated(state) }), effects: [] };
  if (ref.attempt !== before.attempt || !isActive(before.work)) return { pod, effects: [] };
  const found = before.work.is === 'starting' && before.work.found;
  const { retry, ...rest } = before;
  const work = workOf(state, now, found);
  const keep = retry === undefined || work.is === 'running' || work.is === 'exited';
  const after: ContainerRecord = keep ? { ...rest, work } : { ...rest, retry, work };
  return { pod: withRecord(pod, at, after), effects: eventsOf(pod, before, after).map(tell) };
}

function withRecord(pod: PodState, at: number, record: ContainerRecord): PodState {
  return { ...pod, containers: pod.containers.with(at, record) };
}

/** A changed document of the same pod: only containers may change, since Kubernetes holds the rest fixed. */
export function applySpec(pod: PodState, spec: PodDocument): Applied {
  if (pod.ending !== undefined || pod.verdict !== undefined)
    return { pod: { ...pod, spec }, effects: [] };
  const effects: Effect[] = [];
  const specs = new Map(
    [...(spec.initContainers ?? []), ...spec.containers].map((c) => [c.name, c] as const),
  );
  const containers = pod.containers.map((record) => {
    const next = specs.get(record.spec.name);
    if (next === undefined || sameContainer(next, record.spec)) return record;
    const { retry: _retry, backOff: _backOff, ...rest } = record;
    if (record.init) return { ...rest, spec: next };
    if (!isActive(record.work))
      return record.work.is === 'failed'
        ? { ...rest, spec: next, work: { is: 'none' as const } }
        : { ...rest, spec: next };
    effects.push(tell(words.changed(record.spec.name)), {
      do: 'stop',
      ref: refOf(pod, record),
      graceMs: spec.graceS * 1000,
    });
    return { ...record, spec: next, changed: true };
  });
  return { pod: { ...pod, spec, containers }, effects };
}

export const sameContainer = (a: ContainerDocument, b: ContainerDocument): boolean =>
  JSON.stringify(a, ORDER) === JSON.stringify(b, ORDER);

/** Own order of keys: documents that say the same compare equal however they were built. */
const ORDER = [
  'name',
  'image',
  'command',
  'args',
  'env',
  'limits',
  'cpuMilli',
  'memoryBytes',
  'workingDir',
  'user',
  'group',
];

/** Stops what runs. Told again with a shorter grace, it shortens; never lengthens. */
export function applyEnding(pod: PodState, ending: Ending): Applied {
  const before = pod.ending;
  if (before !== undefined && before.why === ending.why && ending.graceMs >= before.graceMs)
    return { pod, effects: [] };
  const graceMs = Math.min(before?.graceMs ?? ending.graceMs, ending.graceMs);
  const effects: Effect[] = [];
  for (const record of pod.containers) {
    if (!isActive(record.work)) continue;
    // What an earlier agent process left ending was told by it.
    const found = record.work.is === 'starting' && record.work.found;
    if (before === undefined && !found) effects.push(tell(words.killing(record.spec.name)));
    effects.push({ do: 'stop', ref: refOf(pod, record), graceMs });
  }
  return { pod: { ...pod, ending: { why: ending.why, graceMs } }, effects };
}
