import { type Cause, duplicate, invalidValue, notSupported, required } from '../fault.ts';
import { clone, equal, isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from './schema.ts';

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** Causes reported for one object; a hostile one could have as many as it has values. */
const MAX_CAUSES = 50;

/** Value rules of a custom kind's schema; types were checked by `prune`. Paths are field paths. */
export function validateValue(value: Json, schema: Schema, path = ''): Cause[] {
  const causes: Cause[] = [];
  visit(value, schema, path, causes);
  return causes.slice(0, MAX_CAUSES);
}

function visit(value: Json, schema: Schema, path: string, causes: Cause[]): void {
  if (causes.length >= MAX_CAUSES) return;
  if (value === null) {
    if (schema.nullable !== true) {
      causes.push(invalidValue(path, null, `must be of type ${schema.type ?? 'any'}: "null"`));
    }
    return;
  }
  if (schema.enum !== undefined && !schema.enum.some((item) => equal(item, value))) {
    causes.push(notSupported(path, value, schema.enum));
  }
  if (typeof value === 'string') checkText(value, schema, path, causes);
  else if (typeof value === 'number') checkNumber(value, schema, path, causes);
  else if (Array.isArray(value)) checkList(value, schema, path, causes);
  else if (isObject(value)) checkFields(value, schema, path, causes);
  checkBranches(value, schema, path, causes);
}

const patterns = new Map<string, RegExp | undefined>();
const MAX_PATTERNS = 1000;
function patternOf(source: string): RegExp | undefined {
  if (!patterns.has(source)) {
    if (patterns.size >= MAX_PATTERNS) patterns.clear();
    try {
      patterns.set(source, new RegExp(source, 'u'));
    } catch {
      // RE2 syntax that JavaScript lacks: the rule cannot be checked here, so it does not refuse.
      patterns.set(source, undefined);
    }
  }
  return patterns.get(source);
}

function checkText(value: string, schema: Schema, path: string, causes: Cause[]): void {
  const { minLength, maxLength, pattern, format } = schema;
  if (minLength !== undefined && value.length < minLength) {
    causes.push(invalidValue(path, value, `should be at least ${minLength} chars long`));
  }
  if (maxLength !== undefined && value.length > maxLength) {
    causes.push(invalidValue(path, value, `should be at most ${maxLength} chars long`));
  }
  if (pattern !== undefined && patternOf(pattern)?.test(value) === false) {
    causes.push(invalidValue(path, value, `should match '${pattern}'`));
  }
  if (format === 'date-time' && Number.isNaN(Date.parse(value))) {
    causes.push(invalidValue(path, value, 'must be of type date-time'));
  }
}

function checkNumber(value: number, schema: Schema, path: string, causes: Cause[]): void {
  const { minimum, maximum, multipleOf } = schema;
  if (
    minimum !== undefined &&
    (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)
  ) {
    causes.push(invalidValue(path, value, `should be greater than or equal to ${minimum}`));
  }
  if (
    maximum !== undefined &&
    (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)
  ) {
    causes.push(invalidValue(path, value, `should be less than or equal to ${maximum}`));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    causes.push(invalidValue(path, value, `should be a multiple of ${multipleOf}`));
  }
}

function checkList(value: readonly Json[], schema: Schema, path: string, causes: Cause[]): void {
  const { minItems, maxItems, items } = schema;
  if (minItems !== undefined && value.length < minItems) {
    causes.push(invalidValue(path, value.length, `should have at least ${minItems} items`));
  }
  if (maxItems !== undefined && value.length > maxItems) {
    causes.push(invalidValue(path, value.length, `must have at most ${maxItems} items`));
  }
  if (schema.uniqueItems === true) {
    const seen = new Set<string>();
    value.forEach((item, index) => {
      const text = JSON.stringify(item);
      if (seen.has(text)) causes.push(duplicate(`${path}[${index}]`, item));
      seen.add(text);
    });
  }
  if (items === undefined) return;
  value.forEach((item, index) => {
    visit(item, items, `${path}[${index}]`, causes);
  });
}

function checkFields(value: JsonObject, schema: Schema, path: string, causes: Cause[]): void {
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) causes.push(required(join(path, key)));
  }
  const count = Object.keys(value).length;
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    causes.push(
      invalidValue(path, count, `should have at least ${schema.minProperties} properties`),
    );
  }
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    causes.push(invalidValue(path, count, `must have at most ${schema.maxProperties} properties`));
  }
  for (const [key, item] of Object.entries(value)) {
    const known = fieldOf(schema, key);
    if (known !== undefined) visit(item, known, join(path, key), causes);
  }
}

function checkBranches(value: Json, schema: Schema, path: string, causes: Cause[]): void {
  const passes = (branch: Schema): boolean => {
    const found: Cause[] = [];
    visit(value, branch, path, found);
    return found.length === 0;
  };
  for (const branch of schema.allOf ?? []) visit(value, branch, path, causes);
  // x-kubernetes-int-or-string carries an anyOf of two bare types, which `fits` has checked.
  if (schema.anyOf !== undefined && schema.intOrString !== true && !schema.anyOf.some(passes)) {
    causes.push(invalidValue(path, value, 'must validate at least one schema (anyOf)'));
  }
  if (schema.oneOf !== undefined && schema.oneOf.filter(passes).length !== 1) {
    causes.push(invalidValue(path, value, 'must validate one and only one schema (oneOf)'));
  }
  if (schema.not !== undefined && passes(schema.not)) {
    causes.push(invalidValue(path, value, 'must not validate the schema (not)'));
  }
}

/** The schema of one field: named, or that of all others. */
function fieldOf(schema: Schema, key: string): Schema | undefined {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, key)
    ? schema.properties[key]
    : schema.additionalProperties;
}

/** Fills in the schema's defaults. */
export function applyDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) applyDefaults(item, items);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (value[key] === undefined && field.default !== undefined) value[key] = clone(field.default);
  }
  for (const [key, item] of Object.entries(value)) {
    const field = fieldOf(schema, key);
    if (field !== undefined) applyDefaults(item, field);
  }
}
