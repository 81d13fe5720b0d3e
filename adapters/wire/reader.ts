import { floatWidth, fromHalf, HALF_NAN } from './half-float.ts';
import { LIMITS, WIRE_ERRORS } from './registry.ts';
import { isUtf8, readUtf8 } from './utf8.ts';
import type { CborValue, Decoded } from './value.ts';

/** A code of the registry's `wireErrors`. */
export type WireErrorCode = (typeof WIRE_ERRORS)[keyof typeof WIRE_ERRORS];

export interface DecodeLimits {
  /** Bytes of the whole input; default 262,144 for values, 65,536 for messages. */
  readonly maxBytes?: number;
  /** Arrays and maps within one another; default 16. */
  readonly maxDepth?: number;
  /** Data items; default 65,536. */
  readonly maxItems?: number;
}

const UINT = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const SIMPLE = 7;

const TWO_32 = 0x100000000;

/** What a first byte alone says against an item, whatever was expected in its place. */
const FORBIDDEN: readonly (WireErrorCode | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  forbiddenBy(byte >> 5, byte & 31),
);

function forbiddenBy(major: number, info: number): WireErrorCode | undefined {
  if (major === 6) return WIRE_ERRORS.tag;
  if (info >= 28 && info <= 30) return WIRE_ERRORS.reserved;
  if (info === 31) return major < BYTES ? WIRE_ERRORS.reserved : WIRE_ERRORS.indefinite;
  if (major !== SIMPLE) return undefined;
  return (info >= 20 && info <= 22) || info >= 25 ? undefined : WIRE_ERRORS.simple;
}

/** Reads deterministic CBOR (RFC 8949 §4.2.1) from left to right. The first fault sticks: every method answers
 * `undefined` from then on, so that callers check once. Byte strings and ranges alias the input. */
export class CborReader {
  readonly input: Uint8Array;
  readonly #maxDepth: number;
  #itemsLeft: number;
  #at = 0;
  #code: WireErrorCode | undefined;
  #faultAt = 0;
  #path = '';
  /** Argument of the last head when it is beyond 2^53 − 1, else undefined. */
  #big: bigint | undefined;

  constructor(input: Uint8Array, limits: DecodeLimits = {}) {
    // A subclass such as Buffer gives another meaning to slice(), by which callers copy.
    this.input =
      input.constructor === Uint8Array
        ? input
        : new Uint8Array(input.buffer, input.byteOffset, input.length);
    this.#maxDepth = limits.maxDepth ?? LIMITS.cborDepth;
    this.#itemsLeft = limits.maxItems ?? LIMITS.cborItems;
    if (input.length > (limits.maxBytes ?? LIMITS.documentBytes)) this.fail(WIRE_ERRORS.tooLong, 0);
  }

  get offset(): number {
    return this.#at;
  }

  get failed(): boolean {
    return this.#code !== undefined;
  }

  /** Records the first fault; later ones are ignored. */
  fail(code: WireErrorCode, offset: number = this.#at): undefined {
    if (this.#code !== undefined) return;
    this.#code = code;
    this.#faultAt = offset;
  }

  /** Names the field in which the fault lies; called from the inside outwards. */
  within(field: string): undefined {
    const joint = this.#path === '' || this.#path.startsWith('[') ? '' : '.';
    this.#path = `${field}${joint}${this.#path}`;
  }

  /** The outcome: `value`, or the fault. A rest behind the value is one. */
  finish<T>(value: T | undefined): Decoded<T> {
    if (this.#code === undefined && this.#at < this.input.length) this.fail(WIRE_ERRORS.trailing);
    return this.result(value);
  }

  /** As `finish`, but bytes may follow. */
  result<T>(value: T | undefined): Decoded<T> {
    if (this.#code === undefined && value !== undefined) return { ok: true, value };
    const fault = {
      ok: false,
      code: this.#code ?? WIRE_ERRORS.shape,
      offset: this.#faultAt,
    } as const;
    return this.#path === '' ? fault : { ...fault, detail: this.#path };
  }

  seek(offset: number): void {
    this.#at = offset;
  }

  /** Major type of the next item, or -1 when nothing more can be read. */
  peek(): number {
    const byte = this.input[this.#at];
    return byte === undefined || this.failed ? -1 : byte >> 5;
  }

  nextIsArray(): boolean {
    return this.peek() === ARRAY;
  }

  nextIsBytes(): boolean {
    return this.peek() === BYTES;
  }

  /** Unsigned integer `min` … `max`. */
  uint(max: number = Number.MAX_SAFE_INTEGER, min = 0): number | undefined {
    const start = this.#at;
    const value = this.#head(UINT);
    if (value === undefined) return undefined;
    if (this.#big !== undefined || value > max || value < min)
      return this.fail(WIRE_ERRORS.range, start);
    return value;
  }

  /** Integer within ±(2^53 − 1). */
  int(): number | undefined {
    if (this.peek() !== NEGATIVE) return this.uint();
    const start = this.#at;
    const argument = this.#head(NEGATIVE);
    if (argument === undefined) return undefined;
    if (this.#big !== undefined || argument === Number.MAX_SAFE_INTEGER)
      return this.fail(WIRE_ERRORS.range, start);
    return -1 - argument;
  }

  bool(): boolean | undefined {
    const byte = this.#first();
    if (byte === undefined) return undefined;
    if (byte !== 0xf4 && byte !== 0xf5) return this.fail(WIRE_ERRORS.shape);
    this.#at += 1;
    return byte === 0xf5;
  }

  /** Byte string of `min` … `max` bytes, as a view of the input. */
  bytes(max: number = Number.MAX_SAFE_INTEGER, min = 0): Uint8Array | undefined {
    const start = this.#at;
    const length = this.#span(BYTES);
    if (length === undefined) return undefined;
    if (length > max || length < min) return this.fail(WIRE_ERRORS.range, start);
    this.#at += length;
    return this.input.subarray(this.#at - length, this.#at);
  }

  /** Text of `min` … `max` bytes of UTF-8. */
  text(max: number = Number.MAX_SAFE_INTEGER, min = 0): string | undefined {
    const start = this.#at;
    const length = this.#span(TEXT);
    if (length === undefined) return undefined;
    if (length > max || length < min) return this.fail(WIRE_ERRORS.range, start);
    this.#at += length;
    return readUtf8(this.input, this.#at - length, this.#at) ?? this.fail(WIRE_ERRORS.utf8, start);
  }

  /** Number of elements that follow. */
  array(): number | undefined {
    return this.#span(ARRAY);
  }

  /** Number of pairs that follow. */
  map(): number | undefined {
    return this.#span(MAP);
  }

  /** A map key: unsigned integer or text. `previous` is the offset of the key before it, -1 for the first. */
  key(previous: number): number | string | undefined {
    const start = this.#at;
    const major = this.peek();
    if (major !== UINT && major !== TEXT) {
      const byte = this.#first();
      return byte === undefined ? undefined : this.fail(WIRE_ERRORS.keyType);
    }
    const key = major === UINT ? this.#head(UINT) : this.text();
    if (key === undefined) return undefined;
    if (major === UINT && this.#big !== undefined) return this.fail(WIRE_ERRORS.keyType, start);
    return previous < 0 || this.#ascends(previous, start) ? key : undefined;
  }

  /** Any item of the profile. */
  value(): CborValue | undefined {
    return this.#item(this.#maxDepth, true);
  }

  /** Checks any item as strictly as `value` does, and answers its bytes. */
  skip(): Uint8Array | undefined {
    const start = this.#at;
    this.#item(this.#maxDepth, false);
    return this.failed ? undefined : this.input.subarray(start, this.#at);
  }

  /** One item; `build` false checks it and answers null, so that nothing is allocated. */
  #item(depth: number, build: boolean): CborValue | undefined {
    const byte = this.#first();
    if (byte === undefined) return undefined;
    this.#itemsLeft -= 1;
    if (this.#itemsLeft < 0) return this.fail(WIRE_ERRORS.tooMany);
    switch (byte >> 5) {
      case UINT:
        return this.#integer(UINT);
      case NEGATIVE:
        return this.#integer(NEGATIVE);
      case BYTES:
        return this.bytes();
      case TEXT:
        return build ? this.text() : this.#checkText();
      case ARRAY:
        return this.#arrayOf(depth, build);
      case MAP:
        return this.#mapOf(depth, build);
      default:
        return this.#simpleOrFloat(byte);
    }
  }

  #integer(major: 0 | 1): number | bigint | undefined {
    const argument = this.#head(major);
    if (argument === undefined) return undefined;
    if (this.#big !== undefined) return major === UINT ? this.#big : -1n - this.#big;
    if (major === UINT) return argument;
    return argument === Number.MAX_SAFE_INTEGER ? -1n - BigInt(argument) : -1 - argument;
  }

  #checkText(): null | undefined {
    const start = this.#at;
    const length = this.#span(TEXT);
    if (length === undefined) return undefined;
    this.#at += length;
    return isUtf8(this.input, this.#at - length, this.#at)
      ? null
      : this.fail(WIRE_ERRORS.utf8, start);
  }

  #arrayOf(depth: number, build: boolean): CborValue | undefined {
    if (depth === 0) return this.fail(WIRE_ERRORS.tooDeep);
    const count = this.#span(ARRAY);
    if (count === undefined) return undefined;
    const items: CborValue[] = [];
    for (let i = 0; i < count; i++) {
      const item = this.#item(depth - 1, build);
      if (item === undefined) return undefined;
      if (build) items.push(item);
    }
    return items;
  }

  #mapOf(depth: number, build: boolean): CborValue | undefined {
    if (depth === 0) return this.fail(WIRE_ERRORS.tooDeep);
    const count = this.#span(MAP);
    if (count === undefined) return undefined;
    const map = new Map<number | string, CborValue>();
    let previous = -1;
    for (let i = 0; i < count; i++) {
      const start = this.#at;
      const key = this.key(previous);
      if (key === undefined) return undefined;
      previous = start;
      const item = this.#item(depth - 1, build);
      if (item === undefined) return undefined;
      if (build) map.set(key, item);
    }
    return map;
  }

  #simpleOrFloat(byte: number): boolean | number | null | undefined {
    const start = this.#at;
    this.#at += 1;
    if (byte === 0xf6) return null;
    if (byte < 0xf7) return byte === 0xf5;
    const width = byte === 0xf9 ? 2 : byte === 0xfa ? 4 : 8;
    const at = this.#at;
    if (at + width > this.input.length) return this.fail(WIRE_ERRORS.truncated, start);
    this.#at += width;
    const bits = this.#u16(at);
    const value = width === 2 ? fromHalf(bits) : this.#wideFloat(at, width);
    const canonical = width === floatWidth(value) && (!Number.isNaN(value) || bits === HALF_NAN);
    return canonical ? value : this.fail(WIRE_ERRORS.notShortest, start);
  }

  #wideFloat(at: number, width: 4 | 8): number {
    const view = new DataView(this.input.buffer, this.input.byteOffset + at, width);
    return width === 4 ? view.getFloat32(0) : view.getFloat64(0);
  }

  /** The first byte of the next item, if the profile allows it. */
  #first(): number | undefined {
    if (this.failed) return undefined;
    const byte = this.input[this.#at];
    if (byte === undefined) return this.fail(WIRE_ERRORS.truncated);
    const forbidden = FORBIDDEN[byte];
    return forbidden === undefined ? byte : this.fail(forbidden);
  }

  /** Argument of a head of this major type. When it is beyond 2^53 − 1, `#big` holds it. */
  #head(major: number): number | undefined {
    const byte = this.#first();
    if (byte === undefined) return undefined;
    if (byte >> 5 !== major) return this.fail(WIRE_ERRORS.shape);
    const info = byte & 31;
    this.#big = undefined;
    if (info < 24) {
      this.#at += 1;
      return info;
    }
    return this.#argument(1 << (info - 24));
  }

  #argument(width: number): number | undefined {
    const start = this.#at;
    const at = start + 1;
    if (at + width > this.input.length) return this.fail(WIRE_ERRORS.truncated, start);
    this.#at = at + width;
    if (width === 8) return this.#wideArgument(at, start);
    const value = width === 1 ? (this.input[at] ?? 0) : width === 2 ? this.#u16(at) : this.#u32(at);
    const least = width === 1 ? 24 : width === 2 ? 0x100 : 0x10000;
    return value >= least ? value : this.fail(WIRE_ERRORS.notShortest, start);
  }

  #wideArgument(at: number, start: number): number | undefined {
    const high = this.#u32(at);
    const low = this.#u32(at + 4);
    if (high === 0) return this.fail(WIRE_ERRORS.notShortest, start);
    if (high < 0x200000) return high * TWO_32 + low;
    this.#big = BigInt(high) * 4294967296n + BigInt(low);
    return Number.MAX_SAFE_INTEGER;
  }

  /** Head of a string, array or map: a count that the bytes left cannot hold is a truncation at once, so that no
   * loop and no allocation follows a length from outside. */
  #span(major: 2 | 3 | 4 | 5): number | undefined {
    const start = this.#at;
    const count = this.#head(major);
    if (count === undefined) return undefined;
    const bytes = major === MAP ? count * 2 : count;
    if (this.#big === undefined && bytes <= this.input.length - this.#at) return count;
    return this.fail(WIRE_ERRORS.truncated, start);
  }

  /** Compares the key at `start`, just read, with the one before it; keys are prefix-free, so a difference comes first. */
  #ascends(previous: number, start: number): boolean {
    for (let i = 0; start + i < this.#at; i++) {
      const order = (this.input[start + i] ?? 0) - (this.input[previous + i] ?? 0);
      if (order > 0) return true;
      if (order < 0) {
        this.fail(WIRE_ERRORS.keyOrder, start);
        return false;
      }
    }
    this.fail(WIRE_ERRORS.keyDuplicate, start);
    return false;
  }

  #u16(at: number): number {
    return ((this.input[at] ?? 0) << 8) | (this.input[at + 1] ?? 0);
  }

  #u32(at: number): number {
    return this.#u16(at) * 0x10000 + this.#u16(at + 2);
  }
}
