/** A connection between the socket and aedes that no client can overrun: packets over the limit end it, a flood is slowed by
 * not reading (TCP's own back-pressure) and then ended, and what waits for a slow reader is bounded. aedes itself buffers
 * a packet of up to 256 MB, and waits for a slow client before it serves the others. */
import { Duplex } from 'node:stream';
import { createPacketMeter } from './packet-meter.ts';

export type GuardCode =
  | 'BL_BROKER_TOO_LARGE'
  | 'BL_BROKER_NOT_MQTT'
  | 'BL_BROKER_FLOOD'
  | 'BL_BROKER_SLOW_CONSUMER';

type WriteDone = (error: Error | null | undefined) => void;

/** Undefined rates: not limited (the bridge). */
export interface GuardRules {
  readonly packetBytes: number;
  readonly queuedBytes: number;
  readonly rates?: {
    readonly packetBurst: number;
    readonly packetsPerS: number;
    readonly byteBurst: number;
    readonly bytesPerS: number;
    readonly floodMs: number;
  };
}
export interface GuardOptions {
  readonly inner: Duplex;
  readonly rules: GuardRules;
  readonly nowMs: () => number;
  readonly onThrottle: () => void;
  readonly onViolation: (code: GuardCode) => void;
}

export class GuardedStream extends Duplex {
  readonly #inner: Duplex;
  readonly #options: GuardOptions;
  readonly #meter = createPacketMeter();
  #rules: GuardRules;
  /** Shares of the bursts that are left, 0 to 1; below 0 is a debt that waiting repays. */
  #packetsLeft = 1;
  #bytesLeft = 1;
  #atMs: number;
  #throttledSinceMs: number | undefined;
  #resume: NodeJS.Timeout | undefined;
  #full = false;

  constructor(options: GuardOptions) {
    super({ allowHalfOpen: false, writableHighWaterMark: Number.MAX_SAFE_INTEGER });
    this.#inner = options.inner;
    this.#options = options;
    this.#rules = options.rules;
    this.#atMs = options.nowMs();
    const { inner } = options;
    inner.on('data', (chunk: Buffer) => this.#take(chunk));
    inner.on('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => this.destroy());
  }

  /** The client has a name now. */
  setRules(rules: GuardRules): void {
    this.#rules = rules;
  }

  override _read(): void {
    this.#full = false;
    if (this.#resume === undefined) this.#inner.resume();
  }

  override _write(
    chunk: Uint8Array,
    _: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#inner.write(chunk, done);
  }

  override _writev(
    chunks: { readonly chunk: Uint8Array }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#inner.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  /** aedes writes through here; true as long as the client is not too slow, so it never waits for one. */
  override write(chunk: unknown, done?: WriteDone): boolean;
  override write(chunk: unknown, encoding: BufferEncoding, done?: WriteDone): boolean;
  override write(chunk: unknown, second?: BufferEncoding | WriteDone, done?: WriteDone): boolean {
    if (typeof second === 'string') super.write(chunk, second, done);
    else super.write(chunk, second);
    if (this.writableLength > this.#rules.queuedBytes) this.#violate('BL_BROKER_SLOW_CONSUMER');
    return true;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#resume);
    this.#inner.destroy();
    done(error);
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return;
    const counted = this.#meter.feed(chunk, this.#rules.packetBytes);
    if (!counted.ok) {
      this.#violate(counted.code);
      return;
    }
    if (this.#charge(counted.packets, chunk.length) === 'flood') {
      this.#violate('BL_BROKER_FLOOD');
      return;
    }
    if (!this.push(chunk)) {
      this.#full = true;
      this.#inner.pause();
    }
  }

  #charge(packets: number, bytes: number): 'ok' | 'flood' {
    const { rates } = this.#rules;
    if (rates === undefined) return 'ok';
    const nowMs = this.#options.nowMs();
    const elapsedS = (nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    const packetShare = rates.packetsPerS / rates.packetBurst;
    const byteShare = rates.bytesPerS / rates.byteBurst;
    const packetsLeft = Math.min(1, this.#packetsLeft + elapsedS * packetShare);
    const bytesLeft = Math.min(1, this.#bytesLeft + elapsedS * byteShare);
    if (Math.min(packetsLeft, bytesLeft) > 0.5) this.#throttledSinceMs = undefined;
    this.#packetsLeft = packetsLeft - packets / rates.packetBurst;
    this.#bytesLeft = bytesLeft - bytes / rates.byteBurst;
    const debtS = Math.max(-this.#packetsLeft / packetShare, -this.#bytesLeft / byteShare);
    if (debtS <= 0) return 'ok';
    return this.#throttle(nowMs, debtS * 1000, rates.floodMs);
  }

  #throttle(nowMs: number, debtMs: number, floodMs: number): 'ok' | 'flood' {
    if (this.#throttledSinceMs === undefined) {
      this.#throttledSinceMs = nowMs;
      this.#options.onThrottle();
    }
    if (nowMs - this.#throttledSinceMs >= floodMs) return 'flood';
    if (this.#resume !== undefined) return 'ok';
    this.#inner.pause();
    this.#resume = setTimeout(() => {
      this.#resume = undefined;
      if (!this.#full) this.#inner.resume();
    }, Math.ceil(debtMs));
    return 'ok';
  }

  #violate(code: GuardCode): void {
    if (this.destroyed) return;
    this.#options.onViolation(code);
    this.destroy();
  }
}
