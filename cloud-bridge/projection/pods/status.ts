/** What a board says of a pod, and whether it is there → the Pod's status. Pure. */
import type { PodStatusDocument } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/index.ts';
import { conditionOf, sameConditions, transitions, type Wish } from '../conditions.ts';
import type { Write } from '../contract.ts';
import { covers } from '../covers.ts';
import { type Away, awayMessage, awayReason } from '../node/away.ts';
import { believableMs, plain, reasonOf, timestamp } from '../text.ts';
import { type ContainerStatus, containerStatuses } from './containers.ts';
import type { Refusal } from './desired.ts';
import { isTerminal, type PodStatus, specOf, statusOf } from './spec.ts';

const MAX_MESSAGE = 1024;
const RANK: Readonly<Record<string, number>> = { Pending: 0, Running: 1, Succeeded: 2, Failed: 2 };

/** A phase never goes back, and the first end is the last (Pod lifecycle). */
export function phaseAfter(present: string | undefined, reported: string): string {
  if (present === undefined) return reported;
  return (RANK[reported] ?? 0) > (RANK[present] ?? 0) ? reported : present;
}

function unreadyReason(phase: string): string {
  if (phase === 'Succeeded') return 'PodCompleted';
  return phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady';
}

function unready(phase: string, containers: readonly ContainerStatus[]): Omit<Wish, 'type'> {
  if (isTerminal(phase)) return { status: 'False', reason: unreadyReason(phase) };
  const names = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names.join(' ')}]`,
  };
}

function gatesOpen(pod: KubeObject): boolean {
  const { conditions } = statusOf(pod);
  return (specOf(pod).readinessGates ?? []).every(
    ({ conditionType }) => conditionOf(conditions, conditionType)?.status === 'True',
  );
}

function initialized(
  pod: KubeObject,
  report: PodStatusDocument,
  phase: string,
): Omit<Wish, 'type'> {
  const done = new Set(
    (report.initContainers ?? [])
      .filter(({ state, exitCode }) => state === 'terminated' && exitCode === 0)
      .map(({ name }) => name),
  );
  const open = (specOf(pod).initContainers ?? []).filter(({ name }) => !done.has(name));
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (open.length === 0 || phase === 'Running') return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${open.map(({ name }) => name).join(' ')}]`,
  };
}

/** Endpoints are withdrawn at once; phases stay, for the pod may well run on. */
export function awayConditions(away: Away): Wish[] {
  return unreadyConditions({ reason: awayReason(away), message: awayMessage(away) });
}

function unreadyConditions(why: Pick<Wish, 'reason' | 'message'>): Wish[] {
  return (['ContainersReady', 'Ready'] as const).map((type) => ({
    type,
    status: 'False',
    ...why,
  }));
}

function conditions(
  pod: KubeObject,
  report: PodStatusDocument,
  phase: string,
  containers: readonly ContainerStatus[],
  away: Away | undefined,
): Wish[] {
  const all = !isTerminal(phase) && containers.length > 0 && containers.every(({ ready }) => ready);
  const containersReady: Omit<Wish, 'type'> = all ? { status: 'True' } : unready(phase, containers);
  const ready: Omit<Wish, 'type'> =
    all && !gatesOpen(pod)
      ? { status: 'False', reason: 'ReadinessGatesNotReady' }
      : containersReady;
  const started = phase === 'Running' || (report.startedAt !== undefined && !isTerminal(phase));
  return [
    { type: 'PodReadyToStartContainers', status: started ? 'True' : 'False' },
    { type: 'Initialized', ...initialized(pod, report, phase) },
    ...(away !== undefined && !isTerminal(phase)
      ? awayConditions(away)
      : [
          { type: 'ContainersReady', ...containersReady },
          { type: 'Ready', ...ready },
        ]),
  ];
}

function patch(
  pod: KubeObject,
  rest: Readonly<Record<string, unknown>>,
  wishes: readonly Wish[],
  nowMs: number,
): Write | undefined {
  const present = statusOf(pod);
  if (covers(present, rest) && sameConditions(present.conditions, wishes)) return undefined;
  // A strategic merge keeps what a condition says no longer, unless it is told to drop it.
  const written = transitions(present.conditions, wishes, nowMs).map((one) => {
    const before = conditionOf(present.conditions, one.type);
    return {
      ...(before?.reason === undefined ? {} : { reason: null }),
      ...(before?.message === undefined ? {} : { message: null }),
      ...one,
    };
  });
  return {
    op: 'patch',
    type: 'strategic',
    subresource: 'status',
    body: {
      metadata: { uid: pod.metadata.uid },
      status: { ...rest, conditions: written },
    },
  };
}

function startTime(present: PodStatus, report: PodStatusDocument, nowMs: number): string {
  return present.startTime ?? timestamp(believableMs(report.startedAt, nowMs));
}

export interface StatusInput {
  readonly pod: KubeObject;
  /** Of this pod: the caller has compared the uid. */
  readonly report: PodStatusDocument;
  readonly away: Away | undefined;
  /** Of the bridge, never of the board's choosing. */
  readonly hostIp: string | undefined;
  readonly nowMs: number;
}

/** The status patch, or undefined when the API says it all already. */
export function reportedStatus(input: StatusInput): Write | undefined {
  const { pod, report, away, hostIp, nowMs } = input;
  const present = statusOf(pod);
  const phase = phaseAfter(present.phase, report.phase);
  // Its end stands; a board that lost its memory and runs it again changes nothing.
  if (isTerminal(present.phase) && report.phase !== present.phase) return undefined;
  const spec = specOf(pod);
  // Times that a board cannot know are pinned to the pod's start, so that they do not move.
  const start = startTime(present, report, nowMs);
  const times = { nowMs, pinMs: Date.parse(start) };
  // As after a refusal by the kubelet: no container was made, and kubectl then shows the pod's own reason.
  const refused = report.phase === 'Failed' && report.containers.length === 0;
  const containers = refused
    ? []
    : containerStatuses(spec.containers ?? [], report.containers, times);
  const init = containerStatuses(spec.initContainers ?? [], report.initContainers ?? [], times);
  const rest = {
    phase,
    startTime: start,
    reason: report.reason === undefined ? null : reasonOf(report.reason, 'BoardReported'),
    message: report.message === undefined ? null : plain(report.message, MAX_MESSAGE),
    containerStatuses: containers,
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    ...(hostIp === undefined ? {} : { hostIP: hostIp, hostIPs: [{ ip: hostIp }] }),
  };
  return patch(pod, rest, conditions(pod, report, phase, containers, away), nowMs);
}

/** A pod of a board that is away and of which nothing is known: only its readiness goes. */
export function awayStatus(pod: KubeObject, away: Away, nowMs: number): Write | undefined {
  return unreadyStatus(pod, awayConditions(away), nowMs);
}

/** A board that is there, and told all it has, knows nothing of the pod: its memory was lost. A pod that is new to it was never Ready. */
export function unreportedStatus(pod: KubeObject, nowMs: number): Write | undefined {
  const message = 'The board is connected and reports nothing of this pod';
  return unreadyStatus(pod, unreadyConditions({ reason: 'BoardNotReported', message }), nowMs);
}

function unreadyStatus(pod: KubeObject, wishes: readonly Wish[], nowMs: number): Write | undefined {
  const present = statusOf(pod);
  if (isTerminal(present.phase)) return undefined;
  if (conditionOf(present.conditions, 'Ready')?.status !== 'True') return undefined;
  return patch(pod, {}, wishes, nowMs);
}

/** As the kubelet's admission: the pod has failed, and says why. */
export function refusedStatus(pod: KubeObject, refusal: Refusal, nowMs: number): Write | undefined {
  const present = statusOf(pod);
  if (isTerminal(present.phase)) return undefined;
  const rest = {
    phase: 'Failed',
    reason: refusal.reason,
    message: plain(refusal.message, MAX_MESSAGE),
    startTime: present.startTime ?? timestamp(nowMs),
  };
  return patch(pod, rest, [], nowMs);
}

/** The board has stopped all of it: the API may let it go. */
export function isStopped(report: PodStatusDocument): boolean {
  const all = [...report.containers, ...(report.initContainers ?? [])];
  return isTerminal(report.phase) && all.every(({ state }) => state !== 'running');
}
