import { at, dict, type Json, type JsonObject, list, num, str } from '../json.ts';
import { humanDuration } from './duration.ts';

interface Tally {
  reason: string;
  restarts: number;
  lastRestartMs: number;
}

function countRestart(tally: Tally, status: Json): void {
  tally.restarts += num(status, 'restartCount') ?? 0;
  const finished = Date.parse(str(status, 'lastState', 'terminated', 'finishedAt'));
  if (finished > tally.lastRestartMs) tally.lastRestartMs = finished;
}

function endReason(terminated: JsonObject, prefix: string): string {
  const reason = str(terminated, 'reason');
  if (reason !== '') return prefix + reason;
  const signal = num(terminated, 'signal') ?? 0;
  return signal !== 0
    ? `${prefix}Signal:${signal}`
    : `${prefix}ExitCode:${num(terminated, 'exitCode') ?? 0}`;
}

/** True while an init container holds the pod back; its state is then the pod's. */
function tallyInit(pod: JsonObject, tally: Tally): boolean {
  const statuses = list(pod, 'status', 'initContainerStatuses');
  const total = list(pod, 'spec', 'initContainers').length;
  for (const [index, status] of statuses.entries()) {
    countRestart(tally, status);
    const terminated = at(status, 'state', 'terminated');
    if (num(terminated, 'exitCode') === 0 || at(status, 'started') === true) continue;
    const waiting = str(status, 'state', 'waiting', 'reason');
    if (terminated !== undefined) {
      tally.reason = endReason(dict(status, 'state', 'terminated'), 'Init:');
    } else if (waiting !== '' && waiting !== 'PodInitializing') tally.reason = `Init:${waiting}`;
    else tally.reason = `Init:${index}/${total}`;
    return true;
  }
  return false;
}

function tallyContainers(pod: JsonObject, tally: Tally): { ready: number } {
  let ready = 0;
  let running = false;
  const statuses = list(pod, 'status', 'containerStatuses');
  for (const status of [...statuses].reverse()) {
    countRestart(tally, status);
    const waiting = str(status, 'state', 'waiting', 'reason');
    const terminated = at(status, 'state', 'terminated');
    if (waiting !== '') tally.reason = waiting;
    else if (terminated !== undefined) {
      tally.reason = endReason(dict(status, 'state', 'terminated'), '');
    } else if (at(status, 'ready') === true && at(status, 'state', 'running') !== undefined) {
      running = true;
      ready++;
    }
  }
  if (tally.reason === 'Completed' && running) {
    const isReady = list(pod, 'status', 'conditions').some(
      (condition) => str(condition, 'type') === 'Ready' && str(condition, 'status') === 'True',
    );
    tally.reason = isReady ? 'Running' : 'NotReady';
  }
  return { ready };
}

export interface PodSummary {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

/** READY, STATUS and RESTARTS as kubectl users know them (pkg/printers/internalversion printPod). */
export function summarizePod(pod: JsonObject, nowMs: number): PodSummary {
  const tally: Tally = {
    reason: str(pod, 'status', 'reason') || str(pod, 'status', 'phase'),
    restarts: 0,
    lastRestartMs: 0,
  };
  let ready = 0;
  if (!tallyInit(pod, tally)) ({ ready } = tallyContainers(pod, tally));
  const gated = list(pod, 'spec', 'schedulingGates').length > 0;
  if (gated && tally.reason === 'Pending') tally.reason = 'SchedulingGated';
  if (str(pod, 'metadata', 'deletionTimestamp') !== '') {
    tally.reason = str(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
  }
  const ago =
    tally.restarts > 0 && tally.lastRestartMs > 0
      ? ` (${humanDuration(nowMs - tally.lastRestartMs)} ago)`
      : '';
  return {
    ready: `${ready}/${list(pod, 'spec', 'containers').length}`,
    status: tally.reason,
    restarts: `${tally.restarts}${ago}`,
  };
}
