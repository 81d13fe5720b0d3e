import { BoardletError } from '../../wire/errors.ts';
import { LINK_CODES, type LinkOptions } from '../link.ts';
import type { ConnectionEvents, LinkConnection, OutgoingMessage } from '../reconnecting-link.ts';

export interface RoutedMessage extends OutgoingMessage {
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** What a connection needs of its broker. */
export interface MemoryHub {
  readonly maxPayloadBytes: number;
  readonly admit: (
    connection: MemoryConnection,
  ) => { readonly code: string; readonly detail: string } | undefined;
  readonly leave: (connection: MemoryConnection) => void;
  readonly route: (from: string, message: RoutedMessage) => void;
  readonly defer: (task: () => void) => void;
}

const DEFAULT_IN_FLIGHT_LIMIT = 16;
/** Published and not yet taken by the broker, bytes: stands for a socket's buffer. */
const HIGH_WATER_BYTES = 65_536;

type Phase = 'opening' | 'up' | 'ended';

export class MemoryConnection implements LinkConnection {
  readonly #options: LinkOptions;
  readonly #events: ConnectionEvents;
  readonly #hub: MemoryHub;
  readonly #inFlight = new Set<(ok: boolean) => void>();
  #will: OutgoingMessage | undefined;
  #phase: Phase = 'opening';
  #outgoingBytes = 0;
  #refused = false;
  #paused = false;
  #queue: RoutedMessage[] = [];
  #draining = false;

  constructor(options: LinkOptions, events: ConnectionEvents, hub: MemoryHub) {
    this.#options = options;
    this.#events = events;
    this.#hub = hub;
  }

  get clientId(): string {
    return this.#options.clientId;
  }

  get subscriptions(): LinkOptions['subscriptions'] {
    return this.#options.subscriptions;
  }

  get will(): OutgoingMessage | undefined {
    return this.#will;
  }

  open(): void {
    if (this.#phase !== 'opening') return;
    this.#will = this.#options.will();
    const refused = this.#hub.admit(this);
    if (refused !== undefined) {
      this.end(refused.code, refused.detail);
      return;
    }
    this.#phase = 'up';
    this.#events.onUp({
      maxPayloadBytes: this.#hub.maxPayloadBytes,
      protocolLevel: 0,
      topicAlias: false,
    });
  }

  readonly isUp = (): boolean => this.#phase === 'up';

  readonly publish = (
    message: OutgoingMessage,
    qos: 0 | 1,
    done: ((ok: boolean) => void) | undefined,
  ): boolean => {
    if (this.#phase !== 'up') return false;
    const { length } = message.payload;
    if (length > this.#hub.maxPayloadBytes)
      throw new BoardletError(
        LINK_CODES.payload,
        `a payload of ${length} bytes is over the limit of ${this.#hub.maxPayloadBytes}`,
      );
    const limit = this.#options.inFlightLimit ?? DEFAULT_IN_FLIGHT_LIMIT;
    const full = qos === 1 && this.#inFlight.size >= limit;
    if (full || this.#outgoingBytes > HIGH_WATER_BYTES) {
      this.#refused = true;
      return false;
    }
    this.#send(message, qos, done);
    return true;
  };

  readonly pause = (): void => {
    this.#paused = true;
  };

  readonly resume = (): void => {
    this.#paused = false;
    this.#scheduleDrain();
  };

  readonly close = (farewell?: OutgoingMessage, gone?: () => void): void => {
    if (this.#phase === 'up' && farewell !== undefined)
      this.#hub.route(this.clientId, {
        topic: farewell.topic,
        payload: farewell.payload.slice(),
        qos: 1,
        retain: false,
      });
    this.#hub.leave(this);
    this.#release();
    gone?.();
  };

  /** False: the queue is full and the message is gone. */
  enqueue(message: RoutedMessage, limit: number): boolean {
    if (this.#phase !== 'up') return true;
    if (this.#queue.length >= limit) return false;
    this.#queue.push(message);
    this.#scheduleDrain();
    return true;
  }

  end(code: string, detail: string): void {
    if (this.#phase === 'ended') return;
    const kind = this.#phase === 'up' ? 'lost' : 'failed';
    this.#hub.leave(this);
    this.#release();
    this.#events.onEnd({ code, detail, kind });
  }

  #send(message: OutgoingMessage, qos: 0 | 1, done: ((ok: boolean) => void) | undefined): void {
    const copy: RoutedMessage = {
      topic: message.topic,
      payload: message.payload.slice(),
      qos,
      retain: false,
    };
    const settle = (ok: boolean): void => done?.(ok);
    if (qos === 1) this.#inFlight.add(settle);
    this.#outgoingBytes += copy.payload.length;
    this.#hub.defer(() => {
      if (this.#phase !== 'up') return;
      this.#outgoingBytes -= copy.payload.length;
      this.#hub.route(this.clientId, copy);
      if (this.#inFlight.delete(settle)) settle(true);
      this.#tellRoom();
    });
    if (qos === 0) settle(true);
  }

  #scheduleDrain(): void {
    if (this.#draining || this.#paused) return;
    this.#draining = true;
    this.#hub.defer(() => {
      this.#draining = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#phase === 'up' && !this.#paused) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      if (!message.retain) this.#options.handlers.onMessage(message.topic, message.payload.slice());
    }
  }

  #tellRoom(): void {
    if (this.#phase !== 'up' || !this.#refused || this.#outgoingBytes > HIGH_WATER_BYTES) return;
    this.#refused = false;
    this.#options.handlers.onDrain();
  }

  #release(): void {
    this.#phase = 'ended';
    this.#queue = [];
    const dropped = [...this.#inFlight];
    this.#inFlight.clear();
    for (const settle of dropped) settle(false);
  }
}
