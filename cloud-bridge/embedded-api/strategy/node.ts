import { parseQuantity } from '../../kube/quantity.ts';
import {
  type Cause,
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../fault.ts';
import { child, clone, dict, isObject, type JsonObject, list, str } from '../json.ts';
import { isQualifiedName } from '../objects/metadata.ts';
import type { Strategy } from './strategy.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function taintCauses(object: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const seen = new Set<string>();
  list(object, 'spec', 'taints').forEach((taint, index) => {
    const path = `spec.taints[${index}]`;
    const key = str(taint, 'key');
    const effect = str(taint, 'effect');
    if (key === '') causes.push(required(`${path}.key`));
    else if (!isQualifiedName(key))
      causes.push(invalidValue(`${path}.key`, key, 'no qualified name'));
    if (!EFFECTS.includes(effect)) causes.push(notSupported(`${path}.effect`, effect, EFFECTS));
    if (seen.has(`${key}:${effect}`)) causes.push(duplicate(path, `${key}:${effect}`));
    seen.add(`${key}:${effect}`);
  });
  return causes;
}

function resourceCauses(object: JsonObject): Cause[] {
  return ['capacity', 'allocatable'].flatMap((field) =>
    Object.entries(dict(object, 'status', field)).flatMap(([name, value]) =>
      parseQuantity(value) === undefined
        ? [invalidValue(`status.${field}[${name}]`, value, 'must be a quantity')]
        : [],
    ),
  );
}

export const node: Strategy = {
  keepsStatusOnCreate: true,
  defaults: (object) => {
    child(object, 'spec');
    const status = object['status'];
    if (isObject(status) && isObject(status['capacity']) && status['allocatable'] === undefined) {
      status['allocatable'] = clone(status['capacity']);
    }
  },
  causes: (object) => [...taintCauses(object), ...resourceCauses(object)],
  updateCauses: (next, current) =>
    ['providerID', 'podCIDR'].flatMap((field) => {
      const before = str(current, 'spec', field);
      return before === '' || before === str(next, 'spec', field)
        ? []
        : [
            forbiddenField(
              `spec.${field}`,
              `node updates may not change ${field} except from "" to valid`,
            ),
          ];
    }),
};
