/** A file of the store is nothing but records: length and checksum (4 bytes each, little endian), then one
 * transaction's entries. The checksum covers length and content and starts from the file's generation, so that bytes
 * of an older file that reappear in reused blocks are no records of this one. */
import { crc32 } from './crc32.ts';
import { decodeEntries, type Entry, encodeEntries } from './entries.ts';

export const RECORD_HEAD_BYTES = 8;

function put32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = (value >>> (8 * i)) & 0xff;
}

function get32(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

function checksum(record: Uint8Array, generation: number): number {
  const start = new Uint8Array(4);
  put32(start, 0, generation);
  const sum = crc32(record.subarray(0, 4), crc32(start));
  return crc32(record.subarray(RECORD_HEAD_BYTES), sum);
}

/** `content` as `encodeEntries` made it. */
export function frameRecord(content: Uint8Array, generation: number): Uint8Array {
  const record = new Uint8Array(RECORD_HEAD_BYTES + content.length);
  put32(record, 0, content.length);
  record.set(content, RECORD_HEAD_BYTES);
  put32(record, 4, checksum(record, generation));
  return record;
}

export interface ReadRecords {
  /** One list of entries per whole record. */
  readonly transactions: readonly (readonly Entry[])[];
  /** Bytes up to the end of the last whole record; less than the file's length when its rest is cut or damaged. */
  readonly goodBytes: number;
}

/** Reads up to the first record that is not whole. */
export function readRecords(file: Uint8Array, generation: number): ReadRecords {
  const transactions: (readonly Entry[])[] = [];
  let at = 0;
  for (;;) {
    const size = get32(file, at);
    const end = at + RECORD_HEAD_BYTES + size;
    // An empty record is what a tail of zeros would be: file systems leave one after a power cut.
    if (size === 0 || end > file.length) break;
    const record = file.subarray(at, end);
    if (get32(record, 4) !== checksum(record, generation)) break;
    const entries = decodeEntries(record.subarray(RECORD_HEAD_BYTES));
    if (entries === undefined) break;
    transactions.push(entries);
    at = end;
  }
  return { transactions, goodBytes: at };
}

/** Entries of a snapshot go into records of about this size. */
const SNAPSHOT_RECORD_BYTES = 65_536;
const HEADROOM_BYTES = 64;

function roughSize(entry: Entry): number {
  if (entry.type === 'put') return entry.body.length + HEADROOM_BYTES;
  return entry.type === 'append' ? entry.entry.length + HEADROOM_BYTES : HEADROOM_BYTES;
}

export function encodeSnapshot(entries: Iterable<Entry>, generation: number): Uint8Array {
  const records: Uint8Array[] = [];
  let batch: Entry[] = [];
  let batchBytes = 0;
  let count = 0;
  const flush = (): void => {
    records.push(frameRecord(encodeEntries(batch), generation));
    batch = [];
    batchBytes = 0;
  };
  for (const entry of entries) {
    batch.push(entry);
    batchBytes += roughSize(entry);
    count += 1;
    if (batchBytes >= SNAPSHOT_RECORD_BYTES) flush();
  }
  batch.push({ type: 'end', count });
  flush();
  return concat(records);
}

/** All entries of a snapshot that is whole to its last byte; undefined for any other. */
export function readSnapshot(file: Uint8Array, generation: number): readonly Entry[] | undefined {
  const { transactions, goodBytes } = readRecords(file, generation);
  const entries = transactions.flat();
  const end = entries.pop();
  if (goodBytes !== file.length || end?.type !== 'end') return undefined;
  return end.count === entries.length ? entries : undefined;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
