/** The status that the API shows for a pod, by the kubelet's rules (pkg/kubelet/kubelet_pods.go, getPhase). */
import type {
  ContainerStatusDocument,
  PodPhase,
  PodStatusDocument,
  TerminatedState,
} from '@boardlet/adapters/wire';
import { BACK_OFF_FIRST_MS } from './back-off.ts';
import type { ContainerRecord, PodState, Work } from './pod-state.ts';
import { shouldRestart } from './restart.ts';
import { words } from './words.ts';

type Shown = Pick<
  ContainerStatusDocument,
  'state' | 'ready' | 'reason' | 'message' | 'startedAt' | 'finishedAt' | 'exitCode' | 'signal'
>;

/** The whole status document. */
export function statusOf(pod: PodState): PodStatusDocument {
  if (pod.kept !== undefined) return pod.kept;
  const shown = (init: boolean) =>
    pod.containers.filter((c) => c.init === init).map((c) => containerStatus(pod, c));
  const containers = shown(false);
  const initContainers = shown(true);
  const { verdict } = pod;
  return {
    uid: pod.uid,
    phase: verdict?.phase ?? phaseOf(pod, containers),
    startedAt: pod.startedAt,
    containers,
    ...(initContainers.length === 0 ? {} : { initContainers }),
    ...(verdict?.reason === undefined ? {} : { reason: verdict.reason }),
    ...(verdict?.message === undefined ? {} : { message: verdict.message }),
  };
}

const ended = (exit: TerminatedState): Shown => ({ ...exit, state: 'terminated', ready: false });
const waiting = (reason: string, message?: string): Shown => ({
  state: 'waiting',
  ready: false,
  reason,
  ...(message === undefined ? {} : { message }),
});

function containerStatus(pod: PodState, record: ContainerRecord): ContainerStatusDocument {
  const shown = shownState(pod, record);
  const { last, work } = record;
  const notRun = work.is === 'none' || work.is === 'failed' || work.is === 'starting';
  const crashed = shown.state === 'waiting' && work.is === 'exited' ? work.exit : undefined;
  const lastShown = crashed ?? (work.is === 'starting' && last !== undefined ? undefined : last);
  return {
    name: record.spec.name,
    restarts: notRun ? Math.max(0, record.attempt - 1) : record.attempt,
    ...shown,
    ...(work.is === 'running' || work.is === 'exited'
      ? { id: `${pod.spec.runtime}://${pod.uid}.${record.spec.name}.${record.attempt}` }
      : {}),
    ...(lastShown === undefined ? {} : { last: lastShown }),
  };
}

function shownState(pod: PodState, record: ContainerRecord): Shown {
  const { work } = record;
  switch (work.is) {
    case 'running':
      return { state: 'running', ready: !record.init, startedAt: work.startedAt };
    case 'exited':
      return exitedState(pod, record, work);
    case 'failed':
      return final(pod) ? unknownEnd(pod) : waiting(work.reason, work.message);
    case 'starting':
      return record.last === undefined
        ? waiting(record.init ? 'PodInitializing' : 'ContainerCreating')
        : ended(record.last);
    case 'none':
      return final(pod) ? unknownEnd(pod) : waiting(waitingReason(pod, record));
  }
}

function exitedState(
  pod: PodState,
  record: ContainerRecord,
  work: Extract<Work, { is: 'exited' }>,
): Shown {
  const init = record.init && work.exit.exitCode === 0;
  const stays = final(pod) || !shouldRestart(record, pod.spec.restart);
  if (stays) return { ...ended(work.exit), ready: init };
  const delayMs = record.backOff?.delayMs ?? BACK_OFF_FIRST_MS;
  return waiting('CrashLoopBackOff', words.crashLoop(pod, record.spec.name, delayMs));
}

const final = (pod: PodState): boolean => pod.ending !== undefined || pod.verdict !== undefined;

const waitingReason = (pod: PodState, record: ContainerRecord): string =>
  record.init || pod.containers.some((c) => c.init) ? 'PodInitializing' : 'ContainerCreating';

/** Never started, and never will be. */
function unknownEnd(pod: PodState): Shown {
  return pod.verdict?.reason === undefined && pod.ending !== undefined
    ? {
        state: 'terminated',
        ready: false,
        exitCode: 137,
        reason: words.unknownExitReason,
        message: words.neverStarted,
      }
    : waiting('PodInitializing');
}

function phaseOf(pod: PodState, containers: readonly ContainerStatusDocument[]): PodPhase {
  const initPending = pod.containers.some(
    (c) => c.init && !(c.work.is === 'exited' && c.work.exit.exitCode === 0),
  );
  const begun = pod.containers.some((c) => !c.init && (c.work.is !== 'none' || c.attempt > 0));
  if (initPending && !begun) return 'Pending';
  const pending = containers.some((c) => c.state === 'waiting' && c.last === undefined);
  return pending || containers.length === 0 ? 'Pending' : 'Running';
}
