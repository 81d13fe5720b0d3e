import type { LinkTimers } from './sockets.ts';

export interface KeepAlive {
  readonly sent: () => void;
  readonly received: () => void;
  /** While the reader is paused, silence proves nothing: pings go on, nobody is taken for dead. */
  readonly setPaused: (paused: boolean) => void;
  readonly stop: () => void;
}

export interface KeepAliveOptions {
  readonly timers: LinkTimers;
  /** Seconds; 0 does nothing. */
  readonly keepAliveS: number;
  readonly ping: () => void;
  readonly dead: () => void;
}

const QUIET_TICKS_TO_PING = 2;
const QUIET_TICKS_TO_DEATH = 3;

/** Ticks twice a keep-alive period. A ping goes when nothing was sent for half a period (the broker waits for
 * 1.5, MQTT 5 §3.1.2.10) or nothing was heard for a whole one; half a period later the peer is dead. Counting
 * ticks instead of comparing times keeps a machine that slept from killing a live connection on waking. */
class TickingKeepAlive implements KeepAlive {
  readonly #options: KeepAliveOptions;
  #timer: { readonly cancel: () => void } | undefined;
  #sent = true;
  #quietTicks = 0;
  #paused = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#arm();
  }

  sent(): void {
    this.#sent = true;
  }

  received(): void {
    this.#quietTicks = 0;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#quietTicks = 0;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#options.keepAliveS === 0) return;
    this.#timer = this.#options.timers.after(this.#options.keepAliveS * 500, () => this.#tick());
  }

  #tick(): void {
    this.#quietTicks = this.#paused ? 0 : this.#quietTicks + 1;
    if (this.#quietTicks >= QUIET_TICKS_TO_DEATH) {
      this.#timer = undefined;
      this.#options.dead();
      return;
    }
    this.#arm();
    const pingDue = !this.#sent || this.#quietTicks >= QUIET_TICKS_TO_PING;
    this.#sent = false;
    if (pingDue) this.#options.ping();
  }
}

export function createKeepAlive(options: KeepAliveOptions): KeepAlive {
  return new TickingKeepAlive(options);
}
