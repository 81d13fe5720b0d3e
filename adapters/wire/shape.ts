/** Typed pieces from which messages and documents are declared once for both directions. `read` answers `undefined`
 * only when the reader has failed; `write` throws BL_WIRE_UNENCODABLE. */
import type { CborReader } from './reader.ts';
import { WIRE_ERRORS } from './registry.ts';
import { utf8Length } from './utf8.ts';
import type { CborValue } from './value.ts';
import { type CborWriter, compareKeys, unencodable } from './writer.ts';

export interface Codec<T> {
  readonly write: (writer: CborWriter, value: T) => void;
  readonly read: (reader: CborReader) => T | undefined;
}

/** Sizes in bytes, counts in items, both ends included. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

export const MAX_U32 = 0xffffffff;

function check(what: string, value: number, range: Range): void {
  if (value < (range.min ?? 0) || value > (range.max ?? Number.MAX_SAFE_INTEGER))
    throw unencodable(`${what} ${value} is out of range`, { value, ...range });
}

export function uint(range: Range = {}): Codec<number> {
  return {
    write: (writer, value) => {
      check('integer', value, range);
      writer.uint(value);
    },
    read: (reader) => reader.uint(range.max, range.min),
  };
}

export function text(range: Range = {}): Codec<string> {
  return {
    write: (writer, value) => {
      if (range.max !== undefined) check('text length', utf8Length(value), range);
      writer.text(value);
    },
    read: (reader) => reader.text(range.max, range.min),
  };
}

export function bytes(range: Range = {}): Codec<Uint8Array> {
  return {
    write: (writer, value) => {
      check('byte string length', value.length, range);
      writer.bytes(value);
    },
    read: (reader) => reader.bytes(range.max, range.min),
  };
}

export const bool: Codec<boolean> = {
  write: (writer, value) => writer.bool(value),
  read: (reader) => reader.bool(),
};

/** Present only when true. */
export const onlyTrue: Codec<true> = {
  write: (writer) => writer.bool(true),
  read: (reader) => {
    const start = reader.offset;
    return reader.bool() === false ? reader.fail(WIRE_ERRORS.range, start) : onlyWhen(reader);
  },
};

const onlyWhen = (reader: CborReader): true | undefined => (reader.failed ? undefined : true);

export const int: Codec<number> = {
  write: (writer, value) => {
    if (!Number.isSafeInteger(value)) throw unencodable('not an integer', { value });
    writer.number(value);
  },
  read: (reader) => reader.int(),
};

/** Any number; integers beyond 2^53 lose precision, as JSON's do. */
export const number: Codec<number> = {
  write: (writer, value) => writer.number(value),
  read: (reader) => {
    const start = reader.offset;
    const value = reader.value();
    if (typeof value === 'bigint') return Number(value);
    if (typeof value === 'number') return value;
    return reader.fail(WIRE_ERRORS.shape, start);
  },
};

export const any: Codec<CborValue> = {
  write: (writer, value) => writer.value(value),
  read: (reader) => reader.value(),
};

/** Encoded CBOR, spliced in verbatim and handed out as received (a view of the input). */
export const encoded: Codec<Uint8Array> = {
  write: (writer, value) => {
    if (value.length === 0) throw unencodable('an encoded value has at least one byte');
    writer.raw(value);
  },
  read: (reader) => reader.skip(),
};

/** A word of a closed list, as its number. */
export function word<W extends string>(numbers: Readonly<Record<W, number>>): Codec<W> {
  const words = new Map<number, W>(
    (Object.entries(numbers) as [W, number][]).map(([name, value]) => [value, name]),
  );
  return {
    write: (writer, value) => {
      const code: number | undefined = Object.hasOwn(numbers, value) ? numbers[value] : undefined;
      if (code === undefined) throw unencodable('not one of the known words', { value });
      writer.uint(code);
    },
    read: (reader) => {
      const start = reader.offset;
      const code = reader.uint();
      return code === undefined
        ? undefined
        : (words.get(code) ?? reader.fail(WIRE_ERRORS.range, start));
    },
  };
}

export function list<T>(item: Codec<T>, range: Range = {}): Codec<readonly T[]> {
  return {
    write: (writer, values) => {
      check('count', values.length, range);
      writer.array(values.length);
      for (const value of values) item.write(writer, value);
    },
    read: (reader) => {
      const start = reader.offset;
      const count = reader.array();
      if (count === undefined) return undefined;
      if (count < (range.min ?? 0) || count > (range.max ?? count))
        return reader.fail(WIRE_ERRORS.range, start);
      return readItems(reader, item, count);
    },
  };
}

function readItems<T>(reader: CborReader, item: Codec<T>, count: number): T[] | undefined {
  const values: T[] = [];
  for (let i = 0; i < count; i++) {
    const value = item.read(reader);
    if (value === undefined) return reader.within(`[${i}]`);
    values.push(value);
  }
  return values;
}

/** A map of text to text. */
export const textMap: Codec<Readonly<Record<string, string>>> = {
  write: (writer, value) => {
    const keys = Object.keys(value).sort(compareKeys);
    writer.map(keys.length);
    for (const key of keys) {
      writer.text(key);
      writer.text(value[key] ?? '');
    }
  },
  read: (reader) => {
    const count = reader.map();
    if (count === undefined) return undefined;
    const pairs: [string, string][] = [];
    let previous = -1;
    for (let i = 0; i < count; i++) {
      const start = reader.offset;
      const key = reader.key(previous);
      if (typeof key !== 'string') return reader.fail(WIRE_ERRORS.shape, start);
      previous = start;
      const value = reader.text();
      if (value === undefined) return reader.within(key);
      pairs.push([key, value]);
    }
    // fromEntries defines properties, so that a key `__proto__` from outside is only a key.
    return Object.fromEntries(pairs);
  },
};

/** A property of a record or message: at a map key, or at the next place of the array when it has none. */
export interface Field<V, Optional extends boolean = boolean> {
  readonly codec: Codec<V>;
  readonly key?: number;
  readonly optional: Optional;
}

export function required<V>(codec: Codec<V>, key?: number): Field<V, false> {
  return key === undefined ? { codec, optional: false } : { codec, key, optional: false };
}

export function optional<V>(codec: Codec<V>, key?: number): Field<V, true> {
  return key === undefined ? { codec, optional: true } : { codec, key, optional: true };
}

/** One field for each property of T, optional where the property is. */
export type Fields<T> = {
  readonly [K in keyof T]-?: Field<
    Exclude<T[K], undefined>,
    Record<never, never> extends Pick<T, K> ? true : false
  >;
};

export interface Slot {
  readonly name: string;
  readonly codec: Codec<unknown>;
  readonly key: number | undefined;
  readonly optional: boolean;
}

export function slotsOf<T>(fields: Fields<T>): readonly Slot[] {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  return entries.map(([name, { codec, key, optional: isOptional }]) => ({
    name,
    codec,
    key,
    optional: isOptional,
  }));
}

export interface MapLayout {
  /** Ascending by key. */
  readonly slots: readonly Slot[];
  readonly byKey: ReadonlyMap<number | string, Slot>;
}

export function mapLayout(slots: readonly Slot[]): MapLayout {
  const keyed = slots.filter((slot) => slot.key !== undefined);
  const sorted = keyed.sort((a, b) => (a.key ?? 0) - (b.key ?? 0));
  return { slots: sorted, byKey: new Map(sorted.map((slot) => [slot.key ?? 0, slot])) };
}

export type Loose = Record<string, unknown>;

export function writeMap(writer: CborWriter, layout: MapLayout, value: Readonly<Loose>): void {
  let count = 0;
  for (const slot of layout.slots) if (value[slot.name] !== undefined) count += 1;
  writer.map(count);
  for (const slot of layout.slots) {
    const field = value[slot.name];
    if (field !== undefined) {
      writer.uint(slot.key ?? 0);
      slot.codec.write(writer, field);
    } else if (!slot.optional) throw unencodable(`${slot.name} is missing`, { field: slot.name });
  }
}

/** Reads the known keys into `target`, skips others, and checks that none required is missing. */
export function readMap(reader: CborReader, layout: MapLayout, target: Loose): Loose | undefined {
  const mapStart = reader.offset;
  const count = reader.map();
  let previous = -1;
  for (let i = 0; i < (count ?? 0); i++) {
    const start = reader.offset;
    const key = reader.key(previous);
    if (key === undefined) return undefined;
    previous = start;
    const slot = layout.byKey.get(key);
    const value = slot === undefined ? reader.skip() : slot.codec.read(reader);
    if (value === undefined) return reader.within(slot?.name ?? `${key}`);
    if (slot !== undefined) target[slot.name] = value;
  }
  return count === undefined ? undefined : complete(reader, layout, target, mapStart);
}

function complete(
  reader: CborReader,
  layout: MapLayout,
  target: Loose,
  mapStart: number,
): Loose | undefined {
  for (const slot of layout.slots) {
    if (slot.optional || target[slot.name] !== undefined) continue;
    reader.fail(WIRE_ERRORS.missing, mapStart);
    return reader.within(slot.name);
  }
  return target;
}

/** A map with integer keys. */
export function record<T extends object>(fields: Fields<T>): Codec<T> {
  const layout = mapLayout(slotsOf(fields));
  return {
    write: (writer, value) => writeMap(writer, layout, value as Readonly<Loose>),
    read: (reader) => readMap(reader, layout, {}) as T | undefined,
  };
}

/** Writes the places that `rowLength` counted. */
export function writeRow(writer: CborWriter, slots: readonly Slot[], value: Readonly<Loose>): void {
  for (const slot of slots) {
    const field = value[slot.name];
    if (field === undefined) return;
    slot.codec.write(writer, field);
  }
}

/** How many places `value` fills: an absent one ends the array, so none after it may be present. */
export function rowLength(slots: readonly Slot[], value: Readonly<Loose>): number {
  const absent = slots.findIndex((slot) => value[slot.name] === undefined);
  if (absent < 0) return slots.length;
  const behind = slots.slice(absent).find((s) => !s.optional || value[s.name] !== undefined);
  if (behind !== undefined)
    throw unencodable(`${slots[absent]?.name} is missing`, { field: slots[absent]?.name });
  return absent;
}

/** Reads places into `target` while the `count` elements left last; the caller skips those behind the known ones. */
export function readRow(
  reader: CborReader,
  slots: readonly Slot[],
  count: number,
  target: Loose,
): Loose | undefined {
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as Slot;
    if (i >= count) return slot.optional ? target : missing(reader, slot.name);
    const value = slot.codec.read(reader);
    if (value === undefined) return reader.within(slot.name);
    target[slot.name] = value;
  }
  return target;
}

function missing(reader: CborReader, name: string): undefined {
  reader.fail(WIRE_ERRORS.missing);
  return reader.within(name);
}

/** Newer peers may append elements. */
export function skipRest(reader: CborReader, count: number): boolean {
  for (let i = 0; i < count && !reader.failed; i++) reader.skip();
  return !reader.failed;
}

/** An array with a fixed place for each property, in the order of `fields`. */
export function row<T extends object>(fields: Fields<T>): Codec<T> {
  const slots = slotsOf(fields);
  return {
    write: (writer, value) => {
      const loose = value as Readonly<Loose>;
      writer.array(rowLength(slots, loose));
      writeRow(writer, slots, loose);
    },
    read: (reader) => {
      const count = reader.array();
      if (count === undefined) return undefined;
      const read = readRow(reader, slots, count, {}) as T | undefined;
      return skipRest(reader, count - slots.length) ? read : undefined;
    },
  };
}
