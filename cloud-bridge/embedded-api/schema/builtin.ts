import { readTypes } from './dsl.ts';
import type { Schema } from './schema.ts';
import { NODE_TYPES, POD_TYPES } from './types-core.ts';
import { META_TYPES, SMALL_TYPES } from './types-meta.ts';

/** All built-in types by name. */
export const BUILTIN_TYPES: ReadonlyMap<string, Schema> = readTypes([
  META_TYPES,
  SMALL_TYPES,
  POD_TYPES,
  NODE_TYPES,
]);

export function builtinType(name: string): Schema {
  const found = BUILTIN_TYPES.get(name);
  if (found === undefined) throw new RangeError(`schema: no built-in type ${name}`);
  return found;
}
