import type { Schema } from './schema.ts';

/** Scalars of the type language used in `types-*.ts`. */
const SCALARS: Readonly<Record<string, Schema>> = {
  s: { type: 'string' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  n: { type: 'number' },
  b: { type: 'boolean' },
  t: { type: 'string', format: 'date-time' },
  bytes: { type: 'string', format: 'byte' },
  q: { intOrString: true, format: 'quantity', description: 'A quantity such as 500m or 64Mi.' },
  is: { intOrString: true, format: 'int-or-string' },
  o: { type: 'object', preserveUnknown: true },
  any: { preserveUnknown: true },
};

/**
 * Reads type definitions. A line that starts at the margin is `Name: description`; indented lines below it
 * hold fields `name=type`, `!` after the name marks a required one. Types: `s i l n b t bytes q is o any`, the
 * name of another type defined before, `[]type` (a list; `@key` merges by that key, `@` alone is a set of
 * scalars), `{}type` (a map by string).
 */
export function readTypes(sources: readonly string[]): ReadonlyMap<string, Schema> {
  const types = new Map<string, Schema>();
  for (const source of sources) {
    for (const block of source.split(/\n(?=\S)/)) {
      const [head = '', ...lines] = block.trim().split('\n');
      const colon = head.indexOf(':');
      if (colon < 0) continue;
      const name = head.slice(0, colon);
      const words = lines
        .join(' ')
        .split(/\s+/)
        .filter((word) => word !== '');
      types.set(name, readType(name, head.slice(colon + 1).trim(), words, types));
    }
  }
  return types;
}

function readType(
  typeName: string,
  description: string,
  words: readonly string[],
  known: ReadonlyMap<string, Schema>,
): Schema {
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const word of words) {
    const [left = '', type = ''] = word.split('=');
    const name = left.replace('!', '');
    if (left.endsWith('!')) required.push(name);
    properties[name] = readField(type, known);
  }
  return { type: 'object', typeName, description, properties, required };
}

function readField(type: string, known: ReadonlyMap<string, Schema>): Schema {
  if (type.startsWith('[]')) {
    const [inner = '', key] = type.slice(2).split('@');
    const items = readField(inner, known);
    if (key === undefined) return { type: 'array', items };
    return key === ''
      ? { type: 'array', items, mergeSet: true }
      : { type: 'array', items, mergeKey: key };
  }
  if (type.startsWith('{}')) {
    return { type: 'object', additionalProperties: readField(type.slice(2), known) };
  }
  const found = SCALARS[type] ?? known.get(type);
  // A misspelt type is a mistake in this package's own tables: it must fail the first import.
  if (found === undefined) throw new RangeError(`schema: unknown type ${type}`);
  return found;
}
