/** Operations on documents, and the pages and prefixes by which sets are compared. */
import type { ChunkOp, DeleteOp, Op, Page, Prefix, PutOp } from './messages.ts';
import type { CborReader } from './reader.ts';
import { LIMITS, WIRE_ERRORS } from './registry.ts';
import { bytes, type Codec, encoded, skipRest, text, uint } from './shape.ts';
import { type CborWriter, unencodable } from './writer.ts';

export const kh: Codec<Uint8Array> = bytes({ min: 6, max: 6 });
export const dh: Codec<Uint8Array> = bytes({ min: 8, max: 8 });

const kind = uint();
const name = text({ min: 1, max: LIMITS.nameBytes });
const total = uint({ min: 1, max: LIMITS.documentBytes });
const body = encoded;
const chunkBytes = bytes({ min: 1 });

const MAX_DEPTH = 8;
const ENTRY_BYTES = 10;
const CHILDREN_BYTES = 64;

const DELETE_PLACES = 2;
const PUT_PLACES = 3;
const CHUNK_PLACES = 6;

/** The number of elements tells put, delete and chunk apart, so here alone none may be appended. */
export const op: Codec<Op> = { write: writeOp, read: readOp };

function writeOp(writer: CborWriter, value: Op): void {
  if (value.op === 'delete-hash') kh.write(writer, value.kh);
  else {
    const places =
      value.op === 'put' ? PUT_PLACES : value.op === 'delete' ? DELETE_PLACES : CHUNK_PLACES;
    writer.array(places);
    kind.write(writer, value.kind);
    name.write(writer, value.name);
    if (value.op === 'put') writeBody(writer, value);
    else if (value.op === 'chunk') writeChunk(writer, value);
  }
}

function writeBody(writer: CborWriter, value: PutOp): void {
  if (value.body.length > LIMITS.documentBytes)
    throw unencodable('the document is too long', { bytes: value.body.length });
  body.write(writer, value.body);
}

function writeChunk(writer: CborWriter, value: ChunkOp): void {
  if (value.off + value.bytes.length > value.total)
    throw unencodable('the chunk passes the end', { off: value.off, total: value.total });
  dh.write(writer, value.dh);
  total.write(writer, value.total);
  writer.uint(value.off);
  chunkBytes.write(writer, value.bytes);
}

function readOp(reader: CborReader): Op | undefined {
  if (reader.nextIsBytes()) {
    const hash = kh.read(reader);
    return hash === undefined ? reader.within('kh') : { op: 'delete-hash', kh: hash };
  }
  const start = reader.offset;
  const places = reader.array();
  if (places === undefined) return undefined;
  if (places !== DELETE_PLACES && places !== PUT_PLACES && places !== CHUNK_PLACES)
    return reader.fail(WIRE_ERRORS.shape, start);
  const key = readKey(reader);
  if (key === undefined || places === DELETE_PLACES) return key;
  return places === PUT_PLACES ? readPut(reader, key) : readChunk(reader, key);
}

function readKey(reader: CborReader): DeleteOp | undefined {
  const readKind = kind.read(reader);
  if (readKind === undefined) return reader.within('kind');
  const readName = name.read(reader);
  if (readName === undefined) return reader.within('name');
  return { op: 'delete', kind: readKind, name: readName };
}

function readPut(reader: CborReader, key: DeleteOp): PutOp | undefined {
  const start = reader.offset;
  const read = body.read(reader);
  if (read === undefined) return reader.within('body');
  if (read.length > LIMITS.documentBytes) return reader.fail(WIRE_ERRORS.tooLong, start);
  return { op: 'put', kind: key.kind, name: key.name, body: read };
}

function readChunk(reader: CborReader, key: DeleteOp): ChunkOp | undefined {
  const hash = dh.read(reader);
  if (hash === undefined) return reader.within('dh');
  const size = total.read(reader);
  if (size === undefined) return reader.within('total');
  const off = reader.uint(size - 1);
  if (off === undefined) return reader.within('off');
  const start = reader.offset;
  const part = chunkBytes.read(reader);
  if (part !== undefined && off + part.length > size) reader.fail(WIRE_ERRORS.range, start);
  if (part === undefined || reader.failed) return reader.within('bytes');
  return { op: 'chunk', kind: key.kind, name: key.name, dh: hash, total: size, off, bytes: part };
}

/** First hex digits of a kh: `prefix` < 16^`depth`. */
export const prefix: Codec<Prefix> = {
  write: (writer, value) => {
    writer.array(2);
    writePrefix(writer, value);
  },
  read: (reader) => {
    const places = reader.array();
    if (places === undefined) return undefined;
    const read = readPrefix(reader, places);
    return read !== undefined && skipRest(reader, places - 2) ? read : undefined;
  },
};

function writePrefix(writer: CborWriter, value: Prefix): void {
  if (value.depth > MAX_DEPTH || value.prefix >= 16 ** value.depth)
    throw unencodable('prefix out of range', { depth: value.depth, prefix: value.prefix });
  writer.uint(value.depth);
  writer.uint(value.prefix);
}

function readPrefix(reader: CborReader, places: number): Prefix | undefined {
  if (places < 2) return reader.fail(WIRE_ERRORS.missing);
  const depth = reader.uint(MAX_DEPTH);
  if (depth === undefined) return reader.within('depth');
  const digits = reader.uint(16 ** depth - 1);
  return digits === undefined ? reader.within('prefix') : { depth, prefix: digits };
}

export const page: Codec<Page> = { write: writePage, read: readPage };

function writePage(writer: CborWriter, value: Page): void {
  writer.array(value.children ? 4 : 3);
  writePrefix(writer, value);
  if (!isPageSize(value.bytes.length, value.children))
    throw unencodable('page of a wrong size', { bytes: value.bytes.length });
  writer.bytes(value.bytes);
  if (value.children) writer.uint(1);
}

const isPageSize = (size: number, children: boolean): boolean =>
  children
    ? size === CHILDREN_BYTES
    : size % ENTRY_BYTES === 0 && size <= LIMITS.listPageDocuments * ENTRY_BYTES;

function readPage(reader: CborReader): Page | undefined {
  const places = reader.array();
  if (places === undefined) return undefined;
  const range = readPrefix(reader, places);
  if (range === undefined) return undefined;
  if (places < 3) return reader.fail(WIRE_ERRORS.missing);
  const children = places > 3;
  const start = reader.offset;
  const read = reader.bytes();
  if (read !== undefined && !isPageSize(read.length, children))
    reader.fail(WIRE_ERRORS.range, start);
  if (read === undefined || reader.failed) return reader.within('bytes');
  if (children && reader.uint(1, 1) === undefined) return reader.within('children');
  if (!skipRest(reader, places - 4)) return undefined;
  return { depth: range.depth, prefix: range.prefix, bytes: read, children };
}
