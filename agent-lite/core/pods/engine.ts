/** The rim of the pod machine: keeps one state per pod, feeds it inputs one at a time, and carries out its effects. */
import type {
  EventEntry,
  LogArgs,
  PodDocument,
  PodStatusDocument,
  StaticPodDocument,
} from '@boardlet/adapters/wire';
import type { HostResult } from '../host.ts';
import type { ContainerRef, ContainerState, LogReader, Runtime } from '../runtime.ts';
import { admit, type Refusal } from './admission.ts';
import { Alarms } from './alarms.ts';
import { type Applied, applyEnding, applySpec, applyState } from './apply.ts';
import type { PodEngine, PodEngineOptions } from './contract.ts';
import { orphanPod, resumePod } from './found.ts';
import {
  type Effect,
  type Ending,
  isActive,
  type Now,
  newPod,
  type PodState,
} from './pod-state.ts';
import { reconcile } from './reconcile.ts';
import { statusOf } from './status.ts';

/** A pod whose documents vanished while its containers ran, as after a forced deletion: they still get a chance to end well. */
const GONE_GRACE_MS = 2_000;
/** The same when the agent was away: its own grace period is not known any more. */
const ORPHAN_GRACE_MS = 30_000;
/** A container whose end is not told so long after its grace is not waited for. */
const STOP_ALL_SLACK_MS = 5_000;
const START_QUIET_MS = 400;

interface Wanted {
  readonly spec: PodDocument;
  readonly fixed?: StaticPodDocument;
}

/** Creates the engine without any effect; `start` begins. */
export function createPodEngine(options: PodEngineOptions): PodEngine {
  const engine = new Engine(options);
  return {
    start: () => engine.start(),
    close: () => engine.close(),
    stopAll: () => engine.stopAll(),
    logs: (query) => engine.logs(query),
    status: (pod) => engine.status(pod),
  };
}

class Engine {
  readonly #o: PodEngineOptions;
  readonly #runtimes: ReadonlyMap<string, Runtime>;
  /** By uid: a pod and its successor of the same name may be here together. */
  readonly #pods = new Map<string, PodState>();
  readonly #alarms: Alarms;
  /** By uid: until when (monotonic) a pod that is only starting is not reported. */
  readonly #quiet = new Map<string, number>();
  readonly #inputs: (() => void)[] = [];
  #draining = false;
  #open = false;
  /** Set while all containers are being ended. */
  #halted: (() => void) | undefined;

  constructor(options: PodEngineOptions) {
    this.#o = options;
    this.#runtimes = new Map(options.runtimes.map((r) => [r.name, r]));
    this.#alarms = new Alarms(options.timers, options.clock, (uid) =>
      this.#input(() => this.#wake(uid)),
    );
  }

  start(): void {
    this.#open = true;
    this.#input(() => this.#resume());
    this.#o.documents.onDesired((changes) => {
      const names = changes.filter((c) => c.kind === 'pod').map((c) => c.name);
      if (names.length === 0) return;
      this.#input(() => {
        for (const name of names) this.#look(name);
      });
    });
    this.#o.staticPods?.onChange(() => this.#input(() => this.#lookAtStatic()));
  }

  close(): void {
    this.#open = false;
    this.#alarms.clear();
  }

  stopAll(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#open) this.#input(() => this.#halt(resolve));
      else resolve();
    });
  }

  #halt(done: () => void): void {
    this.close();
    let slackMs = STOP_ALL_SLACK_MS;
    for (const pod of this.#pods.values()) {
      const graceMs = pod.ending?.graceMs ?? pod.spec.graceS * 1000;
      const { effects } = applyEnding(pod, { why: 'gone', graceMs });
      const stops = effects.filter((effect) => effect.do === 'stop');
      if (stops.length > 0) slackMs = Math.max(slackMs, STOP_ALL_SLACK_MS + graceMs);
      this.#perform(pod, stops);
    }
    const timer = this.#o.timers.after(slackMs, () => this.#halted?.());
    this.#halted = () => {
      timer.cancel();
      this.#halted = undefined;
      done();
    };
    this.#checkHalted();
  }

  #checkHalted(): void {
    const active = [...this.#pods.values()].some((p) => p.containers.some((c) => isActive(c.work)));
    if (!active) this.#halted?.();
  }

  logs(query: LogArgs): HostResult<LogReader> {
    const wanted = this.#wanted(query.pod);
    const known = [...this.#pods.values()].find((p) => p.name === query.pod);
    const runtime = this.#runtimes.get((wanted?.spec ?? known?.spec)?.runtime ?? '');
    if (runtime === undefined)
      return {
        ok: false,
        code: 'BL_POD_NOT_FOUND',
        message: `pod "${query.pod}" is not on this board`,
      };
    return runtime.logs(query.pod, query.container, query);
  }

  status(pod: string): PodStatusDocument | undefined {
    return this.#o.documents.reported('podStatus').get(pod);
  }

  /** Runtimes and documents may call back while an effect is carried out: inputs wait for their turn. */
  #input(work: () => void): void {
    if (!this.#open) return;
    this.#inputs.push(work);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) next();
    } finally {
      this.#draining = false;
    }
  }

  #now(): Now {
    return { monoMs: this.#o.clock.monotonicMs(), unixMs: this.#o.clock.unixMs() };
  }

  #wanted(name: string): Wanted | undefined {
    const fixed = this.#o.staticPods?.pods().get(name);
    if (fixed !== undefined) return { spec: fixed.pod, fixed };
    const spec = this.#o.documents.desired('pod').get(name);
    return spec === undefined ? undefined : { spec };
  }

  #wantedNames(): Set<string> {
    return new Set([
      ...this.#o.documents.desired('pod').keys(),
      ...(this.#o.staticPods?.pods().keys() ?? []),
    ]);
  }

  #resume(): void {
    const found = new Map<string, { runtime: string; refs: ContainerRef[] }>();
    for (const runtime of this.#o.runtimes) {
      const onState = (ref: ContainerRef, state: ContainerState) => this.#onState(ref, state);
      for (const ref of runtime.recover({ onState })) {
        const entry = found.get(ref.uid);
        if (entry === undefined) found.set(ref.uid, { runtime: runtime.name, refs: [ref] });
        else entry.refs.push(ref);
      }
    }
    const names = this.#wantedNames();
    this.#adopt(names, found);
    for (const name of names) this.#look(name);
    this.#forgetStale(names);
  }

  #adopt(
    names: ReadonlySet<string>,
    found: ReadonlyMap<string, { runtime: string; refs: ContainerRef[] }>,
  ): void {
    const now = this.#now();
    const uids = new Map([...names].map((name) => [this.#wanted(name)?.spec.uid ?? '', name]));
    for (const [uid, { runtime, refs }] of found) {
      const name = uids.get(uid);
      const spec = name === undefined ? undefined : this.#wanted(name)?.spec;
      if (name !== undefined && spec !== undefined && spec.runtime === runtime) {
        const reported = this.#o.documents.reported('podStatus').get(name);
        this.#readmit(resumePod(name, spec, refs, reported, now));
        this.#o.log.info('pods.adopted', { pod: name, uid, containers: refs.length });
      } else {
        const orphan = orphanPod(runtime, refs, now);
        this.#o.log.warn('pods.orphan', { pod: orphan.name, uid });
        this.#pods.set(uid, orphan);
        this.#end(orphan, { why: 'gone', graceMs: ORPHAN_GRACE_MS });
      }
    }
  }

  /** The policy may have changed while the agent was away. */
  #readmit(pod: PodState): void {
    const refusal =
      pod.verdict === undefined
        ? admit(pod.name, pod.spec, this.#runtimes, this.#o.policy)
        : undefined;
    this.#pods.set(pod.uid, pod);
    if (refusal === undefined) return;
    this.#refused(pod, refusal);
    const failed: PodState = { ...pod, verdict: { phase: 'Failed', ...refusal } };
    this.#end(failed, { why: 'deleted', graceMs: pod.spec.graceS * 1000 });
  }

  #refused(pod: PodState, refusal: Refusal): void {
    this.#o.log.warn('pods.refused', { pod: pod.name, uid: pod.uid, ...refusal });
    this.#event(pod, { warning: true, ...refusal });
  }

  #forgetStale(names: ReadonlySet<string>): void {
    for (const name of this.#o.documents.reported('podStatus').keys())
      if (!names.has(name)) this.#o.documents.report('podStatus', name);
    for (const name of this.#o.documents.reported('staticPod').keys())
      if (!names.has(name)) this.#o.documents.report('staticPod', name);
  }

  #lookAtStatic(): void {
    const names = new Set(this.#o.staticPods?.pods().keys() ?? []);
    for (const name of this.#o.documents.reported('staticPod').keys()) names.add(name);
    for (const name of names) this.#look(name);
  }

  /** Compares what is wanted under one name with what is there. */
  #look(name: string): void {
    const wanted = this.#wanted(name);
    const uid = wanted?.spec.uid;
    const others = [...this.#pods.values()].filter((p) => p.name === name && p.uid !== uid);
    for (const other of others) this.#retire(other);
    if (wanted === undefined || uid === undefined) {
      if (others.length === 0) this.#unreport(name);
      else if (!this.#o.documents.reported('staticPod').has(name))
        this.#o.documents.report('podStatus', name);
      return;
    }
    const pod = this.#pods.get(uid);
    if (pod === undefined) {
      if (others.length === 0) this.#begin(name, wanted);
    } else if (pod.name === name) this.#update(pod, wanted);
    else this.#o.log.warn('pods.uid-taken', { pod: name, uid, by: pod.name });
  }

  #retire(pod: PodState): void {
    const fixed = this.#o.documents.reported('staticPod').has(pod.name);
    const graceMs = fixed ? pod.spec.graceS * 1000 : GONE_GRACE_MS;
    if (pod.ending?.why !== 'gone') this.#end(pod, { why: 'gone', graceMs });
  }

  #unreport(name: string): void {
    this.#o.documents.report('podStatus', name);
    this.#o.documents.report('staticPod', name);
  }

  #begin(name: string, { spec, fixed }: Wanted): void {
    if (fixed !== undefined) this.#o.documents.report('staticPod', name, fixed);
    const now = this.#now();
    const reported = this.#o.documents.reported('podStatus').get(name);
    const fresh =
      reported?.uid === spec.uid
        ? resumePod(name, spec, [], reported, now)
        : newPod(name, spec, now);
    const refusal =
      fresh.verdict === undefined ? admit(name, spec, this.#runtimes, this.#o.policy) : undefined;
    if (refusal === undefined) {
      this.#update(fresh, { spec });
      return;
    }
    this.#refused(fresh, refusal);
    this.#settle({
      ...fresh,
      containers: [],
      verdict: { phase: 'Failed', ...refusal },
    });
  }

  #update(pod: PodState, { spec, fixed }: Wanted): void {
    if (fixed !== undefined) this.#o.documents.report('staticPod', pod.name, fixed);
    const changed = applySpec(pod, spec);
    if (spec.stopGraceS === undefined) {
      this.#carry(changed);
      return;
    }
    const ending: Ending = { why: 'deleted', graceMs: spec.stopGraceS * 1000 };
    const stopped = applyEnding(changed.pod, ending);
    this.#carry({ pod: stopped.pod, effects: [...changed.effects, ...stopped.effects] });
  }

  #end(pod: PodState, ending: Ending): void {
    this.#carry(applyEnding(pod, ending));
  }

  #onState(ref: ContainerRef, state: ContainerState): void {
    if (this.#halted === undefined) this.#input(() => this.#state(ref, state));
    else this.#state(ref, state);
  }

  #state(ref: ContainerRef, state: ContainerState): void {
    const pod = this.#pods.get(ref.uid);
    if (pod !== undefined) this.#carry(applyState(pod, ref, state, this.#now()));
    if (this.#halted !== undefined) this.#checkHalted();
  }

  /** While all is being ended, states are only taken down. */
  #carry(applied: Applied): void {
    if (this.#open) {
      this.#perform(applied.pod, applied.effects);
      this.#settle(applied.pod);
    } else this.#pods.set(applied.pod.uid, applied.pod);
  }

  #wake(uid: string): void {
    const pod = this.#pods.get(uid);
    if (pod !== undefined && this.#open) this.#settle(pod);
  }

  #settle(pod: PodState): void {
    const now = this.#now();
    const step = reconcile(pod, now);
    this.#pods.set(pod.uid, step.pod);
    const reportAtMs = this.#report(step.pod, now);
    this.#perform(step.pod, step.effects);
    if (this.#pods.get(pod.uid) !== step.pod) return;
    const times = [reportAtMs, step.wakeAtMs].filter((t) => t !== undefined);
    this.#alarms.set(pod.uid, times.length === 0 ? undefined : Math.min(...times));
  }

  /** A start is about to become a state that says more, and a reported value holds the next one back for `pace-ms`
   * (protocol R1): so what is only starting is not told before `START_QUIET_MS`. Returns when to look again. */
  #report(pod: PodState, now: Now): number | undefined {
    const starting = pod.containers.map((c) => c.work).filter((w) => w.is === 'starting');
    if (starting.some((w) => w.found)) return undefined;
    if (starting.length > 0) {
      const untilMs = this.#quiet.get(pod.uid) ?? now.monoMs + START_QUIET_MS;
      this.#quiet.set(pod.uid, untilMs);
      if (now.monoMs < untilMs) return untilMs;
    } else this.#quiet.delete(pod.uid);
    const wanted = this.#wanted(pod.name);
    const fixed = this.#o.documents.reported('staticPod').has(pod.name);
    const speaks = wanted === undefined ? fixed : wanted.spec.uid === pod.uid;
    if (speaks) this.#o.documents.report('podStatus', pod.name, statusOf(pod));
    return undefined;
  }

  #perform(pod: PodState, effects: readonly Effect[]): void {
    const runtime = this.#runtimes.get(pod.spec.runtime);
    for (const effect of effects) {
      switch (effect.do) {
        case 'start':
          runtime?.start(effect.ref, effect.spec);
          break;
        case 'stop':
          runtime?.stop(effect.ref, effect.graceMs);
          break;
        case 'event':
          this.#event(pod, effect.event);
          break;
        case 'forget':
          this.#forget(pod, runtime);
          break;
      }
    }
  }

  #forget(pod: PodState, runtime: Runtime | undefined): void {
    this.#alarms.set(pod.uid, undefined);
    this.#pods.delete(pod.uid);
    this.#quiet.delete(pod.uid);
    runtime?.remove(pod.name, pod.uid);
    this.#o.log.info('pods.forgotten', { pod: pod.name, uid: pod.uid });
    this.#input(() => this.#look(pod.name));
  }

  #event(pod: PodState, event: Pick<EventEntry, 'warning' | 'reason' | 'message'>): void {
    this.#o.documents.event({
      ...event,
      about: 'pod',
      name: pod.name,
      uid: pod.uid,
      unixMs: this.#o.clock.unixMs(),
    });
  }
}
