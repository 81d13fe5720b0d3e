import type { Clock, Logger } from '../contract.ts';
import { tooMany } from '../fault.ts';
import type { Store } from '../store/store.ts';
import type { Watch } from './watch.ts';

export interface HubLimits {
  readonly watchers: number;
  readonly bookmarkMs: number;
  readonly stalledWatchMs: number;
}

/** All open watches: wakes them on commits, sends bookmarks, cuts those whose reader has stalled. */
export class WatchHub {
  readonly #store: Store;
  readonly #limits: HubLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #watches = new Map<string, Set<Watch>>();
  #count = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(store: Store, limits: HubLimits, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#limits = limits;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#store.onCommit((storage) => {
      for (const watch of this.#watches.get(storage) ?? []) watch.pump();
    });
    const { bookmarkMs, stalledWatchMs } = this.#limits;
    this.#timers = [
      setInterval(() => this.#bookmark(), bookmarkMs),
      setInterval(() => this.#cutStalled(), Math.max(10, stalledWatchMs / 4)),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const watch of this.#all()) watch.end();
    this.#watches.clear();
    this.#count = 0;
  }

  *#all(): Iterable<Watch> {
    for (const watches of this.#watches.values()) yield* [...watches];
  }

  get size(): number {
    return this.#count;
  }

  /** Throws 429 when there are too many watches already. */
  admit(): void {
    if (this.#count >= this.#limits.watchers) {
      throw tooMany(`too many watches: ${this.#limits.watchers} are open`);
    }
  }

  add(watch: Watch): void {
    let watches = this.#watches.get(watch.storage);
    if (watches === undefined) {
      watches = new Set();
      this.#watches.set(watch.storage, watches);
    }
    watches.add(watch);
    this.#count++;
    watch.pump();
  }

  remove(watch: Watch): void {
    if (this.#watches.get(watch.storage)?.delete(watch) === true) this.#count--;
  }

  /** Ends all watches of a kind that is no longer served. */
  endAll(storage: string): void {
    for (const watch of [...(this.#watches.get(storage) ?? [])]) watch.end();
  }

  #bookmark(): void {
    for (const watch of this.#all()) watch.bookmark(this.#store.revision);
  }

  #cutStalled(): void {
    const nowMs = this.#clock.now();
    for (const watch of this.#all()) {
      if (watch.stalledMs(nowMs) < this.#limits.stalledWatchMs) continue;
      this.#logger.warn('watch.stalled', { storage: watch.storage });
      watch.cut();
      this.remove(watch);
    }
  }
}
