/** Boardlet's CBOR profile: RFC 8949 §4.2.1 deterministic, no tags, no `undefined`, no indefinite lengths; see docs/wire.md. */
import { CborReader, type DecodeLimits } from './reader.ts';
import { LIMITS } from './registry.ts';
import type { CborValue, Decoded } from './value.ts';
import { CborWriter, unencodable } from './writer.ts';

const writer = new CborWriter();

/** Runs `write` on the shared writer and answers a copy of the bytes. Throws BL_WIRE_UNENCODABLE when they are more
 * than `maxBytes`, and whatever `write` throws. Not to be nested. */
export function encodeWith(maxBytes: number, write: (target: CborWriter) => void): Uint8Array {
  writer.reset();
  write(writer);
  if (writer.length > maxBytes)
    throw unencodable(`${writer.length} bytes are more than the limit of ${maxBytes}`, {
      bytes: writer.length,
      limit: maxBytes,
    });
  return writer.take();
}

/** Encodes a value, at most 262,144 bytes. Throws BL_WIRE_UNENCODABLE for what the profile does not carry: `undefined`,
 * objects that are no Map, lone surrogates, integers beyond 64 bits, keys other than unsigned integers and text,
 * nesting deeper than 16. */
export function encode(value: CborValue): Uint8Array {
  return encodeWith(LIMITS.documentBytes, (target) => target.value(value));
}

/** Decodes exactly one value; anything that `encode` would not have written is refused with a `BL_WIRE_*` code. Byte
 * strings are views of `bytes`. */
export function decode(bytes: Uint8Array, limits?: DecodeLimits): Decoded<CborValue> {
  const reader = new CborReader(bytes, limits);
  return reader.finish(reader.value());
}

/** One value and the offset behind it. */
export interface DecodedItem {
  readonly value: CborValue;
  readonly start: number;
  readonly end: number;
}

/** Decodes the value that starts at `offset` (default 0) and ignores what follows: for CBOR sequences (RFC 8742). */
export function decodeFirst(
  bytes: Uint8Array,
  offset = 0,
  limits?: DecodeLimits,
): Decoded<DecodedItem> {
  const reader = new CborReader(bytes, limits);
  reader.seek(offset);
  const value = reader.value();
  return reader.result(
    value === undefined ? undefined : { value, start: offset, end: reader.offset },
  );
}
