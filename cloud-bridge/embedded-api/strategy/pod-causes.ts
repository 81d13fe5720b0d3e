import { parseQuantity } from '../../kube/quantity.ts';
import {
  type Cause,
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../fault.ts';
import {
  at,
  clone,
  dict,
  equal,
  isObject,
  type Json,
  type JsonObject,
  list,
  num,
  str,
} from '../json.ts';
import { isLabel, isSubdomain, labelCauses } from '../objects/metadata.ts';

export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

const RESTART = ['Always', 'OnFailure', 'Never'];
const PULL = ['Always', 'IfNotPresent', 'Never'];
const ENV_NAME = /^[^=\0]+$/;

function resourceCauses(container: Json, path: string): Cause[] {
  const causes: Cause[] = [];
  const limits = dict(container, 'resources', 'limits');
  const requests = dict(container, 'resources', 'requests');
  for (const [field, values] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const quantity = parseQuantity(value);
      if (quantity === undefined || quantity < 0) {
        causes.push(
          invalidValue(
            `${path}.resources.${field}[${name}]`,
            value,
            'must be a quantity, 0 or more',
          ),
        );
      }
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = parseQuantity(limits[name]);
    const wanted = parseQuantity(request);
    if (limit !== undefined && wanted !== undefined && wanted > limit) {
      causes.push(
        invalidValue(
          `${path}.resources.requests`,
          request,
          `must be less than or equal to ${name} limit of ${String(limits[name])}`,
        ),
      );
    }
  }
  return causes;
}

function containerCauses(container: Json, path: string, volumes: ReadonlySet<string>): Cause[] {
  const causes: Cause[] = [];
  const name = str(container, 'name');
  if (name === '') causes.push(required(`${path}.name`));
  else if (!isLabel(name))
    causes.push(invalidValue(`${path}.name`, name, 'a lowercase RFC 1123 label'));
  if (str(container, 'image').trim() === '') causes.push(required(`${path}.image`));
  const pull = str(container, 'imagePullPolicy');
  if (!PULL.includes(pull)) causes.push(notSupported(`${path}.imagePullPolicy`, pull, PULL));
  list(container, 'env').forEach((variable, index) => {
    if (!ENV_NAME.test(str(variable, 'name'))) {
      causes.push(
        invalidValue(
          `${path}.env[${index}].name`,
          at(variable, 'name'),
          "must not be empty nor contain '='",
        ),
      );
    }
  });
  list(container, 'ports').forEach((port, index) => {
    const number = num(port, 'containerPort') ?? 0;
    if (number < 1 || number > 65_535) {
      causes.push(
        invalidValue(
          `${path}.ports[${index}].containerPort`,
          number,
          'must be between 1 and 65535, inclusive',
        ),
      );
    }
  });
  list(container, 'volumeMounts').forEach((mount, index) => {
    const volume = str(mount, 'name');
    if (!volumes.has(volume)) {
      causes.push({
        reason: 'FieldValueInvalid',
        field: `${path}.volumeMounts[${index}].name`,
        message: `Not found: "${volume}"`,
      });
    }
    if (str(mount, 'mountPath') === '')
      causes.push(required(`${path}.volumeMounts[${index}].mountPath`));
  });
  return [...causes, ...resourceCauses(container, path)];
}

function uniqueCauses(items: readonly Json[], path: string, seen = new Set<string>()): Cause[] {
  return items.flatMap((item, index) => {
    const name = str(item, 'name');
    const twice = name !== '' && seen.has(name);
    seen.add(name);
    return twice ? [duplicate(`${path}[${index}].name`, name)] : [];
  });
}

function tolerationCauses(spec: JsonObject): Cause[] {
  return list(spec, 'tolerations').flatMap((toleration, index) => {
    const operator = str(toleration, 'operator') || 'Equal';
    const path = `spec.tolerations[${index}]`;
    if (!['Exists', 'Equal', 'Lt', 'Gt'].includes(operator)) {
      return [notSupported(`${path}.operator`, operator, ['Equal', 'Exists'])];
    }
    if (str(toleration, 'key') === '' && operator !== 'Exists') {
      return [
        invalidValue(`${path}.operator`, operator, 'operator must be Exists when `key` is empty'),
      ];
    }
    return [];
  });
}

function specCauses(spec: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const restart = str(spec, 'restartPolicy');
  if (!RESTART.includes(restart)) causes.push(notSupported('spec.restartPolicy', restart, RESTART));
  const node = str(spec, 'nodeName');
  if (node !== '' && !isSubdomain(node))
    causes.push(invalidValue('spec.nodeName', node, 'a lowercase RFC 1123 subdomain'));
  const grace = num(spec, 'terminationGracePeriodSeconds') ?? 0;
  if (grace < 0)
    causes.push(
      invalidValue(
        'spec.terminationGracePeriodSeconds',
        grace,
        'must be greater than or equal to 0',
      ),
    );
  const deadline = num(spec, 'activeDeadlineSeconds');
  if (deadline !== undefined && deadline < 1) {
    causes.push(
      invalidValue(
        'spec.activeDeadlineSeconds',
        deadline,
        'must be between 1 and 2147483647, inclusive',
      ),
    );
  }
  return [
    ...causes,
    ...labelCauses(dict(spec, 'nodeSelector'), 'spec.nodeSelector'),
    ...tolerationCauses(spec),
  ];
}

export function podCauses(pod: JsonObject): Cause[] {
  const spec = dict(pod, 'spec');
  const containers = list(spec, 'containers');
  const init = list(spec, 'initContainers');
  const volumes = list(spec, 'volumes');
  const names = new Set(volumes.map((volume) => str(volume, 'name')));
  const seen = new Set<string>();
  const causes: Cause[] = [];
  if (containers.length === 0) causes.push(required('spec.containers'));
  volumes.forEach((volume, index) => {
    const name = str(volume, 'name');
    if (!isLabel(name))
      causes.push(invalidValue(`spec.volumes[${index}].name`, name, 'a lowercase RFC 1123 label'));
  });
  causes.push(
    ...uniqueCauses(volumes, 'spec.volumes'),
    ...uniqueCauses(containers, 'spec.containers', seen),
    ...uniqueCauses(init, 'spec.initContainers', seen),
    ...containers.flatMap((item, index) =>
      containerCauses(item, `spec.containers[${index}]`, names),
    ),
    ...init.flatMap((item, index) => containerCauses(item, `spec.initContainers[${index}]`, names)),
    ...specCauses(spec),
  );
  if (
    str(pod, 'metadata', 'annotations', MIRROR_ANNOTATION) !== '' &&
    str(spec, 'nodeName') === ''
  ) {
    causes.push(required('spec.nodeName', 'mirror pods name their node'));
  }
  return causes;
}

/** Old tolerations must all stay; only their tolerationSeconds may change. */
function keepsTolerations(next: JsonObject, current: JsonObject): boolean {
  const bare = (toleration: Json): Json => {
    if (!isObject(toleration)) return toleration;
    const { tolerationSeconds: _seconds, ...rest } = toleration;
    return rest;
  };
  const kept = list(next, 'tolerations').map((toleration) => bare(toleration));
  return list(current, 'tolerations').every((toleration) =>
    kept.some((other) => equal(other, bare(toleration))),
  );
}

function withImages(target: JsonObject, source: JsonObject, key: string): void {
  const images = list(source, key);
  list(target, key).forEach((container, index) => {
    const image = at(images[index], 'image');
    if (isObject(container) && image !== undefined) container['image'] = image;
  });
}

/** What may change of a pod's spec: images, deadline, more tolerations, scheduling gates going away. */
export function podUpdateCauses(next: JsonObject, current: Readonly<JsonObject>): Cause[] {
  const causes: Cause[] = [];
  const key = MIRROR_ANNOTATION;
  if (
    !equal(at(next, 'metadata', 'annotations', key), at(current, 'metadata', 'annotations', key))
  ) {
    causes.push(
      forbiddenField(
        `metadata.annotations[${key}]`,
        'may not add, change or remove the mirror pod annotation',
      ),
    );
  }
  const after = dict(next, 'spec');
  const before = dict(current, 'spec');
  const allowed = clone(before);
  withImages(allowed, after, 'containers');
  withImages(allowed, after, 'initContainers');
  const fields = [
    'activeDeadlineSeconds',
    ...(keepsTolerations(after, before) ? ['tolerations'] : []),
  ];
  if (list(before, 'schedulingGates').length > 0) fields.push('nodeSelector');
  if (list(after, 'schedulingGates').length < list(before, 'schedulingGates').length) {
    fields.push('schedulingGates');
  }
  for (const field of fields) {
    const value = after[field];
    if (value === undefined) delete allowed[field];
    else allowed[field] = value;
  }
  if (!equal(allowed, after)) {
    causes.push(
      forbiddenField(
        'spec',
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)',
      ),
    );
  }
  return causes;
}
