import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from './schema.ts';

export interface TypeProblem {
  readonly kind: 'unknown' | 'type';
  /** `spec.containers[0].image`. */
  readonly path: string;
  readonly message: string;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function nameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

/** Takes off fields that `schema` does not name, and reports them and every value of a wrong type. Mutates `value`. */
export function prune(value: Json, schema: Schema, path = ''): TypeProblem[] {
  const problems: TypeProblem[] = [];
  visit(value, schema, path, problems);
  return problems;
}

function visit(value: Json, schema: Schema, path: string, problems: TypeProblem[]): void {
  if (value === null) return;
  if (!fits(value, schema)) {
    const wanted = schema.intOrString === true ? 'integer or string' : (schema.type ?? 'any');
    problems.push({
      kind: 'type',
      path,
      message: `must be of type ${wanted}: "${nameOf(value)}"`,
    });
    return;
  }
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined) return;
    value.forEach((item, index) => {
      visit(item, items, `${path}[${index}]`, problems);
    });
  } else if (isObject(value)) visitFields(value, schema, path, problems);
}

function visitFields(
  value: JsonObject,
  schema: Schema,
  path: string,
  problems: TypeProblem[],
): void {
  for (const [key, item] of Object.entries(value)) {
    const known =
      schema.properties !== undefined && Object.hasOwn(schema.properties, key)
        ? schema.properties[key]
        : schema.additionalProperties;
    // A null stands for an absent value, unless the schema gives it a meaning of its own.
    if (
      item === null &&
      known !== undefined &&
      known.nullable !== true &&
      known.type !== undefined
    ) {
      delete value[key];
    } else if (known !== undefined) visit(item, known, join(path, key), problems);
    else if (schema.embedded === true && /^(apiVersion|kind|metadata)$/.test(key)) continue;
    else if (schema.preserveUnknown !== true) {
      problems.push({ kind: 'unknown', path: join(path, key), message: 'unknown field' });
      delete value[key];
    }
  }
}

export function fits(value: Json, schema: Schema): boolean {
  if (schema.intOrString === true) return typeof value === 'string' || typeof value === 'number';
  switch (schema.type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    default:
      return true;
  }
}
