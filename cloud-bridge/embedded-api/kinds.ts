import type { JsonObject } from './json.ts';
import { builtinType } from './schema/builtin.ts';
import type { Schema } from './schema/schema.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority: number;
  readonly jsonPath: string;
}

/** One kind in one version, as the API serves it. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Where its objects live: the same for all versions and views of a kind, e.g. `pods`, `leases.coordination.k8s.io`. */
  readonly storage: string;
  readonly hasStatus: boolean;
  readonly custom: boolean;
  readonly schema: Schema;
  readonly columns?: readonly PrinterColumn[];
  readonly selectable?: readonly string[];
  /** Sent as a Warning header with every answer. */
  readonly warning?: string;
  /** Maps the stored object to this version's view and back; absent where only apiVersion differs. */
  readonly read?: (stored: JsonObject) => JsonObject;
  readonly write?: (view: JsonObject) => JsonObject;
}

export function apiVersionOf(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

interface Row {
  readonly group?: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly status?: boolean;
}

const ROWS: readonly Row[] = [
  { kind: 'ConfigMap', plural: 'configmaps', namespaced: true, short: ['cm'] },
  { kind: 'Event', plural: 'events', namespaced: true, short: ['ev'] },
  { kind: 'Namespace', plural: 'namespaces', namespaced: false, short: ['ns'], status: true },
  { kind: 'Node', plural: 'nodes', namespaced: false, short: ['no'], status: true },
  {
    kind: 'Pod',
    plural: 'pods',
    namespaced: true,
    short: ['po'],
    categories: ['all'],
    status: true,
  },
  { kind: 'Secret', plural: 'secrets', namespaced: true },
  { kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true, short: ['sa'] },
  { group: 'coordination.k8s.io', kind: 'Lease', plural: 'leases', namespaced: true },
  { group: 'node.k8s.io', kind: 'RuntimeClass', plural: 'runtimeclasses', namespaced: false },
  {
    group: 'apiextensions.k8s.io',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
    short: ['crd', 'crds'],
    categories: ['api-extensions'],
    status: true,
  },
];

function builtin(row: Row): ResourceType {
  const group = row.group ?? '';
  return {
    group,
    version: 'v1',
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    kind: row.kind,
    listKind: `${row.kind}List`,
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    namespaced: row.namespaced,
    storage: group === '' ? row.plural : `${row.plural}.${group}`,
    hasStatus: row.status ?? false,
    custom: false,
    schema: builtinType(row.kind),
  };
}

/** core/v1 field → events.k8s.io/v1 field; the rest has the same name in both. */
const EVENT_FIELDS: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];
function renamed(
  object: JsonObject,
  names: ReadonlyMap<string, string>,
  apiVersion: string,
): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(object)) result[names.get(key) ?? key] = value;
  result['apiVersion'] = apiVersion;
  return result;
}
const TO_EVENTS_V1 = new Map(EVENT_FIELDS);
const TO_CORE_EVENT = new Map(EVENT_FIELDS.map(([core, v1]) => [v1, core]));

const coreTypes = ROWS.map((row) => builtin(row));

/** Both views of Event read and write the same objects. */
const eventsV1: ResourceType = {
  ...builtin({
    group: 'events.k8s.io',
    kind: 'Event',
    plural: 'events',
    namespaced: true,
    short: ['ev'],
  }),
  storage: 'events',
  schema: builtinType('EventsV1Event'),
  read: (stored) => renamed(stored, TO_EVENTS_V1, 'events.k8s.io/v1'),
  write: (view) => renamed(view, TO_CORE_EVENT, 'v1'),
};

export const BUILTIN_KINDS: readonly ResourceType[] = [...coreTypes, eventsV1];

function kindNamed(kind: string): ResourceType {
  const found = coreTypes.find((type) => type.kind === kind);
  if (found === undefined) throw new RangeError(`kinds: no built-in kind ${kind}`);
  return found;
}
export const NODES: ResourceType = kindNamed('Node');
export const PODS: ResourceType = kindNamed('Pod');
export const EVENTS: ResourceType = kindNamed('Event');
export const NAMESPACES: ResourceType = kindNamed('Namespace');
export const SERVICE_ACCOUNTS: ResourceType = kindNamed('ServiceAccount');
export const RUNTIME_CLASSES: ResourceType = kindNamed('RuntimeClass');
export const CRDS: ResourceType = kindNamed('CustomResourceDefinition');
