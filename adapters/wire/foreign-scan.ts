/** A structural pass over CBOR from strangers, before a lenient library sees it: cbor-x allocates and recurses as the
 * bytes tell it to. Lengths, depth, items, break codes and key types are checked; values are not. */
import type { WireErrorCode } from './reader.ts';
import { LIMITS, WIRE_ERRORS } from './registry.ts';

export interface ScanFault {
  readonly code: WireErrorCode;
  readonly offset: number;
}

const BREAK = 0xff;
const INDEFINITE = 31;
const UNDEFINED = 0xf7;
const FIRST_FLOAT = 0xf9;
const FALSE = 0xf4;

class Scanner {
  readonly #bytes: Uint8Array;
  #at = 0;
  #itemsLeft: number = LIMITS.cborItems;
  fault: ScanFault | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  whole(): void {
    this.#item(LIMITS.cborDepth);
    if (this.fault === undefined && this.#at < this.#bytes.length) this.#fail(WIRE_ERRORS.trailing);
  }

  #fail(code: WireErrorCode): void {
    this.fault ??= { code, offset: this.#at };
  }

  #item(depth: number): void {
    const byte = this.#bytes[this.#at];
    this.#itemsLeft -= 1;
    const major = (byte ?? 0) >> 5;
    if (byte === undefined) this.#fail(WIRE_ERRORS.truncated);
    else if (this.#itemsLeft < 0) this.#fail(WIRE_ERRORS.tooMany);
    else if (major === 6) this.#fail(WIRE_ERRORS.tag);
    else if (major === 7) this.#simple(byte);
    else if (major >= 4) this.#container(byte, depth);
    else if (major >= 2) this.#string(byte);
    else this.#count(byte);
  }

  #simple(byte: number): void {
    if (byte < FALSE || byte === 0xf8 || byte > 0xfb) this.#fail(WIRE_ERRORS.simple);
    else this.#skip(byte <= UNDEFINED ? 1 : 1 + 2 ** (byte - FIRST_FLOAT + 1));
  }

  #string(byte: number): void {
    // cbor-x cannot join the parts of an indefinite-length string.
    if ((byte & 31) === INDEFINITE) this.#fail(WIRE_ERRORS.indefinite);
    else this.#skip(this.#count(byte) ?? 0);
  }

  #container(byte: number, depth: number): void {
    const isMap = byte >> 5 === 5;
    if (depth === 0) this.#fail(WIRE_ERRORS.tooDeep);
    else if ((byte & 31) === INDEFINITE) this.#untilBreak(isMap, depth);
    else this.#counted(byte, isMap, depth);
  }

  #untilBreak(isMap: boolean, depth: number): void {
    this.#at += 1;
    while (this.fault === undefined && this.#bytes[this.#at] !== BREAK) this.#member(isMap, depth);
    this.#skip(1);
  }

  #counted(byte: number, isMap: boolean, depth: number): void {
    const count = this.#count(byte) ?? 0;
    if (count * (isMap ? 2 : 1) > this.#bytes.length - this.#at) this.#fail(WIRE_ERRORS.truncated);
    for (let i = 0; i < count && this.fault === undefined; i++) this.#member(isMap, depth);
  }

  #member(isMap: boolean, depth: number): void {
    if (isMap) {
      const major = (this.#bytes[this.#at] ?? 0) >> 5;
      if (major !== 0 && major !== 1 && major !== 3) this.#fail(WIRE_ERRORS.keyType);
      else this.#item(depth);
    }
    if (this.fault === undefined) this.#item(depth - 1);
  }

  /** Passes a head and answers its argument. */
  #count(byte: number): number | undefined {
    const info = byte & 31;
    if (info > 27) {
      this.#fail(WIRE_ERRORS.reserved);
      return undefined;
    }
    const width = info < 24 ? 0 : 2 ** (info - 24);
    const at = this.#at + 1;
    this.#skip(1 + width);
    let value = info < 24 ? info : 0;
    for (let i = 0; i < width; i++) value = value * 256 + (this.#bytes[at + i] ?? 0);
    return value;
  }

  #skip(bytes: number): void {
    if (this.fault !== undefined) return;
    if (bytes > this.#bytes.length - this.#at) this.#fail(WIRE_ERRORS.truncated);
    else this.#at += bytes;
  }
}

/** The first fault, or undefined when the bytes hold exactly one item within the limits. */
export function scanForeign(bytes: Uint8Array): ScanFault | undefined {
  const scanner = new Scanner(bytes);
  scanner.whole();
  return scanner.fault;
}
