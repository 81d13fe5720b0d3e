import { BoardletError } from '../../wire/errors.ts';
import { LINK_CODES } from '../link.ts';
import { PROPERTY, type ProtocolLevel } from './packets.ts';
import { utf8Length, writeUtf8 } from './utf8.ts';

export interface ConnectFields {
  readonly level: ProtocolLevel;
  readonly clientId: string;
  readonly keepAliveS: number;
  readonly username?: string;
  readonly password?: string;
  readonly will?: { readonly topic: string; readonly payload: Uint8Array };
  readonly willDelayS: number;
  readonly receiveMaximum: number;
  readonly topicAliasMaximum: number;
  readonly maxPacketBytes: number;
}

export const PINGREQ: Uint8Array = new Uint8Array([0xc0, 0]);

const CLEAN_START = 0x02;
const WILL = 0x04;
const WILL_QOS_1 = 0x08;
const PASSWORD = 0x40;
const USERNAME = 0x80;

/** Always a clean start; the will goes with QoS 1 and without RETAIN.
 * @throws BoardletError BL_LINK_OPTIONS for a will over 65,535 bytes */
export function encodeConnect(fields: ConnectFields): Uint8Array {
  const { level, will, username, password } = fields;
  if (will !== undefined && will.payload.length > 0xffff)
    throw new BoardletError(LINK_CODES.options, 'a will takes at most 65,535 bytes');
  let flags = CLEAN_START;
  if (will !== undefined) flags |= WILL | WILL_QOS_1;
  // MQTT 3.1.1 [MQTT-3.1.2-22]: no password without a user name.
  if (username !== undefined) flags |= password === undefined ? USERNAME : USERNAME | PASSWORD;
  const body = new BodyWriter();
  body.text('MQTT');
  body.bytes([level, flags]);
  body.u16(fields.keepAliveS);
  if (level === 5) writeConnectProperties(body, fields);
  body.text(fields.clientId);
  if (will !== undefined) {
    if (level === 5) {
      body.bytes([5, PROPERTY.willDelay]);
      body.u32(fields.willDelayS);
    }
    body.text(will.topic);
    body.u16(will.payload.length);
    body.bytes(will.payload);
  }
  if (username !== undefined) {
    body.text(username);
    if (password !== undefined) body.text(password);
  }
  return body.packet(0x10);
}

function writeConnectProperties(body: BodyWriter, fields: ConnectFields): void {
  body.bytes([5 + 3 + 3 + 5, PROPERTY.sessionExpiry]);
  // The session outlives the connection only so that the will can wait.
  body.u32(fields.will === undefined ? 0 : fields.willDelayS);
  body.bytes([PROPERTY.receiveMaximum]);
  body.u16(fields.receiveMaximum);
  body.bytes([PROPERTY.topicAliasMaximum]);
  body.u16(fields.topicAliasMaximum);
  body.bytes([PROPERTY.maximumPacketSize]);
  body.u32(fields.maxPacketBytes);
}

export function encodeSubscribe(
  level: ProtocolLevel,
  packetId: number,
  subscriptions: readonly { readonly topic: string; readonly qos: 0 | 1 }[],
): Uint8Array {
  const body = new BodyWriter();
  body.u16(packetId);
  if (level === 5) body.bytes([0]);
  for (const { topic, qos } of subscriptions) {
    body.text(topic);
    // MQTT 5 §3.8.3.1: Retain Handling 2 = send no retained messages.
    body.bytes([level === 5 ? 0x20 | qos : qos]);
  }
  return body.packet(0x82);
}

export interface PublishFields {
  readonly level: ProtocolLevel;
  /** Empty where the alias is known to the broker. */
  readonly topic: string;
  /** 0: none. MQTT 5 only. */
  readonly alias: number;
  /** 0: QoS 0; else QoS 1 with this packet identifier. */
  readonly packetId: number;
  readonly payload: Uint8Array;
}

export function encodePublish(fields: PublishFields): Uint8Array {
  const { level, topic, alias, packetId, payload } = fields;
  const topicBytes = utf8Length(topic);
  const propertyBytes = level === 4 ? 0 : alias === 0 ? 1 : 4;
  const length = 2 + topicBytes + (packetId === 0 ? 0 : 2) + propertyBytes + payload.length;
  const packet = new Uint8Array(1 + varintBytes(length) + length);
  packet[0] = packetId === 0 ? 0x30 : 0x32;
  let at = writeVarint(packet, 1, length);
  at = writeU16(packet, at, topicBytes);
  at = writeUtf8(packet, at, topic);
  if (packetId !== 0) at = writeU16(packet, at, packetId);
  if (propertyBytes > 0) packet[at++] = propertyBytes - 1;
  if (propertyBytes === 4) {
    packet[at++] = PROPERTY.topicAlias;
    at = writeU16(packet, at, alias);
  }
  packet.set(payload, at);
  return packet;
}

export function encodePuback(packetId: number): Uint8Array {
  return new Uint8Array([0x40, 2, packetId >> 8, packetId & 0xff]);
}

/** `expireSession`: MQTT 5 ends the session with the connection, so that the broker queues nothing for it. */
export function encodeDisconnect(
  level: ProtocolLevel,
  reason: number,
  expireSession: boolean,
): Uint8Array {
  if (level === 4 || (reason === 0 && !expireSession)) return new Uint8Array([0xe0, 0]);
  if (!expireSession) return new Uint8Array([0xe0, 1, reason]);
  return new Uint8Array([0xe0, 7, reason, 5, PROPERTY.sessionExpiry, 0, 0, 0, 0]);
}

export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let offset = at;
  while (rest >= 0x80) {
    target[offset++] = 0x80 | (rest & 0x7f);
    rest >>>= 7;
  }
  target[offset++] = rest;
  return offset;
}

function writeU16(target: Uint8Array, at: number, value: number): number {
  target[at] = value >> 8;
  target[at + 1] = value & 0xff;
  return at + 2;
}

/** For CONNECT and SUBSCRIBE, once a connection: grows as needed. */
class BodyWriter {
  #buffer = new Uint8Array(128);
  #length = 0;

  bytes(values: ArrayLike<number>): void {
    const at = this.#grow(values.length);
    this.#buffer.set(values, at);
  }

  u16(value: number): void {
    writeU16(this.#buffer, this.#grow(2), value);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  text(text: string): void {
    const length = utf8Length(text);
    this.u16(length);
    writeUtf8(this.#buffer, this.#grow(length), text);
  }

  packet(head: number): Uint8Array {
    const packet = new Uint8Array(1 + varintBytes(this.#length) + this.#length);
    packet[0] = head;
    packet.set(this.#buffer.subarray(0, this.#length), writeVarint(packet, 1, this.#length));
    return packet;
  }

  /** Makes room for `more` bytes and returns where they go. */
  #grow(more: number): number {
    const at = this.#length;
    this.#length += more;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return at;
  }
}
