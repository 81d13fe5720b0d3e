/** At most one timer per pod. */
import type { Clock, Timer, Timers } from '../host.ts';

/** A timer that is far away is armed anew: 2^31 ms is the most that a host's timer holds. */
const LONGEST_TIMER_MS = 3_600_000;

export class Alarms {
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #ring: (uid: string) => void;
  readonly #armed = new Map<string, Timer>();

  constructor(timers: Timers, clock: Clock, ring: (uid: string) => void) {
    this.#timers = timers;
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Replaces the pod's alarm; `atMs` on the monotonic clock, undefined: none. It may ring early, never late. */
  set(uid: string, atMs: number | undefined): void {
    this.#armed.get(uid)?.cancel();
    this.#armed.delete(uid);
    if (atMs === undefined) return;
    const delayMs = Math.min(Math.max(0, atMs - this.#clock.monotonicMs()), LONGEST_TIMER_MS);
    const timer = this.#timers.after(delayMs, () => {
      this.#armed.delete(uid);
      this.#ring(uid);
    });
    this.#armed.set(uid, timer);
  }

  clear(): void {
    for (const timer of this.#armed.values()) timer.cancel();
    this.#armed.clear();
  }
}
