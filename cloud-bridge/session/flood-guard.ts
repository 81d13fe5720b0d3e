/** What one link may ask of the bridge: two token buckets, so that a flood costs its sender alone. */

export interface FloodLimits {
  /** Sustained; a burst of ten seconds' worth is allowed. */
  readonly messagesPerS: number;
  readonly bytesPerS: number;
}

const BURST_S = 10;
/** Rubbish costs as much as so many messages. */
const RUBBISH_COST = 20;

export class FloodGuard {
  readonly #limits: FloodLimits;
  #messages: number;
  #bytes: number;
  #at: number;
  #dropped = 0;

  constructor(limits: FloodLimits, nowMs: number) {
    this.#limits = limits;
    this.#messages = limits.messagesPerS * BURST_S;
    this.#bytes = limits.bytesPerS * BURST_S;
    this.#at = nowMs;
  }

  /** Messages that were not let through. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False: over the limits; the message is to be dropped unread. */
  admit(bytes: number, nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#messages < 1 || this.#bytes < bytes) {
      this.#dropped++;
      return false;
    }
    this.#messages--;
    this.#bytes -= bytes;
    return true;
  }

  rubbish(): void {
    this.#messages = Math.max(0, this.#messages - RUBBISH_COST);
  }

  #refill(nowMs: number): void {
    const seconds = (nowMs - this.#at) / 1000;
    if (seconds <= 0) return;
    this.#at = nowMs;
    const { messagesPerS, bytesPerS } = this.#limits;
    this.#messages = Math.min(messagesPerS * BURST_S, this.#messages + seconds * messagesPerS);
    this.#bytes = Math.min(bytesPerS * BURST_S, this.#bytes + seconds * bytesPerS);
  }
}
