import { encodeWith } from './codec.ts';
import * as shapes from './document-shapes.ts';
import type { DocumentBodies, EventEntry, LogArgs, RenewArgs } from './documents.ts';
import { CborReader } from './reader.ts';
import { KINDS, LIMITS } from './registry.ts';
import type { Codec } from './shape.ts';
import { twin, twinValue } from './twin-value.ts';
import type { Decoded } from './value.ts';

export type DocumentKind = keyof DocumentBodies;

const CODECS: { readonly [K in DocumentKind]: Codec<DocumentBodies[K]> } = {
  pod: shapes.pod,
  podStatus: shapes.podStatus,
  twinDesired: twinValue,
  twin,
  device: shapes.device,
  node: shapes.node,
  staticPod: shapes.staticPod,
  deviceStatus: shapes.deviceStatus,
};

/** Name of a kind whose bodies this version reads and writes; undefined for others. */
export function documentKind(kind: number): DocumentKind | undefined {
  return KIND_NAMES.get(kind);
}

const KIND_NAMES: ReadonlyMap<number, DocumentKind> = new Map(
  (Object.keys(CODECS) as DocumentKind[]).map((name) => [KINDS[name], name]),
);

/** Encodes a document's body, at most 262,144 bytes. Throws BL_WIRE_UNENCODABLE, with the size in its details when
 * that is the reason. */
export function encodeDocument<K extends DocumentKind>(
  kind: K,
  body: DocumentBodies[K],
): Uint8Array {
  return encodeWith(LIMITS.documentBytes, (writer) => CODECS[kind].write(writer, body));
}

/** Decodes and checks a document's body; `detail` of a fault is the path of the field (`containers[0].name`). Unknown
 * keys are ignored, unknown words (a phase, a property type) are not. Byte strings alias `bytes`. */
export function decodeDocument<K extends DocumentKind>(
  kind: K,
  bytes: Uint8Array,
): Decoded<DocumentBodies[K]> {
  return readOne(CODECS[kind], bytes, LIMITS.documentBytes);
}

/** Encodes a journal entry, at most 2,048 bytes. Throws BL_WIRE_UNENCODABLE. */
export function encodeEvent(entry: EventEntry): Uint8Array {
  return encodeWith(LIMITS.journalEntryBytes, (writer) => shapes.event.write(writer, entry));
}

export function decodeEvent(bytes: Uint8Array): Decoded<EventEntry> {
  return readOne(shapes.event, bytes, LIMITS.journalEntryBytes);
}

/** Encodes the arguments of a log stream. Throws BL_WIRE_UNENCODABLE. */
export function encodeLogArgs(args: LogArgs): Uint8Array {
  return encodeWith(LIMITS.messageBytes, (writer) => shapes.logArgs.write(writer, args));
}

export function decodeLogArgs(bytes: Uint8Array): Decoded<LogArgs> {
  return readOne(shapes.logArgs, bytes, LIMITS.messageBytes);
}

/** Encodes the arguments of a renewal. Throws BL_WIRE_UNENCODABLE. */
export function encodeRenewArgs(args: RenewArgs): Uint8Array {
  return encodeWith(LIMITS.messageBytes, (writer) => shapes.renewArgs.write(writer, args));
}

export function decodeRenewArgs(bytes: Uint8Array): Decoded<RenewArgs> {
  return readOne(shapes.renewArgs, bytes, LIMITS.messageBytes);
}

function readOne<T>(codec: Codec<T>, bytes: Uint8Array, maxBytes: number): Decoded<T> {
  const reader = new CborReader(bytes, { maxBytes });
  return reader.finish(codec.read(reader));
}
