import { BoardletError } from './errors.ts';
import { floatWidth, toHalf } from './half-float.ts';
import { LIMITS, WIRE_ERRORS } from './registry.ts';
import { compareUtf8, utf8Length, writeUtf8 } from './utf8.ts';
import type { CborMap, CborValue } from './value.ts';

const INITIAL_BYTES = 512;
/** A buffer grown beyond this is given back after use. */
const KEPT_BYTES = 65536;
const MAX_UINT64 = 2n ** 64n - 1n;

export function unencodable(
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): BoardletError {
  return new BoardletError(WIRE_ERRORS.unencodable, message, { details });
}

/** Map keys in the order of their encoded bytes: integers before text, short text before long (RFC 8949 §4.2.1). */
export function compareKeys(a: number | string, b: number | string): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  return utf8Length(a) - utf8Length(b) || compareUtf8(a, b);
}

/** Writes deterministic CBOR (RFC 8949 §4.2.1) into one growing buffer. Every method throws BL_WIRE_UNENCODABLE for
 * what the profile cannot carry; the writer is then dirty until the next `reset`. */
export class CborWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  reset(): void {
    if (this.#bytes.length > KEPT_BYTES) this.#use(new Uint8Array(INITIAL_BYTES));
    this.#length = 0;
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written since the last `reset`. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Already encoded CBOR, spliced in as it is. */
  raw(encoded: Uint8Array): void {
    this.#room(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  array(count: number): void {
    this.#head(0x80, count);
  }

  map(count: number): void {
    this.#head(0xa0, count);
  }

  null(): void {
    this.#byte(0xf6);
  }

  bool(value: boolean): void {
    this.#byte(value ? 0xf5 : 0xf4);
  }

  /** Integer 0 … 2^53 − 1. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw unencodable('not an unsigned integer', { value });
    this.#head(0, value);
  }

  /** Any JS number: an integer where it is one in the safe range (−0 is not), else the shortest float that holds it. */
  number(value: number): void {
    const width = floatWidth(value);
    if (width !== 0) this.#float(value, width);
    else if (value < 0) this.#head(0x20, -1 - value);
    else this.#head(0, value);
  }

  /** Integer −2^64 … 2^64 − 1. */
  bigint(value: bigint): void {
    const argument = value < 0n ? -1n - value : value;
    if (argument > MAX_UINT64) throw unencodable('integer beyond 64 bits', { value });
    const major = value < 0n ? 0x20 : 0;
    if (argument <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.#head(major, Number(argument));
      return;
    }
    this.#room(9);
    this.#bytes[this.#length] = major | 27;
    this.#view.setBigUint64(this.#length + 1, argument);
    this.#length += 9;
  }

  bytes(value: Uint8Array): void {
    this.#head(0x40, value.length);
    this.raw(value);
  }

  text(value: string): void {
    const length = utf8Length(value);
    if (length < 0) throw unencodable('text with a lone surrogate', { value });
    this.#head(0x60, length);
    this.#room(length);
    this.#length = writeUtf8(value, this.#bytes, this.#length);
  }

  key(value: number | string): void {
    if (typeof value === 'number') this.uint(value);
    else this.text(value);
  }

  /** Any value of the profile; arrays and maps may nest `depth` deep. */
  value(value: CborValue, depth: number = LIMITS.cborDepth): void {
    if (typeof value === 'number') this.number(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'boolean') this.bool(value);
    else if (typeof value === 'bigint') this.bigint(value);
    else if (value === null) this.null();
    else if (value instanceof Uint8Array) this.bytes(value);
    else this.#container(value, depth);
  }

  #container(value: readonly CborValue[] | CborMap, depth: number): void {
    if (depth === 0) throw unencodable('nested too deep', { limit: LIMITS.cborDepth });
    if (value instanceof Map) this.#mapOf(value, depth);
    else if (Array.isArray(value)) this.#arrayOf(value, depth);
    else throw unencodable(`no CBOR for ${typeof value}`);
  }

  #arrayOf(items: readonly CborValue[], depth: number): void {
    this.array(items.length);
    for (let i = 0; i < items.length; i++) this.value(items[i] as CborValue, depth - 1);
  }

  #mapOf(value: CborMap, depth: number): void {
    const keys = [...value.keys()];
    if (keys.some((key) => typeof key !== 'number' && typeof key !== 'string'))
      throw unencodable('a map key that is neither number nor text');
    keys.sort(compareKeys);
    this.map(keys.length);
    for (const key of keys) {
      this.key(key);
      this.value(value.get(key) as CborValue, depth - 1);
    }
  }

  #float(value: number, width: 2 | 4 | 8): void {
    this.#room(9);
    const at = this.#length;
    this.#bytes[at] = width === 2 ? 0xf9 : width === 4 ? 0xfa : 0xfb;
    if (width === 2) this.#view.setUint16(at + 1, toHalf(value));
    else if (width === 4) this.#view.setFloat32(at + 1, value);
    else this.#view.setFloat64(at + 1, value);
    this.#length = at + 1 + width;
  }

  #head(major: number, argument: number): void {
    this.#room(9);
    const at = this.#length;
    if (argument < 24) {
      this.#bytes[at] = major | argument;
      this.#length = at + 1;
    } else if (argument < 0x100) {
      this.#bytes[at] = major | 24;
      this.#bytes[at + 1] = argument;
      this.#length = at + 2;
    } else if (argument < 0x10000) {
      this.#bytes[at] = major | 25;
      this.#view.setUint16(at + 1, argument);
      this.#length = at + 3;
    } else if (argument < 0x100000000) {
      this.#bytes[at] = major | 26;
      this.#view.setUint32(at + 1, argument);
      this.#length = at + 5;
    } else {
      this.#bytes[at] = major | 27;
      this.#view.setUint32(at + 1, Math.floor(argument / 0x100000000));
      this.#view.setUint32(at + 5, argument >>> 0);
      this.#length = at + 9;
    }
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  #room(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#use(grown);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
