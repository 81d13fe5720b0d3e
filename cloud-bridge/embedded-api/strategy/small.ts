import { type Cause, forbiddenField, invalidValue, required } from '../fault.ts';
import {
  at,
  child,
  dict,
  equal,
  fill,
  isObject,
  type Json,
  type JsonObject,
  list,
  num,
  str,
} from '../json.ts';
import { isQualifiedName, isSubdomain, labelCauses } from '../objects/metadata.ts';
import type { Strategy } from './strategy.ts';

const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** As MaxSecretSize in the core API: 1 MiB of data in one config map or secret. */
const MAX_DATA_BYTES = 1024 * 1024;

function entryCauses(path: string, key: string, value: Json, base64: boolean): Cause[] {
  const causes: Cause[] = [];
  if (!DATA_KEY.test(key) || key === '.' || key === '..') {
    const why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    causes.push(invalidValue(path, key, why));
  }
  if (base64 && typeof value === 'string' && !BASE64.test(value)) {
    causes.push(invalidValue(path, value.slice(0, 20), 'illegal base64 data'));
  }
  return causes;
}

function dataCauses(
  object: JsonObject,
  fields: readonly string[],
  base64: readonly string[],
): Cause[] {
  const causes: Cause[] = [];
  let bytes = 0;
  for (const field of fields) {
    for (const [key, value] of Object.entries(dict(object, field))) {
      causes.push(...entryCauses(`${field}[${key}]`, key, value, base64.includes(field)));
      if (typeof value === 'string') bytes += value.length;
    }
  }
  if (bytes > MAX_DATA_BYTES * 1.4) {
    causes.push({
      reason: 'FieldValueTooLong',
      field: fields[0] ?? '',
      message: `Too long: may not be more than ${MAX_DATA_BYTES} bytes`,
    });
  }
  return causes;
}

function immutableCauses(
  next: JsonObject,
  current: Readonly<JsonObject>,
  fields: readonly string[],
): Cause[] {
  if (current['immutable'] !== true) return [];
  const changed = ['immutable', ...fields].filter((field) => !equal(next[field], current[field]));
  return changed.map((field) =>
    forbiddenField(field, 'field is immutable when `immutable` is set'),
  );
}

export const configMap: Strategy = {
  causes: (object) => dataCauses(object, ['data', 'binaryData'], ['binaryData']),
  updateCauses: (next, current) => immutableCauses(next, current, ['data', 'binaryData']),
};

export const secret: Strategy = {
  defaults: (object) => {
    fill(object, 'type', 'Opaque');
    const plain = object['stringData'];
    if (!isObject(plain)) return;
    const data = child(object, 'data');
    for (const [key, value] of Object.entries(plain)) {
      if (typeof value === 'string') data[key] = Buffer.from(value, 'utf8').toString('base64');
    }
    delete object['stringData'];
  },
  causes: (object) => dataCauses(object, ['data'], ['data']),
  updateCauses: (next, current) => [
    ...immutableCauses(next, current, ['data']),
    ...(next['type'] === current['type']
      ? []
      : [invalidValue('type', next['type'], 'field is immutable')]),
  ],
};

export const namespace: Strategy = {
  keepsStatusOnCreate: false,
  defaults: (object) => {
    if (str(object, 'metadata', 'deletionTimestamp') === '') {
      child(object, 'spec')['finalizers'] = ['kubernetes'];
      fill(child(object, 'status'), 'phase', 'Active');
    }
    const labels = child(child(object, 'metadata'), 'labels');
    labels['kubernetes.io/metadata.name'] = str(object, 'metadata', 'name');
  },
  prepareUpdate: (next, current) => {
    if (current['spec'] !== undefined) next['spec'] = current['spec'];
  },
};

export const lease: Strategy = {
  unconditional: false,
  causes: (object) => {
    const causes: Cause[] = [];
    const seconds = num(object, 'spec', 'leaseDurationSeconds');
    if (seconds !== undefined && seconds <= 0) {
      causes.push(invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
    }
    const transitions = num(object, 'spec', 'leaseTransitions');
    if (transitions !== undefined && transitions < 0) {
      causes.push(
        invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'),
      );
    }
    for (const field of ['renewTime', 'acquireTime']) {
      const text = str(object, 'spec', field);
      if (text !== '' && Number.isNaN(Date.parse(text))) {
        causes.push(invalidValue(`spec.${field}`, text, 'must be an RFC 3339 time'));
      }
    }
    return causes;
  },
};

export const event: Strategy = {
  causes: (object) => {
    const space = str(object, 'metadata', 'namespace');
    const about = str(object, 'involvedObject', 'namespace');
    // Events of cluster-scoped objects live in `default` (pkg/apis/core/validation/events.go).
    const fits = about === '' ? space === 'default' || space === 'kube-system' : about === space;
    return fits
      ? []
      : [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
  },
};

export const runtimeClass: Strategy = {
  unconditional: false,
  causes: (object) => {
    const handler = str(object, 'handler');
    const causes: Cause[] = [];
    if (handler === '') causes.push(required('handler'));
    else if (!isSubdomain(handler) || handler.length > 63 || handler.includes('.')) {
      causes.push(invalidValue('handler', handler, 'a lowercase RFC 1123 label'));
    }
    const path = 'scheduling.nodeSelector';
    causes.push(...labelCauses(dict(object, 'scheduling', 'nodeSelector'), path));
    list(object, 'scheduling', 'tolerations').forEach((toleration, index) => {
      const key = str(toleration, 'key');
      if (key !== '' && !isQualifiedName(key)) {
        causes.push(invalidValue(`scheduling.tolerations[${index}].key`, key, 'no qualified name'));
      }
    });
    return causes;
  },
  updateCauses: (next, current) =>
    equal(at(next, 'handler'), at(current, 'handler'))
      ? []
      : [invalidValue('handler', next['handler'], 'field is immutable')],
};
