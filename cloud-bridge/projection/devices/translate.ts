/** Device + DeviceModel → what the board gets: one device document, and one desired twin for each property that has a
 * desired value. A bad value never reaches the board: it becomes a problem, shown as an Event on the Device. */
import type {
  CborMap,
  CborValue,
  DeviceDocument,
  PropertyDocument,
  PropertyType,
  TwinValue,
} from '@boardlet/adapters/wire';
import type { DeviceModelSpec, DeviceProperty, DeviceSpec, ModelProperty } from './objects.ts';
import { parseValue, type ValueRule } from './values.ts';

export interface DeviceProblem {
  readonly field: string;
  readonly message: string;
}
export interface TranslatedDevice {
  readonly document: DeviceDocument;
  readonly desired: ReadonlyMap<string, TwinValue>;
  readonly problems: readonly DeviceProblem[];
}

const TYPES: ReadonlySet<string> = new Set([
  'INT',
  'FLOAT',
  'DOUBLE',
  'STRING',
  'BOOLEAN',
  'BYTES',
  'STREAM',
]);
/** More properties than this on one device are refused: each costs a timer slot and a document on the board. */
export const MAX_PROPERTIES = 256;
/** Part of a twin document's name, `<namespace>/<device>/<property>`. */
const PROPERTY_NAME = /^[^/]{1,128}$/;

/** JSON as it came through the API → wire value: objects become maps with text keys. */
export function jsonToWire(json: unknown): CborValue {
  if (Array.isArray(json)) return json.map(jsonToWire);
  if (typeof json === 'object' && json !== null) {
    const map = new Map<string, CborValue>();
    for (const [key, value] of Object.entries(json)) map.set(key, jsonToWire(value));
    return map as CborMap;
  }
  return typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean'
    ? json
    : null;
}

function limit(
  text: string | undefined,
  field: string,
  problems: DeviceProblem[],
): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  problems.push({ field, message: `"${text}" is not a number` });
  return undefined;
}

function propertyDocument(
  model: ModelProperty,
  instance: DeviceProperty | undefined,
  spec: DeviceSpec,
  problems: DeviceProblem[],
): PropertyDocument {
  const visitors = instance?.visitors ?? model.visitors;
  const type = model.type ?? 'STRING';
  if (!TYPES.has(type))
    problems.push({
      field: `model.properties[${model.name}].type`,
      message: `"${type}" is not known`,
    });
  const minimum = limit(model.minimum, `model.properties[${model.name}].minimum`, problems);
  const maximum = limit(model.maximum, `model.properties[${model.name}].maximum`, problems);
  return {
    name: model.name,
    type: (TYPES.has(type) ? type : 'STRING') as PropertyType,
    readOnly: model.accessMode === 'ReadOnly',
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(model.unit === undefined ? {} : { unit: model.unit }),
    protocol: visitors?.protocolName ?? spec.protocol?.protocolName ?? '',
    config: jsonToWire(visitors?.configData ?? {}),
    reportMs: Math.max(0, instance?.reportCycle ?? 0),
    collectMs: Math.max(0, instance?.collectCycle ?? 0),
    report: instance?.reportToCloud ?? true,
  };
}

function desiredValue(
  property: PropertyDocument,
  instance: DeviceProperty | undefined,
  problems: DeviceProblem[],
): TwinValue | undefined {
  const text = instance?.desired?.value;
  // KubeEdge's samples write `desired: {value: ""}` for "nothing wanted"; only a STRING may want the empty text.
  if (text === undefined || (text === '' && property.type !== 'STRING')) return undefined;
  const field = `spec.properties[${property.name}].desired.value`;
  if (property.readOnly) {
    if (text !== '') problems.push({ field, message: 'the model says ReadOnly' });
    return undefined;
  }
  const parsed = parseValue(property satisfies ValueRule, text);
  if (parsed.ok) return parsed.value;
  problems.push({ field, message: parsed.message });
  return undefined;
}

function unknownProperties(
  spec: DeviceSpec,
  models: readonly ModelProperty[],
  problems: DeviceProblem[],
): void {
  const known = new Set(models.map((m) => m.name));
  for (const p of spec.properties ?? []) {
    if (!known.has(p.name)) {
      problems.push({
        field: `spec.properties[${p.name}]`,
        message: 'the device model has no such property',
      });
    }
  }
}

/** `undefined` model: the Device waits for it (KubeEdge leaves such a Device dead for ever; here it comes alive with the model). */
export function translateDevice(
  spec: DeviceSpec,
  model: DeviceModelSpec | undefined,
): TranslatedDevice | undefined {
  if (model === undefined) return undefined;
  const problems: DeviceProblem[] = [];
  const models = model.properties ?? [];
  if (models.length > MAX_PROPERTIES) {
    problems.push({
      field: 'model.properties',
      message: `${models.length} properties; ${MAX_PROPERTIES} are allowed`,
    });
  }
  const instances = new Map((spec.properties ?? []).map((p) => [p.name, p]));
  const properties: PropertyDocument[] = [];
  const desired = new Map<string, TwinValue>();
  for (const m of models.slice(0, MAX_PROPERTIES)) {
    if (!PROPERTY_NAME.test(m.name)) {
      problems.push({
        field: `model.properties[${m.name}]`,
        message: 'a name has 1 to 128 characters and no slash',
      });
      continue;
    }
    const instance = instances.get(m.name);
    const property = propertyDocument(m, instance, spec, problems);
    properties.push(property);
    const value = desiredValue(property, instance, problems);
    if (value !== undefined) desired.set(m.name, value);
  }
  unknownProperties(spec, models, problems);
  const document: DeviceDocument = {
    protocol: spec.protocol?.protocolName ?? model.protocol ?? '',
    protocolConfig: jsonToWire(spec.protocol?.configData ?? model.protocolConfigData ?? {}),
    properties,
  };
  return { document, desired, problems };
}
