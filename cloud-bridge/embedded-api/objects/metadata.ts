import { type Cause, forbiddenField, invalidValue, required } from '../fault.ts';
import { at, dict, equal, isObject, type Json, type JsonObject, list, str } from '../json.ts';
import type { ResourceType } from '../kinds.ts';

/** RFC 1123 label and subdomain, as k8s.io/apimachinery/pkg/util/validation has them. */
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const ANNOTATION_BYTES = 256 * 1024;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";

export const isSubdomain = (text: string): boolean => text.length <= 253 && SUBDOMAIN.test(text);
export const isLabel = (text: string): boolean => text.length <= 63 && LABEL.test(text);

export function isQualifiedName(text: string): boolean {
  const parts = text.split('/');
  const name = parts.pop() ?? '';
  if (name.length > 63 || !QUALIFIED_NAME.test(name) || parts.length > 1) return false;
  return parts[0] === undefined || isSubdomain(parts[0]);
}
export const isLabelValue = (text: string): boolean => text.length <= 63 && LABEL_VALUE.test(text);

function nameCauses(type: ResourceType, name: string): Cause[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  if (type.kind === 'Namespace') {
    return isLabel(name) ? [] : [invalidValue('metadata.name', name, LABEL_TEXT)];
  }
  return isSubdomain(name) ? [] : [invalidValue('metadata.name', name, SUBDOMAIN_TEXT)];
}

export function labelCauses(labels: JsonObject, path: string): Cause[] {
  const causes: Cause[] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) {
      causes.push(
        invalidValue(
          path,
          key,
          "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        ),
      );
    }
    if (typeof value !== 'string' || !isLabelValue(value)) {
      causes.push(
        invalidValue(
          path,
          value,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, at most 63 in all",
        ),
      );
    }
  }
  return causes;
}

function annotationCauses(annotations: JsonObject): Cause[] {
  const causes: Cause[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (!isQualifiedName(key.toLowerCase())) {
      causes.push(invalidValue('metadata.annotations', key, 'annotation keys are qualified names'));
    }
    bytes += key.length + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  if (bytes > ANNOTATION_BYTES) {
    causes.push({
      reason: 'FieldValueTooLong',
      field: 'metadata.annotations',
      message: `Too long: may not be more than ${ANNOTATION_BYTES} bytes`,
    });
  }
  return causes;
}

function ownerCauses(owners: readonly Json[]): Cause[] {
  const causes: Cause[] = [];
  owners.forEach((owner, index) => {
    for (const key of ['apiVersion', 'kind', 'name', 'uid']) {
      if (str(owner, key) === '')
        causes.push(required(`metadata.ownerReferences[${index}].${key}`));
    }
  });
  const controllers = owners.filter((owner) => at(owner, 'controller') === true);
  if (controllers.length > 1) {
    causes.push(
      invalidValue(
        'metadata.ownerReferences',
        controllers.map((owner) => str(owner, 'name')),
        'Only one reference can have Controller set to true',
      ),
    );
  }
  return causes;
}

/** Names, labels, annotations, owners and finalizers. */
export function metadataCauses(type: ResourceType, object: JsonObject): Cause[] {
  const finalizers = list(object, 'metadata', 'finalizers').flatMap((finalizer, index) =>
    typeof finalizer === 'string' && isQualifiedName(finalizer)
      ? []
      : [invalidValue(`metadata.finalizers[${index}]`, finalizer, 'name is no qualified name')],
  );
  return [
    ...nameCauses(type, str(object, 'metadata', 'name')),
    ...labelCauses(dict(object, 'metadata', 'labels'), 'metadata.labels'),
    ...annotationCauses(dict(object, 'metadata', 'annotations')),
    ...ownerCauses(list(object, 'metadata', 'ownerReferences')),
    ...finalizers,
  ];
}

/** Metadata that only this API sets: carried over from the current object on every update. */
const KEPT = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
  'resourceVersion',
  'name',
  'namespace',
] as const;

export function keepSystemMetadata(next: JsonObject, current: JsonObject): void {
  const metadata = next['metadata'];
  if (!isObject(metadata)) return;
  for (const key of KEPT) {
    const value = at(current, 'metadata', key);
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  }
  for (const key of ['labels', 'annotations'] as const) {
    if (isObject(metadata[key]) && Object.keys(metadata[key]).length === 0) delete metadata[key];
  }
  for (const key of ['finalizers', 'ownerReferences'] as const) {
    if (Array.isArray(metadata[key]) && metadata[key].length === 0) delete metadata[key];
  }
}

/** A terminating object may only lose finalizers (apimachinery ValidateObjectMetaUpdate). */
export function metadataUpdateCauses(next: JsonObject, current: JsonObject): Cause[] {
  if (str(current, 'metadata', 'deletionTimestamp') === '') return [];
  const before = list(current, 'metadata', 'finalizers');
  const added = list(next, 'metadata', 'finalizers').filter(
    (finalizer) => !before.some((other) => equal(other, finalizer)),
  );
  return added.length === 0
    ? []
    : [
        forbiddenField(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
        ),
      ];
}
