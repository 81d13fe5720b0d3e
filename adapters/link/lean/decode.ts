import { FIRST_FAILURE_CODE, type ProtocolLevel } from './packets.ts';
import { NONE, type Properties, readProperties } from './properties.ts';
import { readUtf8 } from './utf8.ts';

/** The body of a packet: `bytes[start..end)`. Each decoder answers undefined for a malformed one. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface Connack {
  readonly code: number;
  readonly properties: Properties;
}

/** A refusal may come in the 3.1.1 form though 5 was asked for: two bytes, no properties (MQTT 5 §3.1.2.2). */
export function decodeConnack(body: Body, level: ProtocolLevel): Connack | undefined {
  const { bytes, start, end } = body;
  const flags = bytes[start] ?? 0xff;
  if (end - start < 2 || flags > 1) return undefined;
  const code = bytes[start + 1] ?? 0;
  if (end - start === 2) return level === 5 && code === 0 ? undefined : { code, properties: NONE };
  if (level === 4) return undefined;
  const properties = readProperties(bytes, start + 2, end);
  return properties?.next === end ? { code, properties } : undefined;
}

export interface Publish {
  /** Empty when only an alias was sent. */
  readonly topic: string;
  /** 0: none. */
  readonly alias: number;
  readonly qos: number;
  readonly packetId: number;
  readonly payloadStart: number;
}

/** `topicAt` turns the topic's bytes into text, so that the caller can keep the last one. */
export function decodePublish(
  head: number,
  body: Body,
  level: ProtocolLevel,
  topicAt: (bytes: Uint8Array, start: number, end: number) => string | undefined,
): Publish | undefined {
  const { bytes, start, end } = body;
  const qos = (head >> 1) & 3;
  const topicEnd = start + 2 + u16(bytes, start);
  if (end - start < 2 || topicEnd > end || qos === 3) return undefined;
  const topic = topicAt(bytes, start + 2, topicEnd);
  let at = topicEnd;
  let packetId = 0;
  if (qos > 0) {
    packetId = u16(bytes, at);
    at += 2;
    if (at > end || packetId === 0) return undefined;
  }
  if (topic === undefined) return undefined;
  if (level === 4) return topic === '' ? undefined : publish(topic, 0, qos, packetId, at);
  const properties = readProperties(bytes, at, end);
  if (properties === undefined) return undefined;
  const alias = properties.topicAlias ?? 0;
  // MQTT 5 §3.3.2.3.4: an alias of 0 is not permitted, and no topic needs an alias.
  if (properties.topicAlias === 0 || (topic === '' && alias === 0)) return undefined;
  return publish(topic, alias, qos, packetId, properties.next);
}

function publish(
  topic: string,
  alias: number,
  qos: number,
  packetId: number,
  payloadStart: number,
): Publish {
  return { topic, alias, qos, packetId, payloadStart };
}

/** MQTT 5 leaves out reason code and properties of a plain success (§3.4.2.1). */
export function decodePuback(
  body: Body,
  level: ProtocolLevel,
): { readonly packetId: number; readonly ok: boolean } | undefined {
  const { bytes, start, end } = body;
  if (end - start < 2 || (level === 4 && end - start !== 2)) return undefined;
  const code = end - start > 2 ? (bytes[start + 2] ?? 0) : 0;
  return { packetId: u16(bytes, start), ok: code < FIRST_FAILURE_CODE };
}

/** `failed`: index of the first subscription that was refused, or −1. */
export function decodeSuback(
  body: Body,
  level: ProtocolLevel,
  count: number,
): { readonly packetId: number; readonly failed: number } | undefined {
  const { bytes, start, end } = body;
  if (end - start < 2) return undefined;
  const codesAt = level === 4 ? start + 2 : readProperties(bytes, start + 2, end)?.next;
  if (codesAt === undefined || end - codesAt !== count) return undefined;
  const codes = bytes.subarray(codesAt, end);
  return {
    packetId: u16(bytes, start),
    failed: codes.findIndex((code) => code >= FIRST_FAILURE_CODE),
  };
}

/** MQTT 5 only: a 3.1.1 broker never sends DISCONNECT. */
export function decodeDisconnect(
  body: Body,
): { readonly code: number; readonly reason: string | undefined } | undefined {
  const { bytes, start, end } = body;
  const code = end > start ? (bytes[start] ?? 0) : 0;
  if (end - start < 2) return { code, reason: undefined };
  const properties = readProperties(bytes, start + 1, end);
  return properties === undefined ? undefined : { code, reason: properties.reason };
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Link topics are few and repeat: comparing bytes is cheaper than making the same string again. */
export function createTopicReader(): (
  bytes: Uint8Array,
  start: number,
  end: number,
) => string | undefined {
  let lastBytes = new Uint8Array(0);
  let lastTopic = '';
  return (bytes, start, end) => {
    if (same(bytes, start, end, lastBytes)) return lastTopic;
    const topic = readUtf8(bytes, start, end);
    if (topic === undefined) return undefined;
    lastBytes = bytes.slice(start, end);
    lastTopic = topic;
    return topic;
  };
}

function same(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false;
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
}
