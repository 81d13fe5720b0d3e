import { str } from '../json.ts';
import { EVENTS, NODES, PODS } from '../kinds.ts';
import type { Services } from '../services.ts';
import { type Entry, entryKey } from '../store/entry.ts';
import { BACKGROUND, internalRequest } from './internal.ts';
import type { Tasks } from './tasks.ts';

/** How long a pod outlives its Node (pkg/controller/podgc quarantineTime). */
const QUARANTINE_MS = 40_000;
const SWEEP_MS = 20_000;

function lastSeenMs(event: Entry): number {
  const times = [
    str(event.object, 'metadata', 'creationTimestamp'),
    str(event.object, 'lastTimestamp'),
    str(event.object, 'eventTime'),
    str(event.object, 'series', 'lastObservedTime'),
  ];
  return Math.max(0, ...times.map((time) => Date.parse(time)).filter((ms) => !Number.isNaN(ms)));
}

/** Drops old Events, and pods whose Node is gone. */
export class Expiry {
  readonly #services: Services;
  readonly #tasks: Tasks;
  readonly #orphanedSinceMs = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(services: Services, tasks: Tasks) {
    this.#services = services;
    this.#tasks = tasks;
  }

  start(): void {
    const everyMs = Math.max(10, Math.min(SWEEP_MS, this.#services.limits.eventTtlMs / 4));
    this.#timer = setInterval(() => this.sweep(), everyMs);
  }
  stop(): void {
    clearInterval(this.#timer);
  }

  sweep(): void {
    const nowMs = this.#services.clock.now();
    this.#sweepEvents(nowMs);
    this.#sweepPods(nowMs);
  }

  #sweepEvents(nowMs: number): void {
    const { store, limits } = this.#services;
    for (const entry of [...store.collection(EVENTS.storage).values()]) {
      if (nowMs - lastSeenMs(entry) < limits.eventTtlMs) continue;
      this.#tasks.run('event-ttl', async () => {
        const current = store.head(EVENTS.storage, entry.namespace, entry.name);
        if (current?.revision === entry.revision) await store.remove(current);
      });
    }
  }

  #sweepPods(nowMs: number): void {
    const { store, remover } = this.#services;
    const seen = new Set<string>();
    for (const entry of [...store.collection(PODS.storage).values()]) {
      const node = str(entry.object, 'spec', 'nodeName');
      if (node === '' || store.head(NODES.storage, '', node) !== undefined) continue;
      const key = entryKey(entry.namespace, entry.name);
      const since = this.#orphanedSinceMs.get(key) ?? nowMs;
      seen.add(key);
      this.#orphanedSinceMs.set(key, since);
      const terminating = str(entry.object, 'metadata', 'deletionTimestamp') !== '';
      if (!terminating && nowMs - since < QUARANTINE_MS) continue;
      const request = internalRequest(PODS, entry.namespace, entry.name);
      this.#tasks.run('pod-gc', () => remover.remove(request, { ...BACKGROUND, graceS: 0 }));
    }
    for (const key of this.#orphanedSinceMs.keys()) {
      if (!seen.has(key)) this.#orphanedSinceMs.delete(key);
    }
  }
}
