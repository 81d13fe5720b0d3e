import { badRequest } from '../fault.ts';
import { clone, equal, isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';

const DELETE_FROM = '$deleteFromPrimitiveList/';
const SET_ORDER = '$setElementOrder/';

function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema === undefined) return undefined;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) {
    return schema.properties[key];
  }
  return schema.additionalProperties;
}

/**
 * Strategic merge patch with the merge keys of `schema`; `target` is left alone. Directives: `$patch`
 * (merge, replace, delete), `$retainKeys`, `$deleteFromPrimitiveList`, `$setElementOrder`.
 */
export function strategicPatch(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return mergeObjects(target, patch, schema);
}

function mergeObjects(
  target: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw badRequest(
      `unable to apply strategic merge patch: invalid $patch ${JSON.stringify(directive).slice(0, 100)}`,
    );
  }
  const result: JsonObject = { ...target };
  retainKeys(result, patch['$retainKeys']);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) removeScalars(result, key.slice(DELETE_FROM.length), value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') || key === '__proto__') continue;
    if (value === null) delete result[key];
    else {
      const order = patch[`${SET_ORDER}${key}`];
      result[key] = mergeField(result[key], value, fieldSchema(schema, key), order);
    }
  }
  orderLists(result, patch, schema);
  return result;
}

/** An order given for a list that the patch does not otherwise touch. */
function orderLists(result: JsonObject, patch: JsonObject, schema: Schema | undefined): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(SET_ORDER)) continue;
    const key = directive.slice(SET_ORDER.length);
    const found = result[key];
    if (patch[key] === undefined && Array.isArray(found)) {
      result[key] = sorted(found, order, fieldSchema(schema, key)?.mergeKey);
    }
  }
}

function retainKeys(result: JsonObject, keys: Json | undefined): void {
  if (!Array.isArray(keys)) return;
  for (const key of Object.keys(result)) if (!keys.includes(key)) delete result[key];
}

function removeScalars(result: JsonObject, key: string, values: Json): void {
  const found = result[key];
  if (Array.isArray(found) && Array.isArray(values)) {
    result[key] = found.filter((item) => !values.some((value) => equal(item, value)));
  }
}

function withoutDirectives(patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith('$')) result[key] = stripped(value);
  }
  return result;
}

/** A value that only the patch has: its directives and nulls must not be stored. */
function stripped(value: Json): Json {
  if (Array.isArray(value)) {
    return value
      .filter((item) => !(isObject(item) && item['$patch'] !== undefined))
      .map((item) => stripped(item));
  }
  if (!isObject(value)) return clone(value);
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (!key.startsWith('$') && item !== null) result[key] = stripped(item);
  }
  return result;
}

function mergeField(
  target: Json | undefined,
  patch: Json,
  schema: Schema | undefined,
  order: Json | undefined,
): Json {
  if (isObject(patch)) return mergeObjects(isObject(target) ? target : {}, patch, schema);
  if (!Array.isArray(patch)) return clone(patch);
  const current = Array.isArray(target) ? target : [];
  if (schema?.mergeKey !== undefined) {
    return sorted(mergeLists(current, patch, schema, schema.mergeKey), order, schema.mergeKey);
  }
  if (schema?.mergeSet === true) {
    const added = patch.filter((item) => !current.some((other) => equal(item, other)));
    return sorted([...current, ...added], order, undefined);
  }
  return patch.map((item) => stripped(item));
}

function mergeLists(
  target: readonly Json[],
  patch: readonly Json[],
  schema: Schema,
  mergeKey: string,
): Json[] {
  const replaced = patch.some(
    (item) => isObject(item) && item['$patch'] === 'replace' && item[mergeKey] === undefined,
  );
  const result = replaced ? [] : [...target];
  for (const item of patch) {
    if (!isObject(item))
      throw badRequest('unable to apply strategic merge patch: list element is no object');
    const key = item[mergeKey];
    if (key === undefined) {
      if (item['$patch'] !== undefined) continue;
      throw badRequest(
        `unable to apply strategic merge patch: map: does not contain declared merge key: ${mergeKey}`,
      );
    }
    const index = result.findIndex((other) => isObject(other) && equal(other[mergeKey], key));
    mergeElement(result, index, item, schema.items);
  }
  return result;
}

function mergeElement(
  result: Json[],
  index: number,
  item: JsonObject,
  schema: Schema | undefined,
): void {
  if (item['$patch'] === 'delete') {
    if (index >= 0) result.splice(index, 1);
    return;
  }
  const current = result[index];
  if (index < 0) result.push(mergeObjects({}, item, schema));
  else result[index] = mergeObjects(isObject(current) ? current : {}, item, schema);
}

/**
 * The order of a merged list: elements named by `$setElementOrder` follow it, others keep their place relative
 * to what stood before them (sig-api-machinery "preserve order in strategic merge patch").
 */
function sorted(items: Json[], order: Json | undefined, mergeKey: string | undefined): Json[] {
  if (!Array.isArray(order)) return items;
  const keyOf = (item: Json): string =>
    JSON.stringify((mergeKey !== undefined && isObject(item) ? item[mergeKey] : item) ?? null);
  const rank = new Map(order.map((item, index) => [keyOf(item), index]));
  const named = items
    .filter((item) => rank.has(keyOf(item)))
    .sort((a, b) => (rank.get(keyOf(a)) ?? 0) - (rank.get(keyOf(b)) ?? 0));
  let next = 0;
  return items.map((item) => (rank.has(keyOf(item)) ? (named[next++] ?? item) : item));
}
