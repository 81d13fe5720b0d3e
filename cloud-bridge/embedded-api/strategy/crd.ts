import { type Cause, forbiddenField, invalidValue, notSupported, required } from '../fault.ts';
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
  str,
} from '../json.ts';
import { isLabel, isSubdomain } from '../objects/metadata.ts';
import { timestamp } from '../timestamp.ts';
import type { Strategy, StrategyEnvironment } from './strategy.ts';

const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'];
/** Nesting of a schema that is looked through. */
const MAX_DEPTH = 40;

/** What makes a schema structural (apiextensions "structural schemas"), as far as this API relies on it. */
function schemaCauses(schema: Json | undefined, path: string, depth = 0): Cause[] {
  if (depth > MAX_DEPTH) return [forbiddenField(path, 'nested too deep')];
  if (!isObject(schema)) return [required(path)];
  const causes: Cause[] = [];
  const type = schema['type'];
  const free =
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === undefined && !free)
    causes.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  if (type !== undefined && !TYPES.includes(String(type))) {
    causes.push(notSupported(`${path}.type`, type, TYPES));
  }
  if (schema['$ref'] !== undefined)
    causes.push(forbiddenField(`${path}.$ref`, '$ref is not supported'));
  for (const [key, value] of Object.entries(dict(schema, 'properties'))) {
    causes.push(...schemaCauses(value, `${path}.properties[${key}]`, depth + 1));
  }
  if (schema['items'] !== undefined)
    causes.push(...schemaCauses(schema['items'], `${path}.items`, depth + 1));
  if (isObject(schema['additionalProperties'])) {
    causes.push(
      ...schemaCauses(schema['additionalProperties'], `${path}.additionalProperties`, depth + 1),
    );
  }
  return causes;
}

function versionCauses(version: Json, path: string): Cause[] {
  const causes: Cause[] = [];
  if (!isLabel(str(version, 'name'))) {
    causes.push(invalidValue(`${path}.name`, at(version, 'name'), 'a lowercase RFC 1123 label'));
  }
  const schema = `${path}.schema.openAPIV3Schema`;
  const source = at(version, 'schema', 'openAPIV3Schema');
  causes.push(...schemaCauses(source, schema));
  if (isObject(source) && source['type'] !== 'object') {
    causes.push(invalidValue(`${schema}.type`, source['type'], 'must be object at the root'));
  }
  return causes;
}

function nameCauses(object: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const group = str(object, 'spec', 'group');
  const plural = str(object, 'spec', 'names', 'plural');
  if (!isSubdomain(group) || !group.includes('.')) {
    causes.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
  }
  if (!isLabel(plural))
    causes.push(invalidValue('spec.names.plural', plural, 'a lowercase RFC 1123 label'));
  if (!isLabel(str(object, 'spec', 'names', 'kind').toLowerCase())) {
    causes.push(required('spec.names.kind'));
  }
  if (str(object, 'metadata', 'name') !== `${plural}.${group}`) {
    causes.push(
      invalidValue(
        'metadata.name',
        at(object, 'metadata', 'name'),
        'must be spec.names.plural+"."+spec.group',
      ),
    );
  }
  return causes;
}

const BUILT_IN_GROUPS =
  /^(?:events|coordination|node|apiextensions|authorization|authentication)\.k8s\.io$/;

function crdCauses(object: JsonObject): Cause[] {
  const causes = nameCauses(object);
  const scope = str(object, 'spec', 'scope');
  if (BUILT_IN_GROUPS.test(str(object, 'spec', 'group'))) {
    causes.push(forbiddenField('spec.group', 'this group is served by the API itself'));
  }
  if (!['Namespaced', 'Cluster'].includes(scope)) {
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }
  const versions = list(object, 'spec', 'versions');
  if (versions.length === 0) causes.push(required('spec.versions'));
  versions.forEach((version, index) => {
    causes.push(...versionCauses(version, `spec.versions[${index}]`));
  });
  if (
    versions.length > 0 &&
    versions.filter((version) => at(version, 'storage') === true).length !== 1
  ) {
    causes.push(
      invalidValue(
        'spec.versions',
        versions.length,
        'must have exactly one version marked as storage version',
      ),
    );
  }
  const conversion = str(object, 'spec', 'conversion', 'strategy');
  if (conversion !== '' && conversion !== 'None') {
    causes.push(notSupported('spec.conversion.strategy', conversion, ['None']));
  }
  return causes.slice(0, 50);
}

function establish(object: JsonObject, { nowMs }: StrategyEnvironment): void {
  const status = child(object, 'status');
  const at = timestamp(nowMs);
  fill(status, 'conditions', [
    {
      type: 'NamesAccepted',
      status: 'True',
      lastTransitionTime: at,
      reason: 'NoConflicts',
      message: 'no conflicts found',
    },
    {
      type: 'Established',
      status: 'True',
      lastTransitionTime: at,
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    },
  ]);
  status['acceptedNames'] = { ...dict(object, 'spec', 'names') };
  const stored = list(object, 'spec', 'versions').find(
    (version) => isObject(version) && version['storage'] === true,
  );
  const versions = new Set([...list(status, 'storedVersions'), str(stored, 'name')]);
  status['storedVersions'] = [...versions];
}

export const crd: Strategy = {
  unconditional: false,
  generation: true,
  defaults: (object, env) => {
    const names = child(child(object, 'spec'), 'names');
    const kind = str(names, 'kind');
    fill(names, 'singular', kind.toLowerCase());
    fill(names, 'listKind', `${kind}List`);
    fill(child(object, 'spec'), 'conversion', { strategy: 'None' });
    establish(object, env);
  },
  causes: crdCauses,
  updateCauses: (next, current) =>
    ['scope', 'group'].flatMap((field) =>
      equal(at(next, 'spec', field), at(current, 'spec', field))
        ? []
        : [invalidValue(`spec.${field}`, at(next, 'spec', field), 'field is immutable')],
    ),
};
