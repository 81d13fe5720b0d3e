import { PROPERTY } from './packets.ts';
import { readUtf8 } from './utf8.ts';

/** What this client acts on; every other property is checked for its form and passed over. */
export interface Properties {
  readonly next: number;
  readonly serverKeepAliveS: number | undefined;
  readonly receiveMaximum: number | undefined;
  readonly topicAliasMaximum: number | undefined;
  readonly topicAlias: number | undefined;
  readonly maximumQos: number | undefined;
  readonly maximumPacketSize: number | undefined;
  readonly reason: string | undefined;
}

type Form = 'byte' | 'u16' | 'u32' | 'varint' | 'binary' | 'pair';

const BYTE_IDS = [0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a];
const U16_IDS = [0x13, 0x21, 0x22, 0x23];
const U32_IDS = [0x02, 0x11, 0x18, 0x27];
const BINARY_IDS = [0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f];

/** MQTT 5 §2.2.2.2, table 2-4. Strings have the form of binary data: a length of two bytes, then the bytes. */
function formOf(id: number): Form | undefined {
  if (BYTE_IDS.includes(id)) return 'byte';
  if (U16_IDS.includes(id)) return 'u16';
  if (U32_IDS.includes(id)) return 'u32';
  if (BINARY_IDS.includes(id)) return 'binary';
  if (id === 0x0b) return 'varint';
  return id === 0x26 ? 'pair' : undefined;
}

/** Reads the property length and the properties at `start`; undefined when they are malformed. */
export function readProperties(
  bytes: Uint8Array,
  start: number,
  end: number,
): Properties | undefined {
  const length = readVarint(bytes, start, end);
  if (length === undefined || length.next + length.value > end) return undefined;
  const stop = length.next + length.value;
  if (length.value === 0) return { ...NONE, next: stop };
  const numbers = new Map<number, number>();
  let reason: string | undefined;
  let at = length.next;
  while (at < stop) {
    const id = bytes[at] ?? 0;
    const valueAt = at + 1;
    const next = skipValue(bytes, valueAt, stop, formOf(id));
    if (next === undefined) return undefined;
    if (id === PROPERTY.reasonString) reason = readUtf8(bytes, valueAt + 2, next);
    else if (next - valueAt <= 4) numbers.set(id, bigEndian(bytes, valueAt, next));
    at = next;
  }
  return {
    next: stop,
    serverKeepAliveS: numbers.get(PROPERTY.serverKeepAlive),
    receiveMaximum: numbers.get(PROPERTY.receiveMaximum),
    topicAliasMaximum: numbers.get(PROPERTY.topicAliasMaximum),
    topicAlias: numbers.get(PROPERTY.topicAlias),
    maximumQos: numbers.get(PROPERTY.maximumQos),
    maximumPacketSize: numbers.get(PROPERTY.maximumPacketSize),
    reason,
  };
}

/** What a packet without properties says. */
export const NONE: Properties = {
  next: 0,
  serverKeepAliveS: undefined,
  receiveMaximum: undefined,
  topicAliasMaximum: undefined,
  topicAlias: undefined,
  maximumQos: undefined,
  maximumPacketSize: undefined,
  reason: undefined,
};

function skipValue(
  bytes: Uint8Array,
  at: number,
  end: number,
  form: Form | undefined,
): number | undefined {
  const next = valueEnd(bytes, at, end, form);
  return next === undefined || next > end ? undefined : next;
}

function valueEnd(
  bytes: Uint8Array,
  at: number,
  end: number,
  form: Form | undefined,
): number | undefined {
  switch (form) {
    case 'byte':
      return at + 1;
    case 'u16':
      return at + 2;
    case 'u32':
      return at + 4;
    case 'varint':
      return readVarint(bytes, at, end)?.next;
    case 'binary':
      return binaryEnd(bytes, at, end);
    case 'pair': {
      const value = binaryEnd(bytes, at, end);
      return value === undefined ? undefined : binaryEnd(bytes, value, end);
    }
    case undefined:
      return undefined;
  }
}

function binaryEnd(bytes: Uint8Array, at: number, end: number): number | undefined {
  return at + 2 > end ? undefined : at + 2 + bigEndian(bytes, at, at + 2);
}

function bigEndian(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

function readVarint(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let i = 0; i < 4 && start + i < end; i++) {
    const byte = bytes[start + i] ?? 0;
    value += (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return { value, next: start + i + 1 };
  }
  return undefined;
}
