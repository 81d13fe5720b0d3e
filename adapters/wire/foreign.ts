/** CBOR of others: stock SMP boards (indefinite lengths, any key order) and messages of applications. The only
 * importer of cbor-x, by its entry that has no native part; what boardlet itself sends goes through `codec.ts`. */
import { Encoder } from 'cbor-x/encode';
import { scanForeign } from './foreign-scan.ts';
import { LIMITS, WIRE_ERRORS } from './registry.ts';
import type { CborValue, Decoded } from './value.ts';
import { unencodable } from './writer.ts';

/** What `encodeForeign` takes: as CborValue, also plain objects (maps with text keys) and negative map keys. Properties
 * that are `undefined` are left out. */
export type ForeignValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly ForeignValue[]
  | ReadonlyMap<number | string, ForeignValue>
  | { readonly [key: string]: ForeignValue | undefined };

export interface ForeignLimits {
  /** Bytes of the whole input; default 65,536. */
  readonly maxBytes?: number;
}

const codec = new Encoder({
  useRecords: false,
  variableMapSize: true,
  mapsAsObjects: false,
  tagUint8Array: false,
});

const MAX_U32 = 0xffffffff;

/** Decodes one value leniently: indefinite-length arrays and maps, keys in any order (the last of equal ones counts),
 * over-long forms, any float width, `undefined` (as null), ill-formed UTF-8 (replaced). Refused, with a `BL_WIRE_*`
 * code: tags, other simple values, indefinite-length strings, keys other than integers and text, nesting deeper than 16,
 * more than 65,536 items. Byte strings are copies. */
export function decodeForeign(bytes: Uint8Array, limits: ForeignLimits = {}): Decoded<CborValue> {
  if (bytes.length > (limits.maxBytes ?? LIMITS.messageBytes))
    return { ok: false, code: WIRE_ERRORS.tooLong, offset: 0 };
  const fault = scanForeign(bytes);
  if (fault !== undefined) return { ok: false, ...fault };
  try {
    return { ok: true, value: fromLibrary(codec.decode(bytes)) };
  } catch (error) {
    // The scan leaves nothing that cbor-x is known to refuse; an input that it does refuse is the peer's, not ours.
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, code: WIRE_ERRORS.shape, offset: 0, detail };
  }
}

/** Encodes with definite lengths, in insertion order, integers as integers, floats as 8 bytes. Throws
 * BL_WIRE_UNENCODABLE for other objects, functions, cycles and nesting deeper than 16. */
export function encodeForeign(value: ForeignValue): Uint8Array {
  return Uint8Array.from(codec.encode(toLibrary(value, LIMITS.cborDepth)) as Uint8Array);
}

function fromLibrary(value: unknown): CborValue {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(fromLibrary);
  if (typeof value === 'bigint') return fromBigint(value);
  if (!(value instanceof Map)) return value as CborValue;
  const entries = [...value] as [unknown, unknown][];
  return new Map(entries.map(([key, item]) => [fromKey(key), fromLibrary(item)]));
}

/** cbor-x reads every integer of 8 bytes as bigint. */
function fromBigint(value: bigint): number | bigint {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}

const fromKey = (key: unknown): number | string =>
  typeof key === 'bigint' ? Number(key) : (key as number | string);

function toLibrary(value: ForeignValue, depth: number): unknown {
  if (typeof value === 'number') return toInteger(value);
  if (typeof value === 'bigint') return toBigint(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value !== 'object') throw unencodable(`no CBOR for ${typeof value}`);
  if (value === null || value instanceof Uint8Array) return value;
  if (depth === 0) throw unencodable('nested too deep', { limit: LIMITS.cborDepth });
  if (isList(value)) return value.map((item) => toLibrary(item, depth - 1));
  return new Map(entriesOf(value).map(([key, item]) => [toKey(key), toLibrary(item, depth - 1)]));
}

const isList = (value: object): value is readonly ForeignValue[] => Array.isArray(value);

function entriesOf(
  value:
    | ReadonlyMap<number | string, ForeignValue>
    | { readonly [key: string]: ForeignValue | undefined },
): readonly (readonly [number | string, ForeignValue])[] {
  if (isMap(value)) return [...value];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw unencodable('an object that is neither plain nor a Map');
  return Object.entries(value).filter(
    (entry): entry is [string, ForeignValue] => entry[1] !== undefined,
  );
}

const isMap = (value: object): value is ReadonlyMap<number | string, ForeignValue> =>
  value instanceof Map;

/** cbor-x writes integers beyond 32 bits as floats, unless they are bigint. */
function toInteger(value: number): number | bigint {
  const wide = Number.isSafeInteger(value) && (value > MAX_U32 || value < -1 - MAX_U32);
  return wide ? BigInt(value) : value;
}

function toBigint(value: bigint): bigint {
  if (BigInt.asUintN(64, value < 0n ? -1n - value : value) !== (value < 0n ? -1n - value : value))
    throw unencodable('integer beyond 64 bits', { value });
  return value;
}

function toKey(key: unknown): number | bigint | string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' && Number.isSafeInteger(key)) return toInteger(key);
  throw unencodable('a map key that is neither integer nor text');
}
