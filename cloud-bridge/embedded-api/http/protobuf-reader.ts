import { badRequest } from '../fault.ts';

export const broken = (): Error => badRequest('the protobuf body is not valid');

const TWO_32 = 2 ** 32;

/** The wire format of protobuf (protobuf.dev, "Encoding"): tags, varints and length-delimited bytes. Throws 400. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }
  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw broken();
    return byte;
  }
  /** A varint as the 64-bit two's complement integer that it is; exact within ±2^53. */
  int(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else if (shift === 28) {
        low += (bits & 0x0f) * 2 ** 28;
        high += bits >> 4;
      } else high += bits * 2 ** (shift - 32);
      if (byte < 0x80) return (high | 0) * TWO_32 + low;
    }
    throw broken();
  }
  bytes(): Buffer {
    const length = this.int();
    if (length < 0 || length > this.#bytes.length - this.#at) throw broken();
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }
  skip(wire: number): void {
    if (wire === 0) this.int();
    else if (wire === 2) this.bytes();
    else if (wire === 1) this.#at += 8;
    else if (wire === 5) this.#at += 4;
    else throw broken();
    if (this.#at > this.#bytes.length) throw broken();
  }
}
