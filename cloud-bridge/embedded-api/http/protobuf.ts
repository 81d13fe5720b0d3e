import { badRequest, unsupportedMedia } from '../fault.ts';
import type { Json, JsonObject } from '../json.ts';
import { broken, Reader } from './protobuf-reader.ts';
import { type Field, type Message, messageOf, messageOfKind } from './protobuf-types.ts';

/** Above the deepest place of a Pod (affinity), and far below the stack's end. */
const MAX_DEPTH = 16;
const MAX_FIELDS = 100_000;

/** Times: seconds (1) and nanoseconds (2). JSON has whole seconds, or microseconds where Go has a MicroTime. */
function readTime(bytes: Buffer, micro: boolean): Json {
  if (bytes.length === 0) return null;
  const reader = new Reader(bytes);
  let seconds = 0;
  let nanos = 0;
  while (!reader.done) {
    const tag = reader.int();
    if (tag === 0x08) seconds = reader.int();
    else if (tag === 0x10) nanos = reader.int();
    else reader.skip(tag & 7);
  }
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw broken();
  const fraction = micro ? `.${String(Math.floor(nanos / 1000)).padStart(6, '0')}` : '';
  return date.toISOString().replace(/\.\d+Z$/, `${fraction}Z`);
}

/** A quantity is a message with its text (1). */
function readQuantity(bytes: Buffer): Json {
  const reader = new Reader(bytes);
  let text = '0';
  while (!reader.done) {
    const tag = reader.int();
    if (tag === 0x0a) text = reader.bytes().toString('utf8');
    else reader.skip(tag & 7);
  }
  return text;
}

/** An integer or a string: type (1, 0 for the integer), integer (2), string (3). */
function readIntOrString(bytes: Buffer): Json {
  const reader = new Reader(bytes);
  let isText = false;
  let integer = 0;
  let text = '';
  while (!reader.done) {
    const tag = reader.int();
    if (tag === 0x08) isText = reader.int() !== 0;
    else if (tag === 0x10) integer = reader.int();
    else if (tag === 0x1a) text = reader.bytes().toString('utf8');
    else reader.skip(tag & 7);
  }
  return isText ? text : integer;
}

function readBytes(bytes: Buffer, type: string, depth: number): Json {
  switch (type) {
    case 's':
      return bytes.toString('utf8');
    case 'y':
      return bytes.toString('base64');
    case 'time':
    case 'micro':
      return readTime(bytes, type === 'micro');
    case 'quantity':
      return readQuantity(bytes);
    case 'intstr':
      return readIntOrString(bytes);
    default: {
      const message = messageOf(type);
      if (message === undefined) throw broken();
      return readMessage(bytes, message, depth + 1);
    }
  }
}

/** A map is a list of entries, each a message of key (1) and value (2). */
function readEntry(target: JsonObject, field: Field, bytes: Buffer, depth: number): void {
  const reader = new Reader(bytes);
  let key = '';
  let value: Buffer = Buffer.alloc(0);
  while (!reader.done) {
    const tag = reader.int();
    if (tag === 0x0a) key = reader.bytes().toString('utf8');
    else if (tag === 0x12) value = reader.bytes();
    else reader.skip(tag & 7);
  }
  if (key === '__proto__') throw badRequest('the key "__proto__" is not allowed');
  const found = (target[field.name] ?? {}) as JsonObject;
  found[key] = readBytes(value, field.type, depth);
  target[field.name] = found;
}

/** Go writes the zeros of fields that JSON leaves out. */
const isZero = (value: Json): boolean =>
  value === '' || value === 0 || value === false || value === null;

function put(result: JsonObject, field: Field, value: Json): void {
  if (field.shape === 'inline') Object.assign(result, value);
  else if (field.shape === 'list') {
    const items = result[field.name];
    if (Array.isArray(items)) items.push(value);
    else result[field.name] = [value];
  } else if (field.kept || !isZero(value)) result[field.name] = value;
}

function readField(reader: Reader, field: Field, depth: number): Json {
  if (field.type === 'b') return reader.int() !== 0;
  return field.type === 'i' ? reader.int() : readBytes(reader.bytes(), field.type, depth);
}

function readMessage(bytes: Buffer, message: Message, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw broken();
  const reader = new Reader(bytes);
  const result: JsonObject = {};
  for (let count = 0; !reader.done; count++) {
    if (count > MAX_FIELDS) throw broken();
    const tag = reader.int();
    const wire = tag & 7;
    const field = message.get(Math.floor(tag / 8));
    const wanted = field?.type === 'b' || field?.type === 'i' ? 0 : 2;
    if (field === undefined || wire !== wanted) reader.skip(wire);
    else if (field.shape === 'map') readEntry(result, field, reader.bytes(), depth);
    else put(result, field, readField(reader, field, depth));
  }
  return result;
}

const MAGIC = Buffer.from('k8s\0', 'latin1');

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

/** runtime.TypeMeta: apiVersion (1) and kind (2). */
function readTypeMeta(bytes: Buffer): Omit<Envelope, 'raw'> {
  const reader = new Reader(bytes);
  let apiVersion = '';
  let kind = '';
  while (!reader.done) {
    const tag = reader.int();
    if (tag === 0x0a) apiVersion = reader.bytes().toString('utf8');
    else if (tag === 0x12) kind = reader.bytes().toString('utf8');
    else reader.skip(tag & 7);
  }
  return { apiVersion, kind };
}

/** runtime.Unknown: its type (1) and the object's bytes (2). */
function openEnvelope(bytes: Buffer): Envelope {
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw broken();
  const reader = new Reader(bytes.subarray(4));
  let type = { apiVersion: '', kind: '' };
  let raw: Buffer = Buffer.alloc(0);
  while (!reader.done) {
    const tag = reader.int();
    if (tag === 0x0a) type = readTypeMeta(reader.bytes());
    else if (tag === 0x12) raw = reader.bytes();
    else reader.skip(tag & 7);
  }
  return { ...type, raw };
}

/**
 * Decodes the protobuf envelope of Kubernetes (`k8s\0` and a runtime.Unknown), in which `kubectl create` and client-go's typed
 * clients send built-in kinds, to what the same client would have sent as JSON. Throws 400 for what is no envelope, 415 for a
 * kind that must come as JSON.
 */
export function decodeEnvelope(bytes: Buffer): JsonObject {
  const { apiVersion, kind, raw } = openEnvelope(bytes);
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) {
    throw unsupportedMedia(
      `protobuf bodies are read only for built-in kinds; ${kind.slice(0, 80) || 'this kind'} must be sent as application/json`,
    );
  }
  return { apiVersion, kind, ...readMessage(raw, message, 0) };
}
