import { type Attempt, type AttemptEnd, type Attempts, createAttempts } from './attempts.ts';
import { LINK_CODES, type LinkCapabilities, type LinkOptions, type PausableLink } from './link.ts';
import { checkLinkOptions } from './link-url.ts';

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

export interface ConnectionEnd {
  readonly code: string;
  readonly detail: string;
  readonly kind: AttemptEnd;
}

export interface ConnectionEvents {
  readonly onUp: (capabilities: LinkCapabilities) => void;
  /** Once, and nothing comes after it; not after `close`. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

/** One connection, never used twice; messages and drains go to the link's handlers directly. */
export interface LinkConnection {
  readonly isUp: () => boolean;
  readonly publish: (
    message: OutgoingMessage,
    qos: 0 | 1,
    done: ((ok: boolean) => void) | undefined,
  ) => boolean;
  readonly pause: () => void;
  readonly resume: () => void;
  /** No event comes after this. `gone` is called once, when the connection is closed: by then the peer has read DISCONNECT. */
  readonly close: (farewell?: OutgoingMessage, gone?: () => void) => void;
}

export interface ReconnectingLinkOptions {
  readonly options: LinkOptions;
  readonly after: (delayMs: number, fire: () => void) => { readonly cancel: () => void };
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Starts an attempt; events come after it has returned. */
  readonly connect: (attempt: Attempt, events: ConnectionEvents) => LinkConnection;
  /** End codes after which trying again is of no use. */
  readonly finalCodes?: readonly string[];
}

/** How long `reconnect` waits for the old connection to be closed. A broker that sees the same client id come before it has
 * read DISCONNECT takes that for a take-over, and sends the will (MQTT 5 §3.1.2.5). */
const GONE_TIMEOUT_MS = 2000;

/** What every link over a broker shares: attempts in turn, state, and what outlives a connection.
 * @throws BoardletError BL_LINK_OPTIONS */
export function createReconnectingLink(setup: ReconnectingLinkOptions): PausableLink {
  return new ReconnectingLink(setup);
}

class ReconnectingLink implements PausableLink {
  readonly #setup: ReconnectingLinkOptions;
  readonly #attempts: Attempts;
  #connection: LinkConnection | undefined;
  #retry: { readonly cancel: () => void } | undefined;
  #started = false;
  #closed = false;
  #paused = false;

  constructor(setup: ReconnectingLinkOptions) {
    this.#setup = setup;
    this.#attempts = createAttempts({
      urls: checkLinkOptions(setup.options),
      protocol: setup.options.protocol,
      nowMs: setup.nowMs,
      random: setup.random,
    });
  }

  readonly start = (): void => {
    if (this.#started || this.#closed) return;
    this.#started = true;
    this.#connect();
  };

  readonly connected = (): boolean => this.#connection?.isUp() ?? false;

  readonly publish = (
    topic: string,
    payload: Uint8Array,
    qos: 0 | 1,
    done?: (ok: boolean) => void,
  ): boolean => this.#connection?.publish({ topic, payload }, qos, done) ?? false;

  readonly pause = (): void => {
    this.#paused = true;
    if (this.connected()) this.#connection?.pause();
  };

  readonly resume = (): void => {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.connected()) this.#connection?.resume();
  };

  readonly reconnect = (): void => {
    const connection = this.#connection;
    if (this.#closed || connection === undefined) return;
    const wasUp = connection.isUp();
    this.#connection = undefined;
    const timer = this.#setup.after(GONE_TIMEOUT_MS, () => this.#connect());
    this.#retry = timer;
    connection.close(undefined, () => {
      // Through the timer even now, so that a connection that is gone at once does not connect inside `reconnect`.
      if (this.#closed || this.#retry !== timer) return;
      timer.cancel();
      this.#retry = this.#setup.after(0, () => this.#connect());
    });
    if (wasUp)
      this.#setup.options.handlers.onDown(LINK_CODES.renewed, 'a new connection was asked for');
  };

  readonly close = (farewell?: OutgoingMessage): void => {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    this.#connection?.close(farewell);
    this.#connection = undefined;
  };

  #connect(): void {
    this.#retry = undefined;
    this.#connection = this.#setup.connect(this.#attempts.next(), {
      onUp: (capabilities) => {
        this.#attempts.up();
        if (this.#paused) this.#connection?.pause();
        this.#setup.options.handlers.onUp(capabilities);
      },
      onEnd: (end) => this.#onEnd(end),
    });
  }

  #onEnd(end: ConnectionEnd): void {
    this.#connection = undefined;
    const { delayMs, retry } = this.#attempts.ended(end.kind);
    const final = this.#setup.finalCodes?.includes(end.code) ?? false;
    // Through the timer even at 0 ms: hosts whose sockets fail at once must not recurse.
    if (!this.#closed && !final) this.#retry = this.#setup.after(delayMs, () => this.#connect());
    if (!retry) this.#setup.options.handlers.onDown(end.code, end.detail);
  }
}
