/** The form of test/vectors/*.json, which every implementation of the wire reads.
 *
 * `expect` holds decoded values as JSON; what JSON lacks is an object with one key: `$bytes` (hex), `$int` (decimal, beyond
 * ±(2^53 − 1)), `$float` (`NaN`, `Infinity`, `-Infinity`, `-0`), `$map` (pairs, in order of the encoded keys). */
import type { CborMap, CborValue } from '@boardlet/adapters/wire';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export interface Vector {
  readonly name: string;
  readonly hex: string;
  /** So many equal bytes behind `hex`: for inputs one over a limit. */
  readonly tail?: { readonly byte: string; readonly count: number };
  /** RFC 8949 §8, for people. */
  readonly diag?: string;
  /** Messages: which decoder reads it. */
  readonly direction?: 'up' | 'down' | 'stream';
  /** Documents: a kind's name of the registry, `event` or `logArgs`. */
  readonly kind?: string;
  /** Rule of boardlet.cddl that the bytes match, or (with `error`) fail. */
  readonly cddl?: string;
  readonly expect?: Json;
  /** Readers take it, writers do not write it. */
  readonly lenient?: true;
  readonly error?: string;
  /** Path of the field, of messages and documents. */
  readonly detail?: string;
}

export interface VectorFile {
  readonly about: string;
  readonly vectors: readonly Vector[];
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const m = (...pairs: readonly (readonly [number | string, CborValue])[]): CborMap =>
  new Map(pairs);

export function vectorBytes({ hex, tail }: Pick<Vector, 'hex' | 'tail'>): Uint8Array {
  const head = Buffer.from(hex, 'hex');
  if (head.length * 2 !== hex.length) throw new Error(`not hexadecimal: ${hex}`);
  const bytes = new Uint8Array(head.length + (tail?.count ?? 0));
  bytes.set(head);
  if (tail !== undefined) bytes.fill(Number.parseInt(tail.byte, 16), head.length);
  return bytes;
}

export function toJson(value: unknown): Json {
  if (typeof value === 'bigint') return { $int: `${value}` };
  if (typeof value === 'number') return numberToJson(value);
  if (value === null || typeof value !== 'object') return value as Json;
  if (value instanceof Uint8Array) return { $bytes: toHex(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map)
    return { $map: [...value].map(([key, item]) => [toJson(key), toJson(item)]) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

function numberToJson(value: number): Json {
  if (Object.is(value, -0)) return { $float: '-0' };
  return Number.isFinite(value) ? value : { $float: `${value}` };
}

export function fromJson(json: Json): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (isList(json)) return json.map(fromJson);
  const [first] = Object.entries(json);
  if (first === undefined || !first[0].startsWith('$')) return plainFromJson(json);
  return specialFromJson(first[0], first[1]);
}

const isList = (json: object): json is readonly Json[] => Array.isArray(json);

const plainFromJson = (json: object): unknown =>
  Object.fromEntries(Object.entries(json).map(([key, item]) => [key, fromJson(item as Json)]));

function specialFromJson(key: string, json: Json): unknown {
  if (key === '$int') return BigInt(json as string);
  if (key === '$float') return Number(json);
  if (key === '$bytes') return Uint8Array.from(Buffer.from(json as string, 'hex'));
  if (key === '$map') return new Map(fromJson(json) as [number | string, CborValue][]);
  throw new Error(`unknown form ${key}`);
}

export function toDiag(value: CborValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return numberToDiag(value);
  if (value === null || typeof value !== 'object') return `${value}`;
  if (value instanceof Uint8Array) return `h'${toHex(value)}'`;
  if (value instanceof Map) {
    const pairs = [...value] as [number | string, CborValue][];
    return `{${pairs.map(([key, item]) => `${toDiag(key)}: ${toDiag(item)}`).join(', ')}}`;
  }
  return `[${(value as readonly CborValue[]).map(toDiag).join(', ')}]`;
}

function numberToDiag(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return `${value}`;
  return value.toExponential();
}
