import { badRequest } from './fault.ts';
import { at, dict, type Json, type JsonObject } from './json.ts';

export type Predicate = (object: JsonObject) => boolean;

const KEY =
  /^(?:[a-z0-9A-Z](?:[-a-z0-9A-Z.]*[a-z0-9A-Z])?\/)?[a-zA-Z0-9](?:[-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const VALUE = /^(?:[a-zA-Z0-9](?:[-_.a-zA-Z0-9]*[a-zA-Z0-9])?)?$/;

type Labels = Readonly<Record<string, Json>>;
type LabelTest = (labels: Labels) => boolean;

/** Cuts at commas that are not inside parentheses. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms.map((term) => term.trim());
}

function refuse(text: string): never {
  throw badRequest(`unable to parse requirement: found '${text.slice(0, 200)}'`);
}

function checked(key: string, values: readonly string[], term: string): void {
  if (!KEY.test(key) || key.length > 317) refuse(term);
  for (const value of values) if (!VALUE.test(value) || value.length > 63) refuse(term);
}

function numericTest(key: string, operator: string, text: string, term: string): LabelTest {
  checked(key, [text], term);
  const bound = Number(text);
  if (!/^-?\d+$/.test(text)) refuse(term);
  return (labels) => {
    const value = labels[key];
    if (typeof value !== 'string' || !/^-?\d+$/.test(value)) return false;
    return operator === '>' ? Number(value) > bound : Number(value) < bound;
  };
}

function setTest(
  key: string,
  negative: boolean,
  values: readonly string[],
  term: string,
): LabelTest {
  checked(key, values, term);
  const wanted = new Set<Json>(values);
  return negative
    ? (labels) => !Object.hasOwn(labels, key) || !wanted.has(labels[key] ?? null)
    : (labels) => Object.hasOwn(labels, key) && wanted.has(labels[key] ?? null);
}

function labelTerm(term: string): LabelTest {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(term);
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return setTest(set[1] ?? '', set[2] === 'notin', values, term);
  }
  const compare = /^([^\s=!<>]+)\s*(==|=|!=|>|<)\s*([^\s=!<>]*)$/.exec(term);
  if (compare !== null) {
    const [, key = '', operator = '', value = ''] = compare;
    if (operator === '>' || operator === '<') return numericTest(key, operator, value, term);
    return setTest(key, operator === '!=', [value], term);
  }
  const bare = /^(!?)\s*([^\s=!<>()]+)$/.exec(term);
  if (bare === null) return refuse(term);
  const key = bare[2] ?? '';
  checked(key, [], term);
  return bare[1] === '!'
    ? (labels) => !Object.hasOwn(labels, key)
    : (labels) => Object.hasOwn(labels, key);
}

/** Full label selector syntax (`a=b,c!=d,e in (f,g),h notin (i),j,!k,n>1`). Throws a 400 fault. */
export function parseLabelSelector(text: string): Predicate | undefined {
  if (text.trim() === '') return undefined;
  const tests = splitTerms(text).map((term) => labelTerm(term));
  return (object) => {
    const labels = dict(object, 'metadata', 'labels');
    return tests.every((test) => test(labels));
  };
}

/** Fields that a kind's field selector may name, besides metadata.name and metadata.namespace. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  Event: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  Node: ['spec.unschedulable'],
  Secret: ['type'],
  Namespace: ['status.phase'],
};

function fieldText(object: JsonObject, path: string): string {
  // The selector "source" of an Event is its component (pkg/registry/core/event/strategy.go ToSelectableFields).
  const value =
    path === 'source' ? at(object, 'source', 'component') : at(object, ...path.split('.'));
  return value === undefined || value === null ? '' : String(value);
}

export interface FieldSelector {
  readonly test: Predicate;
  /** The one name or namespace asked for, when there is one: lets a read skip the scan. */
  readonly name?: string;
  readonly namespace?: string;
}

/** Field selectors: `=`, `==`, `!=`, joined by commas. `extra` are the selectable fields of a custom kind. */
export function parseFieldSelector(
  text: string,
  kind: string,
  extra: readonly string[] = [],
): FieldSelector | undefined {
  if (text.trim() === '') return undefined;
  const allowed = ['metadata.name', 'metadata.namespace', ...(FIELDS[kind] ?? []), ...extra];
  const exact: Record<string, string> = {};
  const tests = text.split(',').map((term): Predicate => {
    const match = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(term);
    if (match === null)
      throw badRequest(`invalid selector: '${term.slice(0, 200)}'; can't understand it`);
    const [, path = '', operator, value = ''] = match;
    if (!allowed.includes(path)) {
      throw badRequest(
        `Unable to find "${kind}" that match label selector "", field selector "${text.slice(0, 200)}": field label not supported: ${path}`,
      );
    }
    if (operator === '!=') return (object) => fieldText(object, path) !== value;
    exact[path] = value;
    return (object) => fieldText(object, path) === value;
  });
  return {
    test: (object) => tests.every((test) => test(object)),
    ...(exact['metadata.name'] === undefined ? {} : { name: exact['metadata.name'] }),
    ...(exact['metadata.namespace'] === undefined
      ? {}
      : { namespace: exact['metadata.namespace'] }),
  };
}
