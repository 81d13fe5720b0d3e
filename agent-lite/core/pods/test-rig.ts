/** For tests only: the engine with documents in memory, a runtime that does what it is told, and a clock that is set by hand. */
import type {
  ContainerDocument,
  DocumentBodies,
  EventEntry,
  PodDocument,
  PodStatusDocument,
  StaticPodDocument,
} from '@boardlet/adapters/wire';
import type { BoardDocuments, DesiredChange, DesiredKind, ReportedKind } from '../documents.ts';
import type { Clock, Timer, Timers } from '../host.ts';
import type { ContainerRef, ContainerState, Runtime, RuntimeHandlers } from '../runtime.ts';
import type { PodPolicy } from './admission.ts';
import type { PodEngine, StaticPodSource } from './contract.ts';
import { createPodEngine } from './engine.ts';

export class FakeTime {
  readonly timers: Timers = { after: (delayMs, fire) => this.#after(delayMs, fire) };
  readonly clock: Clock = {
    monotonicMs: () => this.nowMs,
    unixMs: () => 1_700_000_000_000 + this.nowMs,
  };
  nowMs = 0;
  readonly #due = new Set<{ readonly atMs: number; readonly fire: () => void }>();

  #after(delayMs: number, fire: () => void): Timer {
    const entry = { atMs: this.nowMs + delayMs, fire };
    this.#due.add(entry);
    return { cancel: () => this.#due.delete(entry) };
  }

  get armed(): number {
    return this.#due.size;
  }

  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      const next = [...this.#due].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > end) break;
      this.#due.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.fire();
    }
    this.nowMs = end;
  }
}

export class FakeDocuments implements BoardDocuments {
  readonly pods: Map<string, PodDocument> = new Map();
  readonly store: Map<ReportedKind, Map<string, unknown>> = new Map();
  readonly events: EventEntry[] = [];
  readonly history: string[] = [];
  #listener: ((changes: readonly DesiredChange[]) => void) | undefined;

  desired<K extends DesiredKind>(kind: K): ReadonlyMap<string, DocumentBodies[K]> {
    return (kind === 'pod' ? this.pods : new Map()) as ReadonlyMap<string, DocumentBodies[K]>;
  }

  reported<K extends ReportedKind>(kind: K): ReadonlyMap<string, DocumentBodies[K]> {
    return (this.store.get(kind) ?? new Map()) as ReadonlyMap<string, DocumentBodies[K]>;
  }

  onDesired(listener: (changes: readonly DesiredChange[]) => void): void {
    this.#listener = listener;
  }

  report<K extends ReportedKind>(kind: K, name: string, body?: DocumentBodies[K]): void {
    const map = this.store.get(kind) ?? new Map<string, unknown>();
    this.store.set(kind, map);
    if (JSON.stringify(map.get(name)) === JSON.stringify(body)) return;
    if (kind === 'podStatus')
      this.history.push((body as PodStatusDocument | undefined)?.phase ?? 'removed');
    if (body === undefined) map.delete(name);
    else map.set(name, body);
  }

  event(entry: EventEntry): void {
    this.events.push(entry);
  }

  set(name: string, body: PodDocument | undefined): void {
    if (body === undefined) this.pods.delete(name);
    else this.pods.set(name, body);
    this.#listener?.([{ kind: 'pod', name, ...(body === undefined ? {} : { body }) }]);
  }
}

export interface Call {
  readonly do: 'start' | 'stop' | 'remove';
  readonly container: string;
  readonly attempt: number;
  readonly graceMs?: number;
  readonly uid: string;
  readonly spec?: ContainerDocument;
}

export class FakeRuntime implements Runtime {
  readonly name = 'process';
  readonly calls: Call[] = [];
  found: ContainerRef[] = [];
  refuse: { readonly reason: string; readonly message: string } | undefined;
  #handlers: RuntimeHandlers = { onState: () => undefined };

  recover(handlers: RuntimeHandlers): readonly ContainerRef[] {
    this.#handlers = handlers;
    return this.found;
  }

  admit(): { readonly reason: string; readonly message: string } | undefined {
    return this.refuse;
  }

  start(ref: ContainerRef, spec: ContainerDocument): void {
    this.calls.push({ do: 'start', ...ref, spec });
  }

  stop(ref: ContainerRef, graceMs: number): void {
    this.calls.push({ do: 'stop', ...ref, graceMs });
  }

  remove(_pod: string, uid: string): void {
    this.calls.push({ do: 'remove', container: '', attempt: 0, uid });
  }

  logs(): ReturnType<Runtime['logs']> {
    return { ok: false, code: 'BL_HOST_NOT_FOUND', message: 'no logs here' };
  }

  tell(uid: string, container: string, attempt: number, state: ContainerState): void {
    this.#handlers.onState({ pod: 'default/a', uid, container, attempt }, state);
  }
}

export class FakeStatic implements StaticPodSource {
  readonly map: Map<string, StaticPodDocument> = new Map();
  #listener: () => void = () => undefined;

  pods(): ReadonlyMap<string, StaticPodDocument> {
    return this.map;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  set(name: string, document: StaticPodDocument | undefined): void {
    if (document === undefined) this.map.delete(name);
    else this.map.set(name, document);
    this.#listener();
  }
}

export const POD = 'default/a';
export const container = (
  name = 'main',
  more: Partial<ContainerDocument> = {},
): ContainerDocument => ({
  name,
  image: 'boardlet.dev/host',
  command: ['/bin/true'],
  ...more,
});
export const pod = (more: Partial<PodDocument> = {}): PodDocument => ({
  uid: 'u1',
  runtime: 'process',
  graceS: 30,
  restart: 'Always',
  containers: [container()],
  ...more,
});

export class Bench {
  readonly time: FakeTime = new FakeTime();
  readonly documents: FakeDocuments;
  readonly runtime: FakeRuntime = new FakeRuntime();
  readonly fixed: FakeStatic = new FakeStatic();
  policy: PodPolicy = { check: () => undefined };
  readonly engine: PodEngine;

  constructor(documents: FakeDocuments = new FakeDocuments()) {
    this.documents = documents;
    const silent = () => undefined;
    this.engine = createPodEngine({
      documents,
      runtimes: [this.runtime],
      policy: { check: (name, spec) => this.policy.check(name, spec) },
      clock: this.time.clock,
      timers: this.time.timers,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      staticPods: this.fixed,
    });
  }

  running(attempt = 0, name = 'main', uid = 'u1'): void {
    const startedAt = this.time.clock.unixMs();
    this.runtime.tell(uid, name, attempt, { state: 'running', pid: 1, startedAt });
  }

  exited(exitCode: number, attempt = 0, name = 'main', uid = 'u1'): void {
    const at = this.time.clock.unixMs();
    const state = { state: 'exited', startedAt: at, finishedAt: at, exitCode } as const;
    this.runtime.tell(uid, name, attempt, state);
  }

  failed(reason: string, attempt = 0, name = 'main'): void {
    const finishedAt = this.time.clock.unixMs();
    this.runtime.tell('u1', name, attempt, { state: 'failed', reason, message: 'why', finishedAt });
  }

  status(name: string = POD): PodStatusDocument | undefined {
    return this.documents.reported('podStatus').get(name);
  }

  /** `start main 0`, in order. */
  get calls(): readonly string[] {
    return this.runtime.calls.map((c) =>
      c.do === 'remove' ? `remove ${c.uid}` : `${c.do} ${c.container} ${c.attempt}`,
    );
  }

  get reasons(): readonly string[] {
    return this.documents.events.map((e) => e.reason);
  }
}
