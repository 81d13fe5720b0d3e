/** What to do next for one pod, from its state alone. */
import { BACK_OFF_FIRST_MS, nextBackOff, readyAt } from './back-off.ts';
import { expandContainer } from './expand.ts';
import {
  type ContainerRecord,
  type Effect,
  isActive,
  type Now,
  type PodState,
  refOf,
  type Step,
  type Verdict,
} from './pod-state.ts';
import { isOver, shouldRestart } from './restart.ts';
import { IMAGE_SETTLES_MS, settledReason, words } from './words.ts';

/** Effects are given once: the returned state remembers them. */
export function reconcile(pod: PodState, now: Now): Step {
  if (pod.ending !== undefined) return end(pod);
  if (pod.verdict !== undefined) return { pod, effects: [] };
  const plan = new Plan(pod, now);
  const failedInit = plan.runInit();
  if (failedInit) return { pod: { ...plan.pod(), verdict: { phase: 'Failed' } }, effects: [] };
  if (plan.initDone) plan.runMain();
  const verdict = verdictOf(plan.pod());
  const after = verdict === undefined ? plan.pod() : { ...plan.pod(), verdict };
  return {
    pod: after,
    effects: plan.effects,
    ...(plan.wakeAtMs === undefined ? {} : { wakeAtMs: plan.wakeAtMs }),
  };
}

/** A pod on its way out starts nothing; once nothing runs it has its verdict, or is forgotten. */
function end(pod: PodState): Step {
  if (pod.containers.some((c) => isActive(c.work))) return { pod, effects: [] };
  if (pod.ending?.why === 'gone') return { pod, effects: [{ do: 'forget' }] };
  if (pod.verdict !== undefined) return { pod, effects: [] };
  const clean = pod.containers.every((c) => c.work.is === 'exited' && c.work.exit.exitCode === 0);
  return { pod: { ...pod, verdict: { phase: clean ? 'Succeeded' : 'Failed' } }, effects: [] };
}

function verdictOf(pod: PodState): Verdict | undefined {
  const main = pod.containers.filter((c) => !c.init);
  if (main.length === 0 || !main.every((c) => isOver(c, pod.spec.restart))) return undefined;
  const clean = main.every((c) => c.work.is === 'exited' && c.work.exit.exitCode === 0);
  return { phase: clean ? 'Succeeded' : 'Failed' };
}

class Plan {
  readonly effects: Effect[] = [];
  wakeAtMs: number | undefined;
  initDone = true;
  readonly #from: PodState;
  readonly #now: Now;
  readonly #records: ContainerRecord[];

  constructor(from: PodState, now: Now) {
    this.#from = from;
    this.#now = now;
    this.#records = [...from.containers];
  }

  pod(): PodState {
    return { ...this.#from, containers: this.#records };
  }

  /** Init containers one after the other; true when one failed for good. */
  runInit(): boolean {
    const begun = this.#records.some((c) => !c.init && (c.work.is !== 'none' || c.attempt > 0));
    if (begun) return false;
    for (const [i, record] of this.#records.entries()) {
      if (!record.init || (record.work.is === 'exited' && record.work.exit.exitCode === 0))
        continue;
      this.initDone = false;
      if (isOver(record, this.#from.spec.restart)) return true;
      this.#advance(i, record);
      return false;
    }
    return false;
  }

  runMain(): void {
    for (const [i, record] of this.#records.entries()) if (!record.init) this.#advance(i, record);
  }

  #advance(i: number, record: ContainerRecord): void {
    const { work } = record;
    if (work.is === 'none') this.#start(i, record);
    else if (work.is === 'failed') this.#retry(i, record, work);
    else if (work.is === 'exited' && shouldRestart(record, this.#from.spec.restart))
      this.#restart(i, record, work);
  }

  #start(i: number, record: ContainerRecord): void {
    const { changed: _changed, ...rest } = record;
    this.#records[i] = { ...rest, work: { is: 'starting', found: false } };
    const ref = refOf(this.#from, record);
    this.effects.push({ do: 'start', ref, spec: expandContainer(record.spec) });
  }

  /** What failed to start is tried again after 10 s, then ever more rarely; the number of the attempt is not used up. */
  #retry(i: number, record: ContainerRecord, work: { reason: string; monoMs: number }): void {
    const retry = record.retry ?? { delayMs: BACK_OFF_FIRST_MS, sinceMs: work.monoMs };
    const dueMs = work.monoMs + retry.delayMs;
    if (this.#now.monoMs >= dueMs) {
      this.#start(i, { ...record, retry: nextBackOff(retry, work.monoMs, this.#now.monoMs) });
      return;
    }
    this.#records[i] = { ...record, retry };
    this.#wake(dueMs);
    if (settledReason(work.reason) === work.reason) return;
    const settlesMs = work.monoMs + IMAGE_SETTLES_MS;
    if (this.#now.monoMs < settlesMs) this.#wake(settlesMs);
    else this.#settle(i, record);
  }

  /** ErrImagePull becomes ImagePullBackOff. */
  #settle(i: number, record: ContainerRecord): void {
    if (record.work.is !== 'failed') return;
    const reason = settledReason(record.work.reason);
    const message = words.pullBackOff(record.spec.image, record.work.message);
    const current = this.#records[i] ?? record;
    this.#records[i] = { ...current, work: { ...record.work, reason, message } };
    if (record.retry === undefined || record.retry.delayMs === BACK_OFF_FIRST_MS)
      this.effects.push({ do: 'event', event: words.pullBackOffEvent(record.spec.image) });
  }

  #restart(
    i: number,
    record: ContainerRecord,
    work: Extract<ContainerRecord['work'], { is: 'exited' }>,
  ): void {
    const dueMs = record.changed ? work.monoMs : readyAt(record.backOff, work.monoMs);
    if (this.#now.monoMs < dueMs) {
      this.#wake(dueMs);
      return;
    }
    this.#start(i, {
      ...record,
      attempt: record.attempt + 1,
      last: work.exit,
      ...(record.changed
        ? {}
        : { backOff: nextBackOff(record.backOff, work.monoMs, this.#now.monoMs) }),
    });
  }

  #wake(atMs: number): void {
    this.wakeAtMs = Math.min(this.wakeAtMs ?? atMs, atMs);
  }
}
