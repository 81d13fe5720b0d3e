/** The two directions of a stream: offsets, credit, and what is kept until it is acknowledged (docs/protocol.md §5, T0–T3). */

/** No credit for so long while bytes are unacknowledged: send them again; doubles up to the maximum. */
export const RETRY_MS = 1000;
export const RETRY_MAX_MS = 8000;
/** Acknowledgements of small data wait so long for more. */
export const CREDIT_DELAY_MS = 200;
/** A quiet reader repeats its credit so often, so that a lost end is noticed. */
export const CREDIT_IDLE_MS = 30_000;
/** The same acknowledgement is not repeated within this time, however much arrives out of order. */
const REPEAT_GAP_MS = 50;

/** Bytes to send, from the first that is not acknowledged. */
export class OutHalf {
  readonly #windowBytes: number;
  #queue: Uint8Array[] = [];
  /** Offset of the queue's first byte. */
  #base = 0;
  #acked = 0;
  #total = 0;
  #sent = 0;
  #limit = 0;
  #retryAt = Number.POSITIVE_INFINITY;
  #retryMs = RETRY_MS;
  #resentAt = Number.NEGATIVE_INFINITY;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  get retryAt(): number {
    return this.#retryAt;
  }
  get total(): number {
    return this.#total;
  }
  get drained(): boolean {
    return this.#acked === this.#total;
  }
  /** Room for a write that was refused before. */
  get roomy(): boolean {
    return this.#total - this.#acked <= this.#windowBytes / 2;
  }

  /** False: the window is full, nothing was taken. The bytes are copied. */
  write(bytes: Uint8Array): boolean {
    const held = this.#total - this.#acked;
    if (held > 0 && held + bytes.length > this.#windowBytes) return false;
    this.#queue.push(bytes.slice());
    this.#total += bytes.length;
    return true;
  }

  /** Next bytes that credit allows, at most `maxBytes`; undefined: nothing may be sent now. */
  next(maxBytes: number): { readonly off: number; readonly bytes: Uint8Array } | undefined {
    const room = Math.min(this.#total, this.#limit) - this.#sent;
    if (room <= 0) return undefined;
    let start = this.#base;
    for (const part of this.#queue) {
      const skip = this.#sent - start;
      if (skip < part.length)
        return { off: this.#sent, bytes: part.subarray(skip, skip + Math.min(room, maxBytes)) };
      start += part.length;
    }
    return undefined;
  }

  sent(length: number, nowMs: number): void {
    this.#sent += length;
    if (this.#retryAt === Number.POSITIVE_INFINITY) this.#retryAt = nowMs + this.#retryMs;
  }

  /** What was handed on from `off` never left: it is next again. */
  unsent(off: number): void {
    this.#sent = Math.max(this.#acked, Math.min(this.#sent, off));
  }

  /** Waits for credit with nothing under way: a probe is due at `retryAt`. */
  blocked(nowMs: number): void {
    if (this.#total > this.#acked && this.#retryAt === Number.POSITIVE_INFINITY)
      this.#retryAt = nowMs + this.#retryMs;
  }

  /** False: it acknowledges what was never sent. */
  credit(ack: number, limit: number, nowMs: number): boolean {
    if (ack > this.#total) return false;
    const repeated = ack === this.#acked && limit <= this.#limit;
    if (ack > this.#acked) this.#acknowledge(ack, nowMs);
    if (limit > this.#limit) this.#limit = limit;
    if (repeated && this.#sent > ack && nowMs - this.#resentAt >= RETRY_MS / 10)
      this.#resume(nowMs);
    return true;
  }

  /** The retry time has come: everything from the last acknowledged byte again. */
  retry(nowMs: number): void {
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    this.#retryAt = nowMs + this.#retryMs;
    this.#resume(nowMs);
  }

  #resume(nowMs: number): void {
    this.#sent = this.#acked;
    this.#resentAt = nowMs;
  }

  #acknowledge(ack: number, nowMs: number): void {
    this.#acked = ack;
    this.#sent = Math.max(this.#sent, ack);
    let drop = 0;
    for (const part of this.#queue) {
      if (this.#base + part.length > ack) break;
      this.#base += part.length;
      drop++;
    }
    if (drop > 0) this.#queue.splice(0, drop);
    this.#retryMs = RETRY_MS;
    this.#retryAt = ack < this.#total ? nowMs + RETRY_MS : Number.POSITIVE_INFINITY;
  }
}

/** What arrived data asks for. `over`: the peer sent beyond its credit. */
export type InOutcome = 'over' | 'credit' | 'quiet';

export class InHalf {
  readonly #windowBytes: number;
  #expected = 0;
  #limit = 0;
  #told = 0;
  #creditAt: number;
  #creditSentAt = Number.NEGATIVE_INFINITY;
  #paused = false;

  constructor(windowBytes: number, nowMs: number) {
    this.#windowBytes = windowBytes;
    this.#creditAt = nowMs + CREDIT_IDLE_MS;
  }

  get creditAt(): number {
    return this.#creditAt;
  }

  /** Cuts duplicates by offset and hands the new bytes to `take`. */
  data(off: number, bytes: Uint8Array, nowMs: number, take: (b: Uint8Array) => void): InOutcome {
    // Empty data is a probe: it may name the end of what its sender still holds back.
    if (bytes.length > 0 && off + bytes.length > this.#limit) return 'over';
    const skip = this.#expected - off;
    if (skip < 0 || skip >= bytes.length) return this.#repeat(nowMs);
    this.#expected += bytes.length - skip;
    take(skip === 0 ? bytes : bytes.subarray(skip));
    if (this.#paused) return 'quiet';
    if (this.#expected - this.#told >= this.#windowBytes / 4) return 'credit';
    this.#creditAt = Math.min(this.#creditAt, nowMs + CREDIT_DELAY_MS);
    return 'quiet';
  }

  pause(): void {
    this.#paused = true;
  }
  resume(): void {
    this.#paused = false;
  }

  /** Ack and limit for a credit that is sent now. */
  grant(nowMs: number): { readonly ack: number; readonly limit: number } {
    if (!this.#paused) this.#limit = this.#expected + this.#windowBytes;
    this.#told = this.#expected;
    this.#creditSentAt = nowMs;
    this.#creditAt = nowMs + CREDIT_IDLE_MS;
    return { ack: this.#expected, limit: this.#limit };
  }

  #repeat(nowMs: number): InOutcome {
    if (this.#told < this.#expected || nowMs - this.#creditSentAt >= REPEAT_GAP_MS) return 'credit';
    this.#creditAt = Math.min(this.#creditAt, nowMs + REPEAT_GAP_MS);
    return 'quiet';
  }
}
