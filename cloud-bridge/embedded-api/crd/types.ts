import { at, dict, isObject, type Json, type JsonObject, list, num, str } from '../json.ts';
import type { PrinterColumn, ResourceType } from '../kinds.ts';
import { builtinType } from '../schema/builtin.ts';
import type { Schema } from '../schema/schema.ts';

const COPIED = [
  'format',
  'description',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'enum',
  'required',
  'default',
  'nullable',
] as const;
const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'] as const;

type Loose = { -readonly [K in keyof Schema]: Schema[K] };

/** Reads an openAPIV3Schema; keywords that are not known are left out. */
export function readSchema(source: Json | undefined): Schema {
  const schema: Record<string, unknown> = {};
  for (const key of COPIED) {
    const value = at(source, key);
    if (value !== undefined) schema[key] = value;
  }
  const result = schema as Loose;
  const type = TYPES.find((known) => known === at(source, 'type'));
  if (type !== undefined) result.type = type;
  if (at(source, 'x-kubernetes-int-or-string') === true) result.intOrString = true;
  if (at(source, 'x-kubernetes-preserve-unknown-fields') === true) result.preserveUnknown = true;
  if (at(source, 'x-kubernetes-embedded-resource') === true) result.embedded = true;
  readNested(source, result);
  return result;
}

function readNested(source: Json | undefined, result: Loose): void {
  const properties = at(source, 'properties');
  if (isObject(properties)) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, readSchema(value)]),
    );
  }
  const items = at(source, 'items');
  if (isObject(items)) result.items = readSchema(items);
  const additional = at(source, 'additionalProperties');
  if (isObject(additional)) result.additionalProperties = readSchema(additional);
  else if (additional === true) result.additionalProperties = { preserveUnknown: true };
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    const branches = list(source, key);
    if (branches.length > 0) result[key] = branches.map((branch) => readSchema(branch));
  }
  const not = at(source, 'not');
  if (isObject(not)) result.not = readSchema(not);
}

function columnsOf(version: Json): readonly PrinterColumn[] | undefined {
  const columns = list(version, 'additionalPrinterColumns');
  if (columns.length === 0) return undefined;
  return columns.map((column) => ({
    name: str(column, 'name'),
    type: str(column, 'type'),
    format: str(column, 'format'),
    description: str(column, 'description'),
    priority: num(column, 'priority') ?? 0,
    jsonPath: str(column, 'jsonPath'),
  }));
}

/** The object's schema with the parts that every object has. */
function wholeSchema(version: Json): Schema {
  const declared = readSchema(at(version, 'schema', 'openAPIV3Schema') ?? { type: 'object' });
  return {
    ...declared,
    type: 'object',
    properties: {
      ...declared.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: builtinType('ObjectMeta'),
    },
  };
}

/** The kinds that a CRD adds: one for each served version. */
export function customTypes(crd: JsonObject): ResourceType[] {
  const spec = dict(crd, 'spec');
  const names = dict(spec, 'names');
  const group = str(spec, 'group');
  const plural = str(names, 'plural');
  const kind = str(names, 'kind');
  return list(spec, 'versions')
    .filter((version) => at(version, 'served') === true)
    .map((version): ResourceType => {
      const columns = columnsOf(version);
      const name = str(version, 'name');
      const deprecated = at(version, 'deprecated') === true;
      return {
        group,
        version: name,
        plural,
        kind,
        singular: str(names, 'singular') || kind.toLowerCase(),
        listKind: str(names, 'listKind') || `${kind}List`,
        shortNames: list(names, 'shortNames').map(String),
        categories: list(names, 'categories').map(String),
        namespaced: str(spec, 'scope') === 'Namespaced',
        storage: `${plural}.${group}`,
        hasStatus: isObject(at(version, 'subresources', 'status')),
        custom: true,
        schema: wholeSchema(version),
        ...(columns === undefined ? {} : { columns }),
        selectable: list(version, 'selectableFields').map((field) =>
          str(field, 'jsonPath').replace(/^\./, ''),
        ),
        ...(deprecated
          ? {
              warning:
                str(version, 'deprecationWarning') || `${group}/${name} ${kind} is deprecated`,
            }
          : {}),
      };
    });
}
