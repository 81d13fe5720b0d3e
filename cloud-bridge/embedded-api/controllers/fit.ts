import { parseQuantity } from '../../kube/quantity.ts';
import { at, dict, type Json, type JsonObject, list, str } from '../json.ts';

/** Amounts by resource name: cores, bytes, pieces. */
export type Amounts = ReadonlyMap<string, number>;

function addTo(sum: Map<string, number>, amounts: JsonObject): void {
  for (const [name, value] of Object.entries(amounts)) {
    sum.set(name, (sum.get(name) ?? 0) + (parseQuantity(value) ?? 0));
  }
}

/** What a pod asks for: the sum of its containers, or its largest init container where that is more; and one pod. */
export function requestsOf(pod: JsonObject): Amounts {
  const sum = new Map<string, number>();
  for (const container of list(pod, 'spec', 'containers')) {
    addTo(sum, dict(container, 'resources', 'requests'));
  }
  for (const container of list(pod, 'spec', 'initContainers')) {
    for (const [name, value] of Object.entries(dict(container, 'resources', 'requests'))) {
      sum.set(name, Math.max(sum.get(name) ?? 0, parseQuantity(value) ?? 0));
    }
  }
  sum.set('pods', 1);
  return sum;
}

export function allocatableOf(node: JsonObject): Amounts {
  const sum = new Map<string, number>();
  addTo(sum, dict(node, 'status', 'allocatable'));
  return sum;
}

function toleratesTaint(pod: JsonObject, taint: Json): boolean {
  return list(pod, 'spec', 'tolerations').some((toleration) => {
    const effect = str(toleration, 'effect');
    const key = str(toleration, 'key');
    if (effect !== '' && effect !== str(taint, 'effect')) return false;
    if (key !== '' && key !== str(taint, 'key')) return false;
    return (
      str(toleration, 'operator') === 'Exists' || str(toleration, 'value') === str(taint, 'value')
    );
  });
}

function requirementHolds(requirement: Json, value: string | undefined): boolean {
  const values = list(requirement, 'values').map(String);
  switch (str(requirement, 'operator')) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function termHolds(term: Json, node: JsonObject): boolean {
  const labels = dict(node, 'metadata', 'labels');
  const expressions = list(term, 'matchExpressions');
  const fields = list(term, 'matchFields');
  // An empty term matches nothing (core/v1 NodeSelectorTerm).
  if (expressions.length + fields.length === 0) return false;
  const labelOf = (item: Json): string | undefined => {
    const value = labels[str(item, 'key')];
    return typeof value === 'string' ? value : undefined;
  };
  const fieldOf = (item: Json): string | undefined =>
    str(item, 'key') === 'metadata.name' ? str(node, 'metadata', 'name') : undefined;
  return (
    expressions.every((item) => requirementHolds(item, labelOf(item))) &&
    fields.every((item) => requirementHolds(item, fieldOf(item)))
  );
}

function selectorHolds(pod: JsonObject, node: JsonObject): boolean {
  const labels = dict(node, 'metadata', 'labels');
  for (const [key, value] of Object.entries(dict(pod, 'spec', 'nodeSelector'))) {
    if (labels[key] !== value) return false;
  }
  const required = at(
    pod,
    'spec',
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
  );
  if (required === undefined) return true;
  return list(required, 'nodeSelectorTerms').some((term) => termHolds(term, node));
}

function isReady(node: JsonObject): boolean {
  return list(node, 'status', 'conditions').some(
    (condition) => str(condition, 'type') === 'Ready' && str(condition, 'status') === 'True',
  );
}

/** Why a pod cannot go to a node, in the scheduler's words; undefined when it can. */
export function misfit(pod: JsonObject, node: JsonObject, used: Amounts): string | undefined {
  if (at(node, 'spec', 'unschedulable') === true) return 'node(s) were unschedulable';
  const taint = list(node, 'spec', 'taints').find(
    (item) => /^No(?:Schedule|Execute)$/.test(str(item, 'effect')) && !toleratesTaint(pod, item),
  );
  if (taint !== undefined) {
    return `node(s) had untolerated taint(s) {${str(taint, 'key')}: ${str(taint, 'value')}}`;
  }
  if (!selectorHolds(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  if (!isReady(node)) return 'node(s) were not ready';
  const allocatable = allocatableOf(node);
  for (const [name, wanted] of requestsOf(pod)) {
    if (wanted > 0 && (used.get(name) ?? 0) + wanted > (allocatable.get(name) ?? 0)) {
      return name === 'pods' ? 'Too many pods' : `Insufficient ${name}`;
    }
  }
  return undefined;
}
