import { LINK_CODES, type LinkOptions, type PausableLink } from '../link.ts';
import { createReconnectingLink } from '../reconnecting-link.ts';
import { MemoryConnection, type MemoryHub, type RoutedMessage } from './memory-connection.ts';
import { matchesFilter } from './topic-filter.ts';

/** One message on its way to one subscriber. */
export interface MemoryDelivery {
  /** Client id, or empty for `publish` and for wills. */
  readonly from: string;
  readonly to: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
}

/** `hold` keeps the message until `releaseHeld`: later ones overtake it. */
export type MemoryFault = 'deliver' | 'drop' | 'duplicate' | 'hold';

export interface MemoryBrokerOptions {
  /** Runs a task soon, in order. Default `queueMicrotask`. */
  readonly defer?: (task: () => void) => void;
  /** Timers of the links' reconnecting. Default `setTimeout`. */
  readonly after?: (delayMs: number, fire: () => void) => { readonly cancel: () => void };
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly nowMs?: () => number;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Default 65,536. */
  readonly maxPayloadBytes?: number;
  /** Messages kept for a paused subscriber before the newest are dropped, as mosquitto does. Default 1000. */
  readonly queueLimit?: number;
}

export interface MemoryBroker {
  /** `urls`, `protocol`, `keepAliveS` and `tls` of the options mean nothing here. */
  readonly createLink: (options: LinkOptions) => PausableLink;
  /** Ends a client's connection as a pulled cable would: its will is sent. False: not connected. */
  readonly cut: (clientId: string) => boolean;
  /** Every connection is lost and new ones are refused until `start`. No wills, as with a killed broker. */
  readonly stop: () => void;
  readonly start: () => void;
  /** Connects are answered with this `BL_LINK_*` code while it is set. */
  readonly refuse: (code: string | undefined) => void;
  /** Asked for each delivery; undefined delivers all. */
  readonly setFault: (fault: ((delivery: MemoryDelivery) => MemoryFault) | undefined) => void;
  readonly releaseHeld: () => void;
  /** As from a client of its own. `retain` only marks the message: nothing is stored. */
  readonly publish: (topic: string, payload: Uint8Array, qos: 0 | 1, retain?: boolean) => void;
  readonly clients: () => readonly string[];
  /** Messages dropped because a subscriber's queue was full. */
  readonly dropped: () => number;
}

/** A broker and its links inside one process, for tests: topic filters, QoS 0 and 1, wills, take-over of a client
 * id, clean sessions, and faults on demand. Nothing is delivered before the current task has ended. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  return new InProcessBroker(options);
}

class InProcessBroker implements MemoryBroker, MemoryHub {
  readonly #options: MemoryBrokerOptions;
  readonly #connections = new Map<string, MemoryConnection>();
  #fault: ((delivery: MemoryDelivery) => MemoryFault) | undefined;
  #held: (() => void)[] = [];
  #refusal: string | undefined;
  #running = true;
  #dropped = 0;

  constructor(options: MemoryBrokerOptions) {
    this.#options = options;
  }

  get maxPayloadBytes(): number {
    return this.#options.maxPayloadBytes ?? 65_536;
  }

  readonly createLink = (options: LinkOptions): PausableLink =>
    createReconnectingLink({
      // The shared checks want a URL, and one level is as good as another.
      options: { ...options, urls: ['mqtt://memory'], protocol: 5 },
      after: this.#options.after ?? afterDelay,
      nowMs: this.#options.nowMs ?? (() => performance.now()),
      random: this.#options.random ?? Math.random,
      connect: (_attempt, events) => {
        const connection = new MemoryConnection(options, events, this);
        this.defer(() => connection.open());
        return connection;
      },
    });

  readonly cut = (clientId: string): boolean => {
    const connection = this.#connections.get(clientId);
    if (connection === undefined) return false;
    this.#connections.delete(clientId);
    this.#sendWill(connection);
    connection.end(LINK_CODES.closed, 'the connection was cut');
    return true;
  };

  readonly stop = (): void => {
    this.#running = false;
    const lost = [...this.#connections.values()];
    this.#connections.clear();
    this.#held = [];
    for (const connection of lost) connection.end(LINK_CODES.closed, 'the broker stopped');
  };

  readonly start = (): void => {
    this.#running = true;
  };

  readonly refuse = (code: string | undefined): void => {
    this.#refusal = code;
  };

  readonly setFault = (fault: ((delivery: MemoryDelivery) => MemoryFault) | undefined): void => {
    this.#fault = fault;
  };

  readonly releaseHeld = (): void => {
    const held = this.#held;
    this.#held = [];
    for (const deliver of held) deliver();
  };

  readonly publish = (
    topic: string,
    payload: Uint8Array,
    qos: 0 | 1,
    retain: boolean = false,
  ): void => {
    this.route('', { topic, payload: payload.slice(), qos, retain });
  };

  readonly clients = (): readonly string[] => [...this.#connections.keys()];

  readonly dropped = (): number => this.#dropped;

  /** Why a connect is refused, or undefined once the connection is admitted. */
  admit(
    connection: MemoryConnection,
  ): { readonly code: string; readonly detail: string } | undefined {
    if (!this.#running) return { code: LINK_CODES.unreachable, detail: 'the broker is stopped' };
    if (this.#refusal !== undefined) return { code: this.#refusal, detail: 'refused on demand' };
    const before = this.#connections.get(connection.clientId);
    this.#connections.set(connection.clientId, connection);
    if (before !== undefined) {
      this.#sendWill(before);
      before.end(LINK_CODES.takenOver, 'another client came with this id');
    }
    return undefined;
  }

  leave(connection: MemoryConnection): void {
    if (this.#connections.get(connection.clientId) === connection)
      this.#connections.delete(connection.clientId);
  }

  route(from: string, message: RoutedMessage): void {
    for (const connection of this.#connections.values()) {
      const granted = connection.subscriptions.filter(({ topic }) =>
        matchesFilter(topic, message.topic),
      );
      if (granted.length === 0) continue;
      const highest = granted.some(({ qos }) => qos === 1) ? 1 : 0;
      const qos = message.qos === 1 && highest === 1 ? 1 : 0;
      this.#deliver(from, connection, { ...message, qos });
    }
  }

  defer(task: () => void): void {
    (this.#options.defer ?? queueMicrotask)(task);
  }

  #deliver(from: string, to: MemoryConnection, message: RoutedMessage): void {
    const { topic, payload, qos } = message;
    const fault =
      this.#fault?.({ from, to: to.clientId, topic, payload, qos }) ?? ('deliver' as const);
    const deliver = (): void => {
      const taken = to.enqueue(message, this.#options.queueLimit ?? 1000);
      if (!taken) this.#dropped += 1;
    };
    if (fault === 'drop') return;
    if (fault === 'hold') {
      this.#held.push(deliver);
      return;
    }
    deliver();
    if (fault === 'duplicate') deliver();
  }

  #sendWill(connection: MemoryConnection): void {
    const { will } = connection;
    if (will !== undefined) this.route('', { ...will, qos: 1, retain: false });
  }
}

function afterDelay(delayMs: number, fire: () => void): { readonly cancel: () => void } {
  const timer = setTimeout(fire, delayMs);
  return { cancel: () => clearTimeout(timer) };
}
