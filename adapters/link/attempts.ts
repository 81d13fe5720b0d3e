import type { LinkUrl } from './link-url.ts';

/** Registry: reconnectMinMs, reconnectMaxMs. */
export const RECONNECT_MIN_MS = 200;
export const RECONNECT_MAX_MS = 5000;
/** A connection that lasted this long ends the back-off; shorter ones (two clients with one id) do not. */
export const STABLE_MS = 5000;

export type AttemptEnd =
  /** It was connected and subscribed. */
  | 'lost'
  /** It never got that far. */
  | 'failed'
  /** The broker said that it does not speak this level. */
  | 'version'
  /** The broker hung up on CONNECT without a word: some do so on a level that they do not know. */
  | 'silent';

export interface Attempt {
  readonly url: LinkUrl;
  readonly level: 4 | 5;
}

export interface Attempts {
  readonly next: () => Attempt;
  readonly up: () => void;
  /** `retry`: the same attempt with another level comes now, and nothing failed yet from the link's view. */
  readonly ended: (end: AttemptEnd) => { readonly delayMs: number; readonly retry: boolean };
}

export interface AttemptsOptions {
  readonly urls: readonly LinkUrl[];
  readonly protocol: 'auto' | 4 | 5;
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Decides which URL and level comes next, and when. Pure: holds no timer. */
class LinkAttempts implements Attempts {
  readonly #options: AttemptsOptions;
  readonly #refused5 = new Set<number>();
  #index = 0;
  #triedInRound = 0;
  #rounds = 0;
  #try4 = false;
  #upSinceMs: number | undefined;
  #downSinceMs: number | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  next(): Attempt {
    const { urls, protocol } = this.#options;
    const url = urls[this.#index];
    if (url === undefined) throw new RangeError('attempts need a URL');
    if (protocol !== 'auto') return { url, level: protocol };
    return { url, level: this.#try4 || this.#refused5.has(this.#index) ? 4 : 5 };
  }

  up(): void {
    this.#upSinceMs = this.#options.nowMs();
  }

  ended(end: AttemptEnd): { readonly delayMs: number; readonly retry: boolean } {
    const level = this.next().level;
    const mayFallBack = this.#options.protocol === 'auto' && level === 5;
    this.#try4 = false;
    if (mayFallBack && end === 'version') {
      this.#refused5.add(this.#index);
      return { delayMs: 0, retry: true };
    }
    if (mayFallBack && end === 'silent') {
      // Not remembered: a broker that was just restarting must not be held to 3.1.1 for ever.
      this.#try4 = true;
      return { delayMs: 0, retry: true };
    }
    return { delayMs: end === 'lost' ? this.#afterLoss() : this.#afterFailure(), retry: false };
  }

  #afterLoss(): number {
    const now = this.#options.nowMs();
    if (this.#upSinceMs !== undefined && now - this.#upSinceMs >= STABLE_MS) {
      this.#rounds = 0;
      this.#downSinceMs = now;
    }
    this.#upSinceMs = undefined;
    this.#triedInRound = 0;
    return this.#backOff();
  }

  /** The other URLs are tried at once; only a whole round without success waits. */
  #afterFailure(): number {
    this.#index = (this.#index + 1) % this.#options.urls.length;
    this.#triedInRound += 1;
    if (this.#triedInRound < this.#options.urls.length) return 0;
    this.#triedInRound = 0;
    return this.#backOff();
  }

  /** Full jitter under a doubling ceiling, so that a fleet does not come back in step; and never more than half
   * of the outage so far, so that a short outage is not followed by a long wait. */
  #backOff(): number {
    const now = this.#options.nowMs();
    this.#downSinceMs ??= now;
    const doubled = RECONNECT_MIN_MS * 2 ** Math.min(this.#rounds, 10);
    const half = Math.max(RECONNECT_MIN_MS, (now - this.#downSinceMs) / 2);
    this.#rounds += 1;
    return this.#options.random() * Math.min(doubled, half, RECONNECT_MAX_MS);
  }
}

export function createAttempts(options: AttemptsOptions): Attempts {
  return new LinkAttempts(options);
}
