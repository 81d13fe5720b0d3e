import { badRequest, unsupportedMedia } from '../fault.ts';
import type { Json, JsonObject } from '../json.ts';

/**
 * Decodes the protobuf envelope of Kubernetes (`k8s\0` and a runtime.Unknown) for the few kinds that kubectl sends
 * in no other form: `kubectl create configmap|secret|namespace|serviceaccount` and `kubectl auth can-i`.
 */
interface Field {
  readonly name: string;
  /** `map` and `bytesMap` are repeated entries of key (1) and value (2). */
  readonly type: 'string' | 'bool' | 'int' | 'message' | 'map' | 'bytesMap' | 'skip';
  readonly repeated?: boolean;
  readonly message?: Message;
}
type Message = Readonly<Record<number, Field>>;

const text = (name: string): Field => ({ name, type: 'string' });
const map = (name: string): Field => ({ name, type: 'map' });
const flag = (name: string): Field => ({ name, type: 'bool' });
const nested = (name: string, message: Message, repeated = false): Field => ({
  name,
  type: 'message',
  message,
  repeated,
});

/** Field numbers: k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto. Times and managed fields are the server's own. */
const OWNER: Message = {
  1: text('kind'),
  3: text('name'),
  4: text('uid'),
  5: text('apiVersion'),
  6: flag('controller'),
  7: flag('blockOwnerDeletion'),
};
const METADATA: Message = {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  11: map('labels'),
  12: map('annotations'),
  13: nested('ownerReferences', OWNER, true),
  14: { name: 'finalizers', type: 'string', repeated: true },
};
const meta = nested('metadata', METADATA);
const REFERENCE: Message = { 1: text('name') };
const OBJECT_REFERENCE: Message = {
  1: text('kind'),
  2: text('namespace'),
  3: text('name'),
  4: text('uid'),
  5: text('apiVersion'),
};
const RESOURCE_ATTRIBUTES: Message = {
  1: text('namespace'),
  2: text('verb'),
  3: text('group'),
  4: text('version'),
  5: text('resource'),
  6: text('subresource'),
  7: text('name'),
};
const NON_RESOURCE: Message = { 1: text('path'), 2: text('verb') };

/** k8s.io/api/core/v1/generated.proto and authorization/v1. */
const KINDS: Readonly<Record<string, Message>> = {
  'v1/ConfigMap': {
    1: meta,
    2: map('data'),
    3: { name: 'binaryData', type: 'bytesMap' },
    4: flag('immutable'),
  },
  'v1/Secret': {
    1: meta,
    2: { name: 'data', type: 'bytesMap' },
    3: text('type'),
    4: map('stringData'),
    5: flag('immutable'),
  },
  'v1/Namespace': { 1: meta },
  'v1/ServiceAccount': {
    1: meta,
    2: nested('secrets', OBJECT_REFERENCE, true),
    3: nested('imagePullSecrets', REFERENCE, true),
    4: flag('automountServiceAccountToken'),
  },
  'authorization.k8s.io/v1/SelfSubjectAccessReview': {
    1: meta,
    2: nested('spec', {
      1: nested('resourceAttributes', RESOURCE_ATTRIBUTES),
      2: nested('nonResourceAttributes', NON_RESOURCE),
    }),
  },
  'authorization.k8s.io/v1/SelfSubjectRulesReview': {
    1: meta,
    2: nested('spec', { 1: text('namespace') }),
  },
  'authentication.k8s.io/v1/SelfSubjectReview': { 1: meta },
  'authentication.k8s.io/v1/TokenRequest': { 1: meta },
};

/** meta/v1 DeleteOptions: its apiVersion is that of the kind to delete. */
const DELETE_OPTIONS: Message = {
  1: { name: 'gracePeriodSeconds', type: 'int' },
  2: nested('preconditions', { 1: text('uid'), 2: text('resourceVersion') }),
  3: flag('orphanDependents'),
  4: text('propagationPolicy'),
  5: { name: 'dryRun', type: 'string', repeated: true },
};

const MAX_DEPTH = 8;
const MAX_FIELDS = 100_000;

class Reader {
  readonly #bytes: Buffer;
  #at: number;
  #end: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = bytes.length;
  }
  get done(): boolean {
    return this.#at >= this.#end;
  }
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || this.#at > this.#end) throw broken();
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw broken();
  }
  bytes(): Buffer {
    const length = this.varint();
    if (length > this.#end - this.#at) throw broken();
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }
  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 2) this.bytes();
    else if (wire === 1) this.#at += 8;
    else if (wire === 5) this.#at += 4;
    else throw broken();
    if (this.#at > this.#end) throw broken();
  }
}
const broken = (): Error => badRequest('the protobuf body is not valid');

function readMap(target: JsonObject, name: string, bytes: Buffer, binary: boolean): void {
  const reader = new Reader(bytes);
  let key = '';
  let value = '';
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 0x0a) key = reader.bytes().toString('utf8');
    else if (tag === 0x12) value = reader.bytes().toString(binary ? 'base64' : 'utf8');
    else reader.skip(tag & 7);
  }
  const found = (target[name] ?? {}) as JsonObject;
  if (key === '__proto__') throw badRequest('the key "__proto__" is not allowed');
  found[key] = value;
  target[name] = found;
}

function readValue(reader: Reader, field: Field, depth: number): Json {
  if (field.type === 'bool') return reader.varint() !== 0;
  if (field.type === 'int') return reader.varint();
  const bytes = reader.bytes();
  return field.message === undefined
    ? bytes.toString('utf8')
    : readMessage(bytes, field.message, depth + 1);
}

function readMessage(bytes: Buffer, message: Message, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw broken();
  const reader = new Reader(bytes);
  const result: JsonObject = {};
  for (let count = 0; !reader.done; count++) {
    if (count > MAX_FIELDS) throw broken();
    const tag = reader.varint();
    const wire = tag & 7;
    const field = message[Math.floor(tag / 8)];
    const wanted = field?.type === 'bool' || field?.type === 'int' ? 0 : 2;
    if (field === undefined || wire !== wanted) reader.skip(wire);
    else if (field.type === 'map' || field.type === 'bytesMap') {
      readMap(result, field.name, reader.bytes(), field.type === 'bytesMap');
    } else put(result, field, readValue(reader, field, depth));
  }
  return result;
}

/** gogo-protobuf writes empty strings of absent fields, which JSON leaves out. */
function put(result: JsonObject, field: Field, value: Json): void {
  if (field.repeated === true) {
    const items = result[field.name];
    if (Array.isArray(items)) items.push(value);
    else result[field.name] = [value];
  } else if (value !== '') result[field.name] = value;
}

const MAGIC = Buffer.from('k8s\0', 'latin1');
const UNKNOWN: Message = {
  1: nested('typeMeta', { 1: text('apiVersion'), 2: text('kind') }),
  2: { name: 'raw', type: 'skip' },
};

/** Throws 400 for what is no envelope, 415 for a kind that must come as JSON. */
export function decodeEnvelope(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw broken();
  const reader = new Reader(bytes.subarray(4));
  let typeMeta: JsonObject = {};
  let raw = Buffer.alloc(0);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 0x0a) typeMeta = readMessage(reader.bytes(), UNKNOWN[1]?.message ?? {}, 0);
    else if (tag === 0x12) raw = Buffer.from(reader.bytes());
    else reader.skip(tag & 7);
  }
  const { apiVersion = '', kind = '' } = typeMeta;
  const message =
    kind === 'DeleteOptions' ? DELETE_OPTIONS : KINDS[`${String(apiVersion)}/${String(kind)}`];
  if (message === undefined) {
    throw unsupportedMedia(
      `protobuf bodies are read only for what kubectl create sends; ${String(kind).slice(0, 80) || 'this kind'} must be sent as application/json`,
    );
  }
  return { apiVersion, kind, ...readMessage(raw, message, 0) };
}
