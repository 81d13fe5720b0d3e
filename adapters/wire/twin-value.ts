import type { TwinDocument, TwinValue } from './documents.ts';
import type { CborReader } from './reader.ts';
import { WIRE_ERRORS } from './registry.ts';
import type { Codec } from './shape.ts';
import { unencodable } from './writer.ts';

const SCALARS: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean']);

export const twinValue: Codec<TwinValue> = {
  write: (writer, value) => {
    if (!SCALARS.has(typeof value) && !(value instanceof Uint8Array))
      throw unencodable('a twin value is text, a number, a boolean or bytes');
    writer.value(value);
  },
  read: (reader) => {
    const start = reader.offset;
    const value = reader.value();
    if (value === undefined || typeof value !== 'object') return value;
    return value instanceof Uint8Array ? value : reader.fail(WIRE_ERRORS.shape, start);
  },
};

/** The bare value, or `[value, observedDesired]`: most updates carry no acknowledgement, and stay short. */
export const twin: Codec<TwinDocument> = {
  write: (writer, { value, observedDesired }) => {
    if (observedDesired !== undefined) writer.array(2);
    twinValue.write(writer, value);
    if (observedDesired !== undefined) twinValue.write(writer, observedDesired);
  },
  read: (reader) => {
    if (reader.nextIsArray()) return readPair(reader);
    const value = twinValue.read(reader);
    return value === undefined ? undefined : { value };
  },
};

function readPair(reader: CborReader): TwinDocument | undefined {
  const start = reader.offset;
  if (reader.array() !== 2) return reader.fail(WIRE_ERRORS.shape, start);
  const value = twinValue.read(reader);
  if (value === undefined) return reader.within('value');
  const observedDesired = twinValue.read(reader);
  if (observedDesired === undefined) return reader.within('observedDesired');
  return { value, observedDesired };
}
