/** The values that boardlet's deterministic CBOR carries (RFC 8949 §4.2.1, no tags, no `undefined`).
 * Integers beyond ±(2^53 − 1) are bigint; every other number is a JS number, and an integral number is
 * always encoded as an integer. Map keys are unsigned integers or text. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | CborMap;

export type CborMap = ReadonlyMap<number | string, CborValue>;

/** Outcome of reading bytes from outside: never thrown, since the peer's bytes are not our bug. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly code: string;
      readonly offset: number;
      readonly detail?: string;
    };
