import { assignPod } from '../http/binding-route.ts';
import { clone, equal, type JsonObject, list, str } from '../json.ts';
import { EVENTS, NODES, PODS } from '../kinds.ts';
import { setPodCondition } from '../objects/pod-condition.ts';
import type { Services } from '../services.ts';
import { type Entry, entryKey } from '../store/entry.ts';
import { timestamp } from '../timestamp.ts';
import { type Amounts, allocatableOf, misfit, requestsOf } from './fit.ts';
import { internalRequest } from './internal.ts';
import type { Tasks } from './tasks.ts';

const SCHEDULER = 'default-scheduler';
/** An unschedulable pod is spoken of again after so long, or when the reasons change. */
const REPEAT_EVENT_MS = 300_000;

const finished = (pod: JsonObject): boolean =>
  /^(Succeeded|Failed)$/.test(str(pod, 'status', 'phase'));

function waits(pod: JsonObject): boolean {
  return (
    str(pod, 'spec', 'nodeName') === '' &&
    str(pod, 'spec', 'schedulerName') === SCHEDULER &&
    str(pod, 'metadata', 'deletionTimestamp') === '' &&
    list(pod, 'spec', 'schedulingGates').length === 0 &&
    !finished(pod)
  );
}

/** Puts waiting pods on the least loaded Node that fits; says why when none does. */
export class Binder {
  readonly #services: Services;
  readonly #tasks: Tasks;
  readonly #told = new Map<string, { message: string; atMs: number }>();
  #waiting = new Set<string>();
  #running = false;
  #again = false;

  constructor(services: Services, tasks: Tasks) {
    this.#services = services;
    this.#tasks = tasks;
  }

  start(): void {
    for (const entry of this.#services.store.collection(PODS.storage).values()) this.#note(entry);
    this.#wake();
  }

  /** Pods may wait, and any change of a Node or end of a pod may make room. */
  onCommit(storage: string, entries: readonly Entry[], removed: readonly Entry[]): void {
    if (storage !== PODS.storage && storage !== NODES.storage) return;
    if (storage === PODS.storage) {
      for (const entry of entries) this.#note(entry);
      for (const entry of removed) this.#forget(entry);
    }
    this.#wake();
  }

  #note(entry: Entry): void {
    if (waits(entry.object)) this.#waiting.add(entryKey(entry.namespace, entry.name));
    else this.#forget(entry);
  }
  #forget(entry: Entry): void {
    const key = entryKey(entry.namespace, entry.name);
    this.#waiting.delete(key);
    this.#told.delete(key);
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    this.#tasks.run('binder', async () => {
      try {
        while (this.#again) {
          this.#again = false;
          await this.#bindAll();
        }
      } finally {
        this.#running = false;
      }
    });
  }

  async #bindAll(): Promise<void> {
    const { store } = this.#services;
    const nodes = [...store.collection(NODES.storage).values()].map((entry) => entry.object);
    const used = this.#usage();
    const work: Promise<void>[] = [];
    for (const key of this.#waiting) {
      const [namespace = '', name = ''] = key.split('/');
      const entry = store.collection(PODS.storage).get(namespace, name);
      if (entry === undefined || !waits(entry.object)) continue;
      work.push(this.#place(entry, nodes, used));
    }
    await Promise.allSettled(work);
  }

  /** What running pods ask for, by node. */
  #usage(): Map<string, Map<string, number>> {
    const used = new Map<string, Map<string, number>>();
    for (const { object } of this.#services.store.collection(PODS.storage).values()) {
      const node = str(object, 'spec', 'nodeName');
      if (node !== '' && !finished(object)) charge(used, node, requestsOf(object));
    }
    return used;
  }

  #place(
    entry: Entry,
    nodes: readonly JsonObject[],
    used: Map<string, Map<string, number>>,
  ): Promise<void> {
    const reasons = new Map<string, number>();
    let best: { name: string; load: number } | undefined;
    for (const node of nodes) {
      const name = str(node, 'metadata', 'name');
      const taken = used.get(name) ?? new Map<string, number>();
      const reason = misfit(entry.object, node, taken);
      if (reason !== undefined) {
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        continue;
      }
      const load = loadOf(allocatableOf(node), taken);
      if (best === undefined || load < best.load) best = { name, load };
    }
    if (best === undefined) return this.#complain(entry, nodes.length, reasons);
    charge(used, best.name, requestsOf(entry.object));
    return this.#assign(entry, best.name);
  }

  async #assign(entry: Entry, node: string): Promise<void> {
    const { namespace, name } = entry;
    await assignPod(this.#services, namespace, name, node);
    const text = `Successfully assigned ${namespace}/${name} to ${node}`;
    await this.#event(entry, 'Normal', 'Scheduled', text);
  }

  async #complain(
    entry: Entry,
    count: number,
    reasons: ReadonlyMap<string, number>,
  ): Promise<void> {
    const { store, clock } = this.#services;
    const parts = [...reasons].map(([reason, number]) => `${number} ${reason}`).sort();
    const why = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
    const message =
      count === 0 ? 'no nodes available to schedule pods' : `0/${count} nodes are available${why}.`;
    const key = entryKey(entry.namespace, entry.name);
    const told = this.#told.get(key);
    const nowMs = clock.now();
    if (told?.message === message && nowMs - told.atMs < REPEAT_EVENT_MS) return;
    this.#told.set(key, { message, atMs: nowMs });
    const current = store.head(PODS.storage, entry.namespace, entry.name);
    if (current === undefined || !waits(current.object)) return;
    const pod = clone(current.object);
    setPodCondition(
      pod,
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
      nowMs,
    );
    if (!equal(pod, current.object))
      await store.put(PODS.storage, entry.namespace, entry.name, pod);
    await this.#event(entry, 'Warning', 'FailedScheduling', message);
  }

  async #event(entry: Entry, type: string, reason: string, message: string): Promise<void> {
    const { writer, clock } = this.#services;
    const { namespace, name, object } = entry;
    const time = timestamp(clock.now());
    await writer.create(internalRequest(EVENTS, namespace, ''), {
      metadata: {
        name: `${name.slice(0, 230)}.${entry.revision.toString(16)}${clock.now().toString(16)}`,
      },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace,
        name,
        uid: str(object, 'metadata', 'uid'),
        resourceVersion: String(entry.revision),
      },
      reason,
      message,
      type,
      source: { component: SCHEDULER },
      reportingComponent: SCHEDULER,
      reportingInstance: '',
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    });
  }
}

function charge(used: Map<string, Map<string, number>>, node: string, amounts: Amounts): void {
  const sum = used.get(node) ?? new Map<string, number>();
  for (const [name, amount] of amounts) sum.set(name, (sum.get(name) ?? 0) + amount);
  used.set(node, sum);
}

/** The largest share of pods, cpu and memory that is taken. */
function loadOf(allocatable: Amounts, used: Amounts): number {
  return Math.max(
    ...['pods', 'cpu', 'memory'].map((name) => {
      const all = allocatable.get(name) ?? 0;
      return all === 0 ? 0 : (used.get(name) ?? 0) / all;
    }),
  );
}
