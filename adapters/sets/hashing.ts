/** Key and document hashes (docs/protocol.md §4): what two replicas compare instead of contents. */
import type { U64 } from './u64.ts';

export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Length of a key hash on the wire, bytes. */
export const KH_BYTES = 6;
/** Length of a document hash on the wire, bytes. */
export const DH_BYTES = 8;

const HEAD_BYTES = 9;
/** A UTF-16 code unit takes at most 3 bytes of UTF-8. */
const UTF8_WORST = 3;

function writeHead(out: Uint8Array, at: number, major: number, n: number): number {
  if (n < 24) {
    out[at] = major | n;
    return at + 1;
  }
  if (n < 0x100) {
    out[at] = major | 24;
    out[at + 1] = n;
    return at + 2;
  }
  if (n < 0x10000) {
    out[at] = major | 25;
    out[at + 1] = n >>> 8;
    out[at + 2] = n;
    return at + 3;
  }
  out[at] = major | 26;
  out[at + 1] = n >>> 24;
  out[at + 2] = n >>> 16;
  out[at + 3] = n >>> 8;
  out[at + 4] = n;
  return at + 5;
}

function writeCodePoint(out: Uint8Array, start: number, c: number): number {
  let at = start;
  if (c < 0x80) {
    out[at++] = c;
  } else if (c < 0x800) {
    out[at++] = 0xc0 | (c >>> 6);
    out[at++] = 0x80 | (c & 63);
  } else if (c < 0x10000) {
    out[at++] = 0xe0 | (c >>> 12);
    out[at++] = 0x80 | ((c >>> 6) & 63);
    out[at++] = 0x80 | (c & 63);
  } else {
    out[at++] = 0xf0 | (c >>> 18);
    out[at++] = 0x80 | ((c >>> 12) & 63);
    out[at++] = 0x80 | ((c >>> 6) & 63);
    out[at++] = 0x80 | (c & 63);
  }
  return at;
}

function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.codePointAt(i) ?? 0;
    length += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (c >= 0x10000) i++;
  }
  return length;
}

/** May it be a document's name: at most `maxBytes` of UTF-8, and no half of a surrogate pair? */
export function isName(name: string, maxBytes: number): boolean {
  if (name.length > maxBytes || utf8Length(name) > maxBytes) return false;
  for (let i = 0; i < name.length; i++) {
    const c = name.codePointAt(i) ?? 0;
    if (c >= 0xd800 && c <= 0xdfff) return false;
    if (c >= 0x10000) i++;
  }
  return true;
}

function writeText(out: Uint8Array, start: number, text: string): number {
  let at = writeHead(out, start, 0x60, utf8Length(text));
  for (let i = 0; i < text.length; i++) {
    const c = text.codePointAt(i) ?? 0;
    at = writeCodePoint(out, at, c);
    if (c >= 0x10000) i++;
  }
  return at;
}

/** Hashes keys and documents over one reused buffer. `sha256` must not keep its argument. */
export class Hasher {
  readonly #sha256: Sha256;
  #scratch: Uint8Array = new Uint8Array(256);

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  #writeKey(kind: number, name: string, extra: number): number {
    const room = 2 * HEAD_BYTES + name.length * UTF8_WORST + extra;
    if (this.#scratch.length < room) this.#scratch = new Uint8Array(room * 2);
    return writeText(this.#scratch, writeHead(this.#scratch, 0, 0, kind), name);
  }

  /** kh as an integer below 2^48: the first 6 bytes, big-endian, of SHA-256(kind ‖ name as encoded). */
  key(kind: number, name: string): number {
    const end = this.#writeKey(kind, name, 0);
    return khFromBytes(this.#sha256(this.#scratch.subarray(0, end)), 0);
  }

  /** dh into `out`: the first 8 bytes, big-endian, of SHA-256(kind ‖ name ‖ body). */
  document(kind: number, name: string, body: Uint8Array, out: U64): void {
    const end = this.#writeKey(kind, name, body.length);
    this.#scratch.set(body, end);
    dhFromBytes(this.#sha256(this.#scratch.subarray(0, end + body.length)), 0, out);
  }
}

/** kh of a key as it stands on the wire, 6 bytes. */
export function keyHash(sha256: Sha256, kind: number, name: string): Uint8Array {
  return khToBytes(new Hasher(sha256).key(kind, name));
}

/** dh of a document as it stands on the wire, 8 bytes. */
export function documentHash(
  sha256: Sha256,
  kind: number,
  name: string,
  body: Uint8Array,
): Uint8Array {
  const out: U64 = { hi: 0, lo: 0 };
  new Hasher(sha256).document(kind, name, body, out);
  return dhToBytes(out.hi, out.lo);
}

/** Reads 4 bytes, big-endian, unsigned. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

/** Writes 4 bytes, big-endian. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** 6 bytes at `at` as an integer below 2^48. */
export function khFromBytes(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * 0x10000 + (((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0));
}

export function writeKh(bytes: Uint8Array, at: number, kh: number): void {
  writeU32(bytes, at, Math.floor(kh / 0x10000));
  const low = kh % 0x10000;
  bytes[at + 4] = low >>> 8;
  bytes[at + 5] = low;
}

export function khToBytes(kh: number): Uint8Array {
  const bytes = new Uint8Array(KH_BYTES);
  writeKh(bytes, 0, kh);
  return bytes;
}

export function dhFromBytes(bytes: Uint8Array, at: number, out: U64): void {
  out.hi = readU32(bytes, at);
  out.lo = readU32(bytes, at + 4);
}

export function dhToBytes(hi: number, lo: number): Uint8Array {
  const bytes = new Uint8Array(DH_BYTES);
  writeU32(bytes, 0, hi);
  writeU32(bytes, 4, lo);
  return bytes;
}

/** Shard of a link: the first 4 bytes, big-endian, of SHA-256 of the link id, modulo `shards` (1..256). */
export function shardOf(sha256: Sha256, link: string, shards: number): number {
  const bytes = new Uint8Array(link.length * UTF8_WORST);
  let at = 0;
  for (let i = 0; i < link.length; i++) {
    const c = link.codePointAt(i) ?? 0;
    at = writeCodePoint(bytes, at, c);
    if (c >= 0x10000) i++;
  }
  return readU32(sha256(bytes.subarray(0, at)), 0) % shards;
}

/** The shard's place in topics: 2 lower-case hex digits. */
export function shardName(shard: number): string {
  return shard.toString(16).padStart(2, '0');
}
