/** R5: under load boards are told to send less often, and more often again when it is over. */

/** Messages a second, over all links, that one process takes with ease. */
export const BUSY_PER_S = 5000;

const WINDOW_MS = 5000;
const MAX_PACE_MS = 10_000;
/** Below this share of the limit the pace is shortened again. */
const CALM_SHARE = 0.25;

export class PaceGovernor {
  readonly #baseMs: number;
  readonly #busyPerS: number;
  #paceMs: number;
  #count = 0;
  #from = Number.NEGATIVE_INFINITY;

  constructor(baseMs: number, busyPerS: number) {
    this.#baseMs = baseMs;
    this.#busyPerS = busyPerS;
    this.#paceMs = baseMs;
  }

  get paceMs(): number {
    return this.#paceMs;
  }

  /** Counts one message; true when the pace has changed. */
  count(nowMs: number): boolean {
    this.#count++;
    const elapsed = nowMs - this.#from;
    if (elapsed < WINDOW_MS) return false;
    const perS = elapsed > 2 * WINDOW_MS ? 0 : (this.#count * 1000) / elapsed;
    this.#from = nowMs;
    this.#count = 0;
    const before = this.#paceMs;
    if (perS > this.#busyPerS)
      this.#paceMs = Math.min(Math.max(MAX_PACE_MS, this.#baseMs), Math.max(1, before) * 2);
    else if (perS < this.#busyPerS * CALM_SHARE) this.#paceMs = Math.max(this.#baseMs, before / 2);
    return this.#paceMs !== before;
  }
}
