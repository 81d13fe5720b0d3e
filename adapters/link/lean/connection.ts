import { BoardletError } from '../../wire/errors.ts';
import {
  DEFAULT_MAX_PACKET_BYTES,
  DEFAULT_WILL_DELAY_S,
  LINK_CODES,
  type LinkOptions,
  PACKET_OVERHEAD_BYTES,
} from '../link.ts';
import type { LinkUrl } from '../link-url.ts';
import type { ConnectionEnd, ConnectionEvents, LinkConnection } from '../reconnecting-link.ts';
import {
  type Body,
  type Connack,
  decodeConnack,
  decodeDisconnect,
  decodePuback,
  decodeSuback,
  type Publish,
} from './decode.ts';
import { encodeConnect, encodeDisconnect, encodeSubscribe, PINGREQ } from './encode.ts';
import { createPublishReader } from './inbox.ts';
import { createKeepAlive, type KeepAlive } from './keep-alive.ts';
import { type Message, Outbox } from './outbox.ts';
import { createPacketParser, type PacketParser } from './packet-parser.ts';
import { isServerHead, PACKET, type ProtocolLevel } from './packets.ts';
import { NONE } from './properties.ts';
import { refusal } from './reasons.ts';
import type { LinkHost, Socket } from './sockets.ts';
import { ALIASES_WANTED } from './topic-aliases.ts';
import { openTransport } from './transport.ts';

export interface ConnectionSetup {
  readonly options: LinkOptions;
  readonly host: LinkHost;
  readonly events: ConnectionEvents;
}

export const CONNECT_TIMEOUT_MS = 10_000;
/** CONNACK and SUBACK, counted from the open socket. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long `close` waits for the farewell's PUBACK. */
export const FAREWELL_TIMEOUT_MS = 1000;
export const DEFAULT_IN_FLIGHT_LIMIT = 16;
/** Told to the broker as Receive Maximum; each message is acknowledged at once, so more would serve nothing. */
export const RECEIVE_MAXIMUM = 100;

/** The last identifier: QoS 1 messages count up from 1 and may be on their way before the SUBACK. */
const SUBSCRIBE_ID = 65_535;
const PROTOCOL_ERROR = 0x82;
const PACKET_TOO_LARGE = 0x95;

type Phase = 'opening' | 'connecting' | 'subscribing' | 'up' | 'closing' | 'ended';

/** One MQTT connection, from the socket's opening to its end; never used twice. */
export class Connection implements LinkConnection {
  readonly #setup: ConnectionSetup;
  readonly #level: ProtocolLevel;
  readonly #maxPacketBytes: number;
  readonly #parser: PacketParser;
  readonly #outbox: Outbox;
  readonly #readPublish: (head: number, body: Body) => Publish | undefined;
  #socket: Socket | undefined;
  #phase: Phase = 'opening';
  #connack: Connack = { code: 0, properties: NONE };
  #maxPayloadBytes = 0;
  #keepAlive: KeepAlive | undefined;
  #timer: { readonly cancel: () => void } | undefined;
  #subackDue = false;
  #gone: (() => void) | undefined;

  constructor(level: ProtocolLevel, setup: ConnectionSetup) {
    this.#setup = setup;
    this.#level = level;
    this.#outbox = new Outbox(level);
    this.#readPublish = createPublishReader(level);
    this.#maxPacketBytes = setup.options.maxPacketBytes ?? DEFAULT_MAX_PACKET_BYTES;
    this.#parser = createPacketParser({
      maxPacketBytes: this.#maxPacketBytes,
      onPacket: (head, bytes, start, end) => this.#onPacket(head, { bytes, start, end }),
      acceptsHead: (head) =>
        isServerHead(head) && (this.#phase !== 'connecting' || head >> 4 === PACKET.connack),
    });
  }

  open(url: LinkUrl): void {
    const { options, host } = this.#setup;
    const socket = openTransport({ url, tls: options.tls, timeoutMs: CONNECT_TIMEOUT_MS }, host, {
      onOpen: () => this.#onOpen(),
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => {
        this.#outbox.drained();
        this.#tellRoom();
      },
      onClose: (code, detail) => this.#onClose(code, detail),
    });
    this.#socket = socket;
    this.#outbox.attach(socket);
    // A host may report a failure before `connect` returns.
    if (this.#phase === 'ended') socket.close();
  }

  isUp(): boolean {
    return this.#phase === 'up';
  }

  publish(message: Message, qos: 0 | 1, done: ((ok: boolean) => void) | undefined): boolean {
    if (this.#phase !== 'up') return false;
    const { length } = message.payload;
    if (length > this.#maxPayloadBytes)
      throw new BoardletError(
        LINK_CODES.payload,
        `a payload of ${length} bytes is over the limit of ${this.#maxPayloadBytes}`,
      );
    return this.#outbox.publish(message, qos, done);
  }

  pause(): void {
    this.#parser.hold();
    this.#socket?.pause();
    this.#keepAlive?.setPaused(true);
  }

  resume(): void {
    this.#keepAlive?.setPaused(false);
    const failure = this.#parser.release();
    if (failure !== undefined) this.#failParse(failure);
    else this.#socket?.resume();
  }

  /** No event comes after this. */
  close(farewell?: Message, gone?: () => void): void {
    this.#gone = gone;
    if (this.#phase !== 'up' || farewell === undefined) {
      this.#goodbye();
      return;
    }
    this.#phase = 'closing';
    this.#outbox.publishLast(farewell, () => this.#goodbye());
    // Unread messages must not keep the PUBACK from being read.
    this.#parser.release();
    this.#socket?.resume();
    this.#arm(FAREWELL_TIMEOUT_MS, () => this.#goodbye());
  }

  #goodbye(): void {
    if (this.#phase === 'ended') return;
    const connected = this.#phase === 'up' || this.#phase === 'closing';
    this.#release();
    if (connected) this.#outbox.send(encodeDisconnect(this.#level, 0, true));
    this.#socket?.close();
    this.#outbox.abandon();
  }

  #onOpen(): void {
    if (this.#phase !== 'opening') return;
    this.#phase = 'connecting';
    const { clientId, keepAliveS, username, password, willDelayS } = this.#setup.options;
    const will = this.#setup.options.will();
    this.#outbox.send(
      encodeConnect({
        level: this.#level,
        clientId,
        keepAliveS,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(will === undefined ? {} : { will }),
        willDelayS: willDelayS ?? DEFAULT_WILL_DELAY_S,
        receiveMaximum: RECEIVE_MAXIMUM,
        topicAliasMaximum: ALIASES_WANTED,
        maxPacketBytes: this.#maxPacketBytes,
      }),
    );
    this.#arm(HANDSHAKE_TIMEOUT_MS, () => {
      const awaited = this.#phase === 'connecting' ? 'CONNACK' : 'SUBACK';
      this.#end(LINK_CODES.timeout, `no ${awaited} within ${HANDSHAKE_TIMEOUT_MS} ms`);
    });
  }

  #onData(bytes: Uint8Array): void {
    if (this.#phase === 'ended') return;
    this.#keepAlive?.received();
    const failure = this.#parser.push(bytes);
    if (failure !== undefined) this.#failParse(failure);
  }

  #failParse(code: string): void {
    if (code === LINK_CODES.tooLarge) {
      this.#sayGoodbye(PACKET_TOO_LARGE);
      this.#end(code, `a packet over ${this.#maxPacketBytes} bytes was announced`);
    } else {
      this.#failProtocol('not a packet that a broker may send now');
    }
  }

  #onPacket(head: number, body: Body): void {
    switch (head >> 4) {
      case PACKET.connack:
        this.#onConnack(body);
        break;
      case PACKET.publish:
        this.#onPublish(head, body);
        break;
      case PACKET.puback:
        this.#onPuback(body);
        break;
      case PACKET.suback:
        this.#onSuback(body);
        break;
      case PACKET.disconnect:
        this.#onDisconnect(body);
        break;
      default:
        // PINGRESP: that it came is all it says.
        break;
    }
  }

  #onConnack(body: Body): void {
    const connack = decodeConnack(body, this.#level);
    if (connack === undefined || this.#phase !== 'connecting') {
      this.#failProtocol('malformed or second CONNACK');
    } else if (connack.code !== 0) {
      const refused = refusal(connack.code, this.#level, connack.properties.reason);
      this.#end(refused.code, refused.detail, refused.versionRefused ? 'version' : 'failed');
    } else if (connack.properties.maximumQos === 0) {
      this.#end(LINK_CODES.refused, 'the broker has no QoS 1');
    } else {
      this.#connack = connack;
      this.#subscribe();
    }
  }

  #subscribe(): void {
    const { subscriptions } = this.#setup.options;
    this.#phase = 'subscribing';
    this.#subackDue = subscriptions.length > 0;
    if (this.#subackDue) {
      this.#outbox.send(encodeSubscribe(this.#level, SUBSCRIBE_ID, subscriptions));
    } else {
      this.#timer?.cancel();
      this.#goUp();
    }
  }

  #onSuback(body: Body): void {
    const { subscriptions } = this.#setup.options;
    const suback = decodeSuback(body, this.#level, subscriptions.length);
    if (!this.#subackDue || suback?.packetId !== SUBSCRIBE_ID) {
      this.#failProtocol('malformed or unasked SUBACK');
      return;
    }
    if (suback.failed >= 0) {
      this.#end(LINK_CODES.subscribe, `refused: ${subscriptions[suback.failed]?.topic}`);
      return;
    }
    this.#subackDue = false;
    if (this.#phase === 'closing') return;
    this.#timer?.cancel();
    if (this.#phase === 'subscribing') this.#goUp();
  }

  #goUp(): void {
    const { options, host, events } = this.#setup;
    const { properties } = this.#connack;
    const aliasMaximum = properties.topicAliasMaximum ?? 0;
    const inFlight = options.inFlightLimit ?? DEFAULT_IN_FLIGHT_LIMIT;
    this.#outbox.open(Math.min(inFlight, properties.receiveMaximum ?? inFlight), aliasMaximum);
    const packetBytes = Math.min(
      this.#maxPacketBytes,
      properties.maximumPacketSize ?? this.#maxPacketBytes,
    );
    this.#maxPayloadBytes = Math.max(0, packetBytes - PACKET_OVERHEAD_BYTES);
    const keepAlive = createKeepAlive({
      timers: host.timers,
      keepAliveS: properties.serverKeepAliveS ?? options.keepAliveS,
      ping: () => this.#outbox.send(PINGREQ),
      dead: () => this.#end(LINK_CODES.peerDead, 'nothing heard for 1.5 keep-alive periods'),
    });
    this.#keepAlive = keepAlive;
    this.#outbox.onSent = keepAlive.sent.bind(keepAlive);
    this.#phase = 'up';
    events.onUp({
      maxPayloadBytes: this.#maxPayloadBytes,
      protocolLevel: this.#level,
      topicAlias: aliasMaximum > 0,
    });
  }

  #onPublish(head: number, body: Body): void {
    const message = this.#readPublish(head, body);
    if (message === undefined) {
      this.#failProtocol('malformed PUBLISH, unknown topic alias, or QoS 2');
      return;
    }
    // A broker may send matching messages before the SUBACK (MQTT 5 §3.8.4): they prove that it took the subscription.
    if (this.#phase === 'subscribing') this.#goUp();
    const retained = (head & 1) === 1;
    if (!retained && this.#phase === 'up')
      this.#setup.options.handlers.onMessage(
        message.topic,
        body.bytes.subarray(message.payloadStart, body.end),
      );
    if (message.qos === 1 && !this.#hasEnded() && !this.#outbox.acknowledge(message.packetId))
      this.#end(LINK_CODES.protocol, 'the broker sends and does not read');
  }

  #onPuback(body: Body): void {
    const puback = decodePuback(body, this.#level);
    if (puback === undefined || !this.#outbox.settle(puback.packetId, puback.ok))
      this.#failProtocol('malformed or unasked PUBACK');
    else this.#tellRoom();
  }

  #onDisconnect(body: Body): void {
    const disconnect = this.#level === 5 ? decodeDisconnect(body) : undefined;
    if (disconnect === undefined) {
      this.#failProtocol('malformed or unexpected DISCONNECT');
    } else if (disconnect.code === 0) {
      this.#end(LINK_CODES.closed, 'the broker disconnected');
    } else {
      const refused = refusal(disconnect.code, 5, disconnect.reason);
      this.#end(refused.code, refused.detail);
    }
  }

  #tellRoom(): void {
    if (this.#phase === 'up' && this.#outbox.takeRoom()) this.#setup.options.handlers.onDrain();
  }

  #onClose(code: string, detail: string): void {
    this.#gone?.();
    if (code === '' && this.#phase === 'connecting')
      this.#end(LINK_CODES.closed, 'the broker hung up on CONNECT', 'silent');
    else this.#end(linkCode(code, this.#phase), detail);
  }

  #failProtocol(detail: string): void {
    this.#sayGoodbye(PROTOCOL_ERROR);
    this.#end(LINK_CODES.protocol, detail);
  }

  /** MQTT 5 lets a client say why it goes; 3.1.1 does not, and a plain DISCONNECT there would hold back the will. */
  #sayGoodbye(reason: number): void {
    if (this.#level === 5 && this.#phase !== 'connecting' && !this.#hasEnded())
      this.#outbox.send(encodeDisconnect(5, reason, false));
  }

  #end(code: string, detail: string, kind: ConnectionEnd['kind'] = 'failed'): void {
    if (this.#hasEnded()) return;
    const phase = this.#phase;
    this.#release();
    this.#socket?.close();
    this.#outbox.abandon();
    if (phase !== 'closing')
      this.#setup.events.onEnd({ code, detail, kind: phase === 'up' ? 'lost' : kind });
  }

  #release(): void {
    this.#phase = 'ended';
    this.#timer?.cancel();
    this.#keepAlive?.stop();
    this.#parser.stop();
  }

  #hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  #arm(delayMs: number, fire: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#setup.host.timers.after(delayMs, fire);
  }
}

function linkCode(code: string, phase: Phase): string {
  if (code === 'BL_HOST_TLS') return LINK_CODES.tls;
  if (code.startsWith('BL_LINK_')) return code;
  return phase === 'opening' ? LINK_CODES.unreachable : LINK_CODES.closed;
}
