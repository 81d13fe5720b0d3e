import { type AckWindow, createAckWindow } from './ack-window.ts';
import { encodePuback, encodePublish } from './encode.ts';
import type { ProtocolLevel } from './packets.ts';
import type { Socket } from './sockets.ts';
import { createTopicAliases, type TopicAliases } from './topic-aliases.ts';

/** PUBACKs written since the socket last took everything (4 bytes each): a peer that sends and never reads is cut off. */
export const MAX_UNSENT_ACKS = 16_384;

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** The sending half of a connection: what is in flight, and whether there is room for more. */
export class Outbox {
  readonly #level: ProtocolLevel;
  #socket: Socket | undefined;
  #window: AckWindow = createAckWindow(0);
  #aliases: TopicAliases = createTopicAliases(0);
  #blocked = false;
  #refused = false;
  #unsentAcks = 0;
  /** Anything was sent since the last look; the keep-alive resets it. */
  onSent: () => void = () => {};

  constructor(level: ProtocolLevel) {
    this.#level = level;
  }

  attach(socket: Socket): void {
    this.#socket = socket;
  }

  /** What the broker said it takes. */
  open(inFlightLimit: number, aliasMaximum: number): void {
    this.#window = createAckWindow(inFlightLimit);
    this.#aliases = createTopicAliases(aliasMaximum);
  }

  /** False: no room, nothing was sent; `takeRoom` tells when there is. */
  publish(message: Message, qos: 0 | 1, done: ((ok: boolean) => void) | undefined): boolean {
    const packetId = this.#blocked || qos === 0 ? 0 : this.#window.take(done);
    if (this.#blocked || (qos === 1 && packetId === 0)) {
      this.#refused = true;
      return false;
    }
    this.#write(message, packetId);
    if (qos === 0) done?.(true);
    return true;
  }

  /** QoS 1, whatever is in flight. */
  publishLast(message: Message, done: () => void): void {
    this.#write(message, this.#window.take(done, true));
  }

  /** False: the peer reads nothing of what it asks for. */
  acknowledge(packetId: number): boolean {
    this.send(encodePuback(packetId));
    this.#unsentAcks = this.#blocked ? this.#unsentAcks + 1 : 0;
    return this.#unsentAcks <= MAX_UNSENT_ACKS;
  }

  /** False for a PUBACK of nothing that is in flight. */
  settle(packetId: number, ok: boolean): boolean {
    return this.#window.settle(packetId, ok);
  }

  send(packet: Uint8Array): void {
    this.onSent();
    if (this.#socket?.write(packet) === false) this.#blocked = true;
  }

  drained(): void {
    this.#blocked = false;
    this.#unsentAcks = 0;
  }

  /** True once after a refused publish, when there may be room again. */
  takeRoom(): boolean {
    if (!this.#refused || this.#blocked) return false;
    this.#refused = false;
    return true;
  }

  abandon(): void {
    this.#window.abandon();
  }

  #write(message: Message, packetId: number): void {
    const { alias, known } = this.#aliases.use(message.topic);
    this.send(
      encodePublish({
        level: this.#level,
        topic: known ? '' : message.topic,
        alias,
        packetId,
        payload: message.payload,
      }),
    );
  }
}
