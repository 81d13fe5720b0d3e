/** What a transaction is made of, and its bytes: CBOR items one after the other, the entry's type first. Only checksummed
 * bytes are decoded, so a malformed entry means another version's file, and is damage too. */
import { CborReader, CborWriter } from '@boardlet/adapters/wire';

export type SetName = 'desired' | 'reported';
export type Entry =
  | { readonly type: 'boots'; readonly boots: number }
  | { readonly type: 'realm'; readonly realm: Uint8Array }
  | { readonly type: 'mark'; readonly mark: number }
  | {
      readonly type: 'put';
      readonly set: SetName;
      readonly board: string;
      readonly kind: number;
      readonly name: string;
      readonly body: Uint8Array;
    }
  | {
      readonly type: 'remove';
      readonly set: SetName;
      readonly board: string;
      readonly kind: number;
      readonly name: string;
    }
  | {
      readonly type: 'append';
      readonly board: string;
      readonly segment: number;
      readonly n: number;
      readonly entry: Uint8Array;
    }
  /** Entries of `segment` up to and including `n` go; `lost` is the board's running total. */
  | {
      readonly type: 'trim';
      readonly board: string;
      readonly segment: number;
      readonly n: number;
      readonly lost: number;
    }
  /** Ends a snapshot: so many entries came before. */
  | { readonly type: 'end'; readonly count: number };

const TYPES = ['boots', 'realm', 'mark', 'put', 'remove', 'append', 'trim', 'end'] as const;
const SETS: readonly SetName[] = ['desired', 'reported'];

const writer = new CborWriter();

function writeEntry(entry: Entry): void {
  writer.uint(TYPES.indexOf(entry.type));
  switch (entry.type) {
    case 'boots':
      writer.uint(entry.boots);
      break;
    case 'realm':
      writer.bytes(entry.realm);
      break;
    case 'mark':
      writer.uint(entry.mark);
      break;
    case 'end':
      writer.uint(entry.count);
      break;
    case 'put':
    case 'remove':
      writeDocument(entry);
      break;
    case 'append':
    case 'trim':
      writeJournal(entry);
      break;
  }
}

function writeDocument(entry: Extract<Entry, { type: 'put' | 'remove' }>): void {
  writer.uint(SETS.indexOf(entry.set));
  writer.text(entry.board);
  writer.uint(entry.kind);
  writer.text(entry.name);
  if (entry.type === 'put') writer.bytes(entry.body);
}

function writeJournal(entry: Extract<Entry, { type: 'append' | 'trim' }>): void {
  writer.text(entry.board);
  writer.uint(entry.segment);
  writer.uint(entry.n);
  if (entry.type === 'append') writer.bytes(entry.entry);
  else writer.uint(entry.lost);
}

/** Throws BL_WIRE_UNENCODABLE for a name with a lone surrogate and for numbers that are no unsigned integers. */
export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  writer.reset();
  for (const entry of entries) writeEntry(entry);
  return writer.take();
}

const NOTHING = new Uint8Array(0);
// The reader's first fault sticks, so one check behind the entry is enough, and what stands in for a value is never used.
const uint = (from: CborReader): number => from.uint() ?? 0;
const text = (from: CborReader): string => from.text() ?? '';
/** A copy: a body must not keep in memory the whole file that it was read from. */
const bytes = (from: CborReader): Uint8Array => (from.bytes() ?? NOTHING).slice();

function readEntry(from: CborReader): Entry | undefined {
  const type = TYPES[from.uint() ?? TYPES.length];
  switch (type) {
    case 'boots':
      return { type, boots: uint(from) };
    case 'realm':
      return { type, realm: bytes(from) };
    case 'mark':
      return { type, mark: uint(from) };
    case 'end':
      return { type, count: uint(from) };
    case 'put':
    case 'remove':
      return readDocument(from, type);
    case 'append':
    case 'trim':
      return readJournal(from, type);
    default:
      return undefined;
  }
}

function readDocument(from: CborReader, type: 'put' | 'remove'): Entry | undefined {
  const set = SETS[from.uint(1) ?? SETS.length];
  if (set === undefined) return undefined;
  const board = text(from);
  const kind = uint(from);
  const key = { set, board, kind, name: text(from) };
  return type === 'put' ? { type, ...key, body: bytes(from) } : { type, ...key };
}

function readJournal(from: CborReader, type: 'append' | 'trim'): Entry {
  const board = text(from);
  const segment = uint(from);
  const position = { board, segment, n: uint(from) };
  return type === 'append'
    ? { type, ...position, entry: bytes(from) }
    : { type, ...position, lost: uint(from) };
}

/** Undefined when the bytes are not whole entries. */
export function decodeEntries(encoded: Uint8Array): readonly Entry[] | undefined {
  const reader = new CborReader(encoded, { maxBytes: encoded.length });
  const entries: Entry[] = [];
  while (reader.offset < encoded.length) {
    const entry = readEntry(reader);
    if (entry === undefined || reader.failed) return undefined;
    entries.push(entry);
  }
  return entries;
}
