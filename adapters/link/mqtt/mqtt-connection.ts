import type { IConnackPacket, IPublishPacket, ISubscriptionGrant, MqttClient, Packet } from 'mqtt';
import { BoardletError } from '../../wire/errors.ts';
import type { Attempt } from '../attempts.ts';
import { encodeDisconnect } from '../lean/encode.ts';
import { refusal } from '../lean/reasons.ts';
import {
  DEFAULT_MAX_PACKET_BYTES,
  LINK_CODES,
  type LinkOptions,
  PACKET_OVERHEAD_BYTES,
} from '../link.ts';
import type {
  ConnectionEnd,
  ConnectionEvents,
  LinkConnection,
  OutgoingMessage,
} from '../reconnecting-link.ts';
import { classifyError } from './classify-error.ts';
import { asBuffer, CONNECT_TIMEOUT_MS, clientOptions } from './client-options.ts';
import { loadPeer } from './load-mqtt.ts';

export const DEFAULT_IN_FLIGHT_LIMIT = 400;
/** Bytes waiting in the socket above which `publish` answers false. */
export const HIGH_WATER_BYTES = 1_048_576;
export const FAREWELL_TIMEOUT_MS = 1000;
/** How long an ended socket may take to flush before it is destroyed. */
const LINGER_MS = 1000;
const QOS_0 = { qos: 0 } as const;
const QOS_1 = { qos: 1 } as const;

type Phase = 'opening' | 'subscribing' | 'up' | 'closing' | 'ended';

export function connectMqtt(
  attempt: Attempt,
  options: LinkOptions,
  events: ConnectionEvents,
): LinkConnection {
  const connection = new MqttConnection(attempt, options, events);
  loadPeer(() => import('mqtt')).then(
    (mqtt) => connection.open(mqtt.connect),
    (error: unknown) => connection.fail(error),
  );
  return connection;
}

/** One client of the package for one connection: thrown away at its end, and its queues with it. */
class MqttConnection implements LinkConnection {
  readonly #attempt: Attempt;
  readonly #options: LinkOptions;
  readonly #events: ConnectionEvents;
  readonly #maxPacketBytes: number;
  #client: MqttClient | undefined;
  #phase: Phase = 'opening';
  #inFlightLimit = 0;
  #inFlight = new Set<(ok: boolean) => void>();
  #maxPayloadBytes = 0;
  #refused = false;
  #paused = false;
  #held: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pausedPings: NodeJS.Timeout | undefined;

  constructor(attempt: Attempt, options: LinkOptions, events: ConnectionEvents) {
    this.#attempt = attempt;
    this.#options = options;
    this.#events = events;
    this.#maxPacketBytes = options.maxPacketBytes ?? DEFAULT_MAX_PACKET_BYTES;
  }

  open(connect: (options: ReturnType<typeof clientOptions>) => MqttClient): void {
    if (this.#phase !== 'opening') return;
    const client = connect(clientOptions(this.#attempt, this.#options));
    this.#client = client;
    const { stream } = client;
    if ('setNoDelay' in stream && typeof stream.setNoDelay === 'function') stream.setNoDelay(true);
    stream.on('drain', () => this.#tellRoom());
    client.handleMessage = (packet, done) => this.#onPublish(packet, done);
    client.on('packetreceive', (packet) => this.#refuseQos2(packet));
    client.on('connect', (connack) => this.#onConnack(connack));
    client.on('disconnect', (packet) => {
      const refused = refusal(packet.reasonCode ?? 0, 5);
      this.#end({ code: refused.code, detail: refused.detail, kind: 'failed' });
    });
    client.on('error', (error) => this.#end(classifyError(error, this.#attempt.level)));
    client.on('close', () => this.#onClose());
  }

  fail(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.#end({ code: LINK_CODES.missingPeer, detail, kind: 'failed' });
  }

  readonly isUp = (): boolean => this.#phase === 'up';

  readonly publish = (
    message: OutgoingMessage,
    qos: 0 | 1,
    done: ((ok: boolean) => void) | undefined,
  ): boolean => {
    const client = this.#client;
    if (this.#phase !== 'up' || client === undefined) return false;
    const { length } = message.payload;
    if (length > this.#maxPayloadBytes)
      throw new BoardletError(
        LINK_CODES.payload,
        `a payload of ${length} bytes is over the limit of ${this.#maxPayloadBytes}`,
      );
    const full = qos === 1 && this.#inFlight.size >= this.#inFlightLimit;
    if (full || client.stream.writableLength > HIGH_WATER_BYTES) {
      this.#refused = true;
      return false;
    }
    if (qos === 1) {
      this.#publishCounted(client, message, done);
    } else {
      client.publish(message.topic, asBuffer(message.payload), QOS_0);
      done?.(true);
    }
    return true;
  };

  readonly pause = (): void => {
    if (this.#paused) return;
    this.#paused = true;
    // Answers to pings wait unread behind the messages, so the package's own timer would take the broker for dead.
    const periodMs = this.#options.keepAliveS * 500;
    if (periodMs > 0)
      this.#pausedPings = setInterval(() => {
        this.#client?.sendPing();
        this.#client?.reschedulePing(true);
      }, periodMs);
  };

  readonly resume = (): void => {
    this.#paused = false;
    clearInterval(this.#pausedPings);
    const held = this.#held;
    this.#held = [];
    for (const deliver of held) deliver();
  };

  readonly close = (farewell?: OutgoingMessage, gone?: () => void): void => {
    const client = this.#client;
    if (gone !== undefined) {
      if (client === undefined || client.stream.closed) gone();
      else client.stream.once('close', gone);
    }
    if (this.#phase !== 'up' || farewell === undefined || client === undefined) {
      this.#goodbye();
      return;
    }
    this.#phase = 'closing';
    this.resume();
    this.#timer = setTimeout(() => this.#goodbye(), FAREWELL_TIMEOUT_MS);
    client.publish(farewell.topic, asBuffer(farewell.payload), QOS_1, () => this.#goodbye());
  };

  #publishCounted(
    client: MqttClient,
    message: OutgoingMessage,
    done: ((ok: boolean) => void) | undefined,
  ): void {
    // A wrapper of its own for each message: the set tells two uses of one `done` apart.
    const settle = (ok: boolean): void => done?.(ok);
    this.#inFlight.add(settle);
    client.publish(message.topic, asBuffer(message.payload), QOS_1, (error) => {
      if (!this.#inFlight.delete(settle)) return;
      settle(error === null || error === undefined);
      this.#tellRoom();
    });
  }

  #onConnack(connack: IConnackPacket): void {
    if (this.#phase !== 'opening' || this.#client === undefined) return;
    const { properties } = connack;
    const inFlight = this.#options.inFlightLimit ?? DEFAULT_IN_FLIGHT_LIMIT;
    this.#inFlightLimit = Math.min(inFlight, properties?.receiveMaximum ?? inFlight);
    const packetBytes = Math.min(
      this.#maxPacketBytes,
      properties?.maximumPacketSize ?? this.#maxPacketBytes,
    );
    this.#maxPayloadBytes = Math.max(0, packetBytes - PACKET_OVERHEAD_BYTES);
    this.#phase = 'subscribing';
    this.#subscribe(this.#client);
  }

  #subscribe(client: MqttClient): void {
    const { subscriptions } = this.#options;
    if (subscriptions.length === 0) {
      this.#goUp();
      return;
    }
    this.#timer = setTimeout(() => {
      const detail = `no SUBACK within ${CONNECT_TIMEOUT_MS} ms`;
      this.#end({ code: LINK_CODES.timeout, detail, kind: 'failed' });
    }, CONNECT_TIMEOUT_MS);
    // MQTT 5 §3.8.3.1: Retain Handling 2 = send no retained messages.
    const wanted = Object.fromEntries(
      subscriptions.map(({ topic, qos }) => [topic, { qos, rh: 2 as const }]),
    );
    client.subscribe(wanted, (error, granted) => this.#onSuback(error, granted));
  }

  #onSuback(error: Error | null, granted: readonly ISubscriptionGrant[] | undefined): void {
    if (this.#phase !== 'subscribing' && this.#phase !== 'up') return;
    clearTimeout(this.#timer);
    const refused = granted?.find(({ qos }) => qos >= 0x80);
    if (error !== null || refused !== undefined) {
      const detail = refused === undefined ? String(error) : `refused: ${refused.topic}`;
      this.#end({ code: LINK_CODES.subscribe, detail, kind: 'failed' });
    } else if (this.#phase === 'subscribing') {
      this.#goUp();
    }
  }

  #goUp(): void {
    this.#phase = 'up';
    this.#events.onUp({
      maxPayloadBytes: this.#maxPayloadBytes,
      protocolLevel: this.#attempt.level,
      topicAlias: false,
    });
  }

  /** Subscriptions ask for QoS 1 at most [MQTT-3.8.4-8]. */
  #refuseQos2(packet: Packet): void {
    if (packet.cmd === 'publish' && packet.qos === 2)
      this.#end({ code: LINK_CODES.protocol, detail: 'PUBLISH with QoS 2', kind: 'failed' });
  }

  /** `done` lets the package read on and, for QoS 1, send the PUBACK. */
  #onPublish(packet: IPublishPacket, done: () => void): void {
    if (this.#phase === 'subscribing') this.#goUp();
    if (this.#paused) {
      this.#held.push(() => this.#onPublish(packet, done));
      return;
    }
    const payload = packet.payload as Uint8Array;
    const { handlers } = this.#options;
    if (this.#phase !== 'up' || packet.retain) {
      done();
      return;
    }
    if (payload.length + packet.topic.length > this.#maxPacketBytes)
      handlers.onDropped?.(LINK_CODES.tooLarge, packet.topic);
    else handlers.onMessage(packet.topic, payload);
    if (this.#paused) this.#held.push(done);
    else done();
  }

  #tellRoom(): void {
    if (this.#phase !== 'up' || !this.#refused) return;
    this.#refused = false;
    this.#options.handlers.onDrain();
  }

  #goodbye(): void {
    if (this.#phase === 'ended') return;
    const connected = this.#phase !== 'opening';
    const client = this.#release();
    this.#abandon();
    if (client === undefined) return;
    if (!connected) {
      client.end(true);
      return;
    }
    // The package's own end() would wait for every PUBACK, or else leave out DISCONNECT and so fire the will.
    const { stream } = client;
    stream.write(encodeDisconnect(this.#attempt.level, 0, true));
    const linger = setTimeout(() => client.end(true), LINGER_MS);
    stream.end(() => {
      clearTimeout(linger);
      client.end(true);
    });
  }

  #onClose(): void {
    // Some brokers hang up on a protocol level that they do not know.
    const kind = this.#phase === 'opening' ? 'silent' : 'failed';
    this.#end({ code: LINK_CODES.closed, detail: 'the connection ended', kind });
  }

  #end(end: ConnectionEnd): void {
    if (this.#phase === 'ended') return;
    const phase = this.#phase;
    this.#release()?.end(true);
    this.#abandon();
    if (phase !== 'closing')
      this.#events.onEnd({ ...end, kind: phase === 'up' ? 'lost' : end.kind });
  }

  #release(): MqttClient | undefined {
    this.#phase = 'ended';
    clearTimeout(this.#timer);
    clearInterval(this.#pausedPings);
    this.#held = [];
    return this.#client;
  }

  #abandon(): void {
    const dropped = [...this.#inFlight];
    this.#inFlight.clear();
    for (const settle of dropped) settle(false);
  }
}
