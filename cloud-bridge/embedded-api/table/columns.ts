import { at, dict, type Json, type JsonObject, list, num, str } from '../json.ts';
import { age } from './duration.ts';
import { summarizePod } from './pod.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number;
}
export type Cells = (object: JsonObject, nowMs: number) => Json[];
export interface Printer {
  readonly columns: readonly Column[];
  readonly cells: Cells;
}

function column(name: string, wide = false, type = 'string'): Column {
  const format = name === 'Name' ? 'name' : '';
  return { name, type, format, description: name, priority: wide ? 1 : 0 };
}
const NONE = '<none>';
const name = (object: JsonObject): string => str(object, 'metadata', 'name');
const created = (object: JsonObject, nowMs: number): string =>
  age(str(object, 'metadata', 'creationTimestamp'), nowMs);

function nodeStatus(node: JsonObject): string {
  const ready = list(node, 'status', 'conditions').find((item) => str(item, 'type') === 'Ready');
  const state =
    ready === undefined ? 'Unknown' : str(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return at(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(node: JsonObject): string {
  const roles: string[] = [];
  for (const [key, value] of Object.entries(dict(node, 'metadata', 'labels'))) {
    const prefix = 'node-role.kubernetes.io/';
    if (key.startsWith(prefix) && key.length > prefix.length) roles.push(key.slice(prefix.length));
    else if (key === 'kubernetes.io/role' && typeof value === 'string') roles.push(value);
  }
  return roles.length === 0 ? NONE : [...new Set(roles)].sort().join(',');
}

function nodeAddress(node: JsonObject, type: string): string {
  const found = list(node, 'status', 'addresses').find((item) => str(item, 'type') === type);
  return str(found, 'address') || NONE;
}

const nodes: Printer = {
  columns: [
    column('Name'),
    column('Status'),
    column('Roles'),
    column('Age'),
    column('Version'),
    column('Internal-IP', true),
    column('External-IP', true),
    column('OS-Image', true),
    column('Kernel-Version', true),
    column('Container-Runtime', true),
  ],
  cells: (node, nowMs) => {
    const info = (field: string): string => str(node, 'status', 'nodeInfo', field) || '<unknown>';
    return [
      name(node),
      nodeStatus(node),
      nodeRoles(node),
      created(node, nowMs),
      str(node, 'status', 'nodeInfo', 'kubeletVersion'),
      nodeAddress(node, 'InternalIP'),
      nodeAddress(node, 'ExternalIP'),
      info('osImage'),
      info('kernelVersion'),
      info('containerRuntimeVersion'),
    ];
  },
};

function readinessGates(pod: JsonObject): string {
  const gates = list(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return NONE;
  const conditions = list(pod, 'status', 'conditions');
  const open = gates.filter((gate) =>
    conditions.some(
      (item) => str(item, 'type') === str(gate, 'conditionType') && str(item, 'status') === 'True',
    ),
  );
  return `${open.length}/${gates.length}`;
}

const pods: Printer = {
  columns: [
    column('Name'),
    column('Ready'),
    column('Status'),
    column('Restarts'),
    column('Age'),
    column('IP', true),
    column('Node', true),
    column('Nominated Node', true),
    column('Readiness Gates', true),
  ],
  cells: (pod, nowMs) => {
    const { ready, status, restarts } = summarizePod(pod, nowMs);
    return [
      name(pod),
      ready,
      status,
      restarts,
      created(pod, nowMs),
      str(list(pod, 'status', 'podIPs')[0], 'ip') || str(pod, 'status', 'podIP') || NONE,
      str(pod, 'spec', 'nodeName') || NONE,
      str(pod, 'status', 'nominatedNodeName') || NONE,
      readinessGates(pod),
    ];
  },
};

const events: Printer = {
  columns: [
    column('Last Seen'),
    column('Type'),
    column('Reason'),
    column('Object'),
    column('Subobject', true),
    column('Source', true),
    column('Message'),
    column('First Seen', true),
    column('Count', true),
    column('Name', true),
  ],
  cells: (event, nowMs) => {
    const first = str(event, 'firstTimestamp') || str(event, 'eventTime');
    const last = str(event, 'series', 'lastObservedTime') || str(event, 'lastTimestamp') || first;
    const about = dict(event, 'involvedObject');
    const host = str(event, 'source', 'host') || str(event, 'reportingInstance');
    const source = [str(event, 'source', 'component') || str(event, 'reportingComponent'), host];
    return [
      age(last, nowMs),
      str(event, 'type'),
      str(event, 'reason'),
      `${str(about, 'kind').toLowerCase()}/${str(about, 'name')}`,
      str(about, 'fieldPath'),
      source.filter((text) => text !== '').join(', '),
      str(event, 'message').trim(),
      age(first, nowMs),
      num(event, 'series', 'count') ?? num(event, 'count') ?? 1,
      name(event),
    ];
  },
};

const size = (object: JsonObject, ...fields: readonly string[]): number =>
  fields.reduce((sum, field) => sum + Object.keys(dict(object, field)).length, 0);

/** Columns of the built-in kinds by storage name. */
export const PRINTERS: Readonly<Record<string, Printer>> = {
  nodes,
  pods,
  events,
  'leases.coordination.k8s.io': {
    columns: [column('Name'), column('Holder'), column('Age')],
    cells: (lease, nowMs) => [
      name(lease),
      str(lease, 'spec', 'holderIdentity'),
      created(lease, nowMs),
    ],
  },
  configmaps: {
    columns: [column('Name'), column('Data', false, 'integer'), column('Age')],
    cells: (map, nowMs) => [name(map), size(map, 'data', 'binaryData'), created(map, nowMs)],
  },
  secrets: {
    columns: [column('Name'), column('Type'), column('Data', false, 'integer'), column('Age')],
    cells: (secret, nowMs) => [
      name(secret),
      str(secret, 'type'),
      size(secret, 'data'),
      created(secret, nowMs),
    ],
  },
  namespaces: {
    columns: [column('Name'), column('Status'), column('Age')],
    cells: (space, nowMs) => [name(space), str(space, 'status', 'phase'), created(space, nowMs)],
  },
  serviceaccounts: {
    columns: [column('Name'), column('Secrets', false, 'integer'), column('Age')],
    cells: (account, nowMs) => [
      name(account),
      list(account, 'secrets').length,
      created(account, nowMs),
    ],
  },
  'runtimeclasses.node.k8s.io': {
    columns: [column('Name'), column('Handler'), column('Age')],
    cells: (runtime, nowMs) => [name(runtime), str(runtime, 'handler'), created(runtime, nowMs)],
  },
  'customresourcedefinitions.apiextensions.k8s.io': {
    columns: [column('Name'), column('Created At', false, 'date')],
    cells: (crd) => [name(crd), str(crd, 'metadata', 'creationTimestamp')],
  },
};

export const PLAIN: Printer = {
  columns: [column('Name'), column('Age', false, 'date')],
  cells: (object, nowMs) => [name(object), created(object, nowMs)],
};
export const NAME_COLUMN: Column = column('Name');
