/** Devices and their models, as cached, → the desired documents of each board. */
import { encodeDocument, KINDS } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/contract.ts';
import type { DesiredDocument } from '../../session/contract.ts';
import { deviceSpec, modelSpec } from './objects.ts';
import { type DeviceProblem, translateDevice } from './translate.ts';

/** Documents of one Device by kind and name; empty while its model is missing. */
export type DeviceDocuments = ReadonlyMap<string, DesiredDocument>;

export interface DeviceTranslation {
  readonly documents: DeviceDocuments;
  readonly problems: readonly DeviceProblem[];
}

export const documentKey = (kind: number, name: string): string => `${kind} ${name}`;
export const deviceKey = (object: KubeObject): string =>
  `${object.metadata.namespace ?? 'default'}/${object.metadata.name}`;

const versionOf = (object: KubeObject | undefined): number =>
  Number(object?.metadata.resourceVersion ?? 0);

/** `revision` of every document is the newer of the two objects it was made from (rule D4). What is too large for a board is
 * a problem of its own, and leaves out nothing else. */
export function deviceDocuments(
  device: KubeObject,
  model: KubeObject | undefined,
): DeviceTranslation {
  const translated = translateDevice(
    deviceSpec(device),
    model === undefined ? undefined : modelSpec(model),
  );
  const documents = new Map<string, DesiredDocument>();
  if (translated === undefined) return { documents, problems: [] };
  const problems = [...translated.problems];
  const revision = Math.max(versionOf(device), versionOf(model));
  const put = (kind: number, name: string, field: string, encode: () => Uint8Array): void => {
    try {
      documents.set(documentKey(kind, name), { kind, name, body: encode(), revision });
    } catch (error) {
      problems.push({ field, message: error instanceof Error ? error.message : String(error) });
    }
  };
  const key = deviceKey(device);
  put(KINDS.device, key, 'spec', () => encodeDocument('device', translated.document));
  for (const [property, value] of translated.desired) {
    const field = `spec.properties[${property}].desired.value`;
    put(KINDS.twinDesired, `${key}/${property}`, field, () => encodeDocument('twinDesired', value));
  }
  return { documents, problems };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/** What changed between two translations of the same Device. */
export function changedDocuments(
  before: DeviceDocuments,
  after: DeviceDocuments,
): readonly {
  readonly kind: number;
  readonly name: string;
  readonly document?: DesiredDocument;
}[] {
  const changes: { kind: number; name: string; document?: DesiredDocument }[] = [];
  for (const [key, document] of after) {
    const old = before.get(key);
    if (old !== undefined && sameBytes(old.body, document.body)) continue;
    changes.push({ kind: document.kind, name: document.name, document });
  }
  for (const [key, old] of before) {
    if (!after.has(key)) changes.push({ kind: old.kind, name: old.name });
  }
  return changes;
}
