import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import { apiVersionOf, type ResourceType } from '../kinds.ts';
import { BUILTIN_TYPES } from '../schema/builtin.ts';
import type { Schema } from '../schema/schema.ts';
import { groupsOf } from './discovery.ts';

const META = new Set([
  'ObjectMeta',
  'OwnerReference',
  'ManagedFieldsEntry',
  'ListMeta',
  'LabelSelector',
  'LabelSelectorRequirement',
  'Condition',
]);
function componentName(typeName: string): string {
  return META.has(typeName)
    ? `io.k8s.apimachinery.pkg.apis.meta.v1.${typeName}`
    : `io.k8s.api.core.v1.${typeName}`;
}

const COPIED = [
  'description',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'enum',
  'default',
  'nullable',
] as const;

/** A schema as OpenAPI v3 shows it; built-in types become references. */
function render(schema: Schema, root = false): JsonObject {
  if (schema.typeName !== undefined && !root) {
    return { $ref: `#/components/schemas/${componentName(schema.typeName)}` };
  }
  const result: JsonObject = {};
  for (const key of COPIED) {
    const value = schema[key];
    if (value !== undefined) result[key] = value as Json;
  }
  if (schema.type !== undefined) result['type'] = schema.type;
  if (schema.required !== undefined && schema.required.length > 0)
    result['required'] = [...schema.required];
  if (schema.properties !== undefined) {
    result['properties'] = Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [key, renderProperty(value)]),
    );
  }
  if (schema.items !== undefined) result['items'] = render(schema.items);
  if (schema.additionalProperties !== undefined) {
    result['additionalProperties'] = render(schema.additionalProperties);
  }
  if (schema.intOrString === true) result['oneOf'] = [{ type: 'string' }, { type: 'number' }];
  if (schema.preserveUnknown === true) result['x-kubernetes-preserve-unknown-fields'] = true;
  if (schema.mergeKey !== undefined) {
    result['x-kubernetes-patch-merge-key'] = schema.mergeKey;
    result['x-kubernetes-patch-strategy'] = 'merge';
  }
  if (schema.mergeSet === true) result['x-kubernetes-patch-strategy'] = 'merge';
  return result;
}

/** A reference has no room for a description beside it, so it is wrapped. */
function renderProperty(schema: Schema): JsonObject {
  const rendered = render(schema);
  if (rendered['$ref'] === undefined) return rendered;
  return {
    allOf: [rendered],
    ...(schema.description === undefined ? {} : { description: schema.description }),
  };
}

const gvkOf = (type: ResourceType): JsonObject => ({
  group: type.group,
  version: type.version,
  kind: type.kind,
});
const query = (name: string, type: string): JsonObject => ({ name, in: 'query', schema: { type } });

function operation(type: ResourceType, action: string, patch = false): JsonObject {
  const changes = /^(post|put|patch)$/.test(action);
  const content: JsonObject = {};
  const medias = patch
    ? [
        'application/json-patch+json',
        'application/merge-patch+json',
        ...(type.custom ? [] : ['application/strategic-merge-patch+json']),
      ]
    : ['application/json'];
  for (const media of medias) content[media] = { schema: { type: 'object' } };
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvkOf(type),
    ...(changes
      ? {
          parameters: [
            query('dryRun', 'string'),
            query('fieldManager', 'string'),
            query('fieldValidation', 'string'),
          ],
          requestBody: { content },
        }
      : {}),
    responses: { '200': { description: 'OK' } },
  };
}

function pathsOf(type: ResourceType, prefix: string): JsonObject {
  const base = type.namespaced
    ? `${prefix}/namespaces/{namespace}/${type.plural}`
    : `${prefix}/${type.plural}`;
  const item: JsonObject = {
    get: operation(type, 'get'),
    put: operation(type, 'put'),
    patch: operation(type, 'patch', true),
    delete: operation(type, 'delete'),
  };
  return {
    [base]: { get: operation(type, 'list'), post: operation(type, 'post') },
    [`${base}/{name}`]: item,
    ...(type.hasStatus ? { [`${base}/{name}/status`]: item } : {}),
  };
}

function components(types: readonly ResourceType[]): JsonObject {
  const schemas: JsonObject = {};
  const bare = types.every((type) => type.custom);
  for (const [name, schema] of BUILTIN_TYPES) {
    if (!bare || META.has(name)) schemas[componentName(name)] = render(schema, true);
  }
  for (const type of types) {
    const name =
      type.schema.typeName === undefined
        ? `${type.group.split('.').reverse().join('.')}.${type.version}.${type.kind}`
        : componentName(type.schema.typeName);
    schemas[name] = {
      ...render(type.schema, true),
      'x-kubernetes-group-version-kind': [gvkOf(type)],
    };
  }
  return { schemas };
}

const pathOf = (group: string, version: string): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

const indexes = new WeakMap<readonly ResourceType[], JsonObject>();

/** The index at /openapi/v3. The hash lets clients cache each document. */
export function openapiIndex(types: readonly ResourceType[]): JsonObject {
  const known = indexes.get(types);
  if (known !== undefined) return known;
  const paths: JsonObject = {};
  for (const [group, versions] of groupsOf(types)) {
    for (const version of versions) {
      const path = pathOf(group, version);
      const text = JSON.stringify(openapiDocument(types, group, version));
      const hash = createHash('sha256').update(text).digest('hex').slice(0, 32).toUpperCase();
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
    }
  }
  const index = { paths };
  indexes.set(types, index);
  return index;
}

/** The OpenAPI v3 document of one group version; undefined when nothing is served there. */
export function openapiDocument(
  types: readonly ResourceType[],
  group: string,
  version: string,
): JsonObject | undefined {
  if (!(groupsOf(types).get(group) ?? []).includes(version)) return undefined;
  const own = types.filter((type) => type.group === group && type.version === version);
  const prefix = `/${pathOf(group, version)}`;
  const paths = Object.assign({}, ...own.map((type) => pathsOf(type, prefix))) as JsonObject;
  return {
    openapi: '3.0.0',
    info: { title: `boardlet ${apiVersionOf({ group, version })}`, version: 'v1.35.4+boardlet' },
    paths,
    components: components(own),
  };
}
