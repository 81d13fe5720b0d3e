/** A v1 Pod manifest → what this board runs. Fields that change what a pod means and that the board cannot honour are
 * refused by path; those that say nothing to a host process (imagePullPolicy, ports, tolerations, requests) pass. */
import type { ContainerDocument, PodDocument, RestartPolicy } from '@boardlet/adapters/wire';
import { Fields, type ManifestProblem, type Node } from './fields.ts';
import { readQuantity } from './quantity.ts';

export type { ManifestProblem } from './fields.ts';

export interface ParsedManifest {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly pod: Omit<PodDocument, 'uid'>;
}

export type ManifestResult =
  | { readonly ok: true; readonly value: ParsedManifest }
  | { readonly ok: false; readonly problems: readonly ManifestProblem[] };

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const RUNTIME_CLASS = /^boardlet-[a-z0-9]+$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const RESTART: readonly RestartPolicy[] = ['Always', 'OnFailure', 'Never'];
/** Kubernetes' defaults. */
const DEFAULT_GRACE_S = 30;
const MOST_GRACE_S = 86_400;
const MOST_ID = 2 ** 31 - 1;
const MOST_CONTAINERS = 64;

const TOP = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
const METADATA = ['name', 'namespace', 'labels', 'annotations', 'creationTimestamp'];
const SPEC = [
  'containers',
  'initContainers',
  'restartPolicy',
  'terminationGracePeriodSeconds',
  'runtimeClassName',
  'securityContext',
  'hostNetwork',
  'dnsPolicy',
  'tolerations',
  'automountServiceAccountToken',
  'enableServiceLinks',
];
const CONTAINER = [
  'name',
  'image',
  'imagePullPolicy',
  'command',
  'args',
  'env',
  'workingDir',
  'resources',
  'securityContext',
  'ports',
];

/** Reads a parsed manifest (from YAML or JSON). Never throws. */
export function parseManifest(value: unknown): ManifestResult {
  const fields = new Fields();
  const top = fields.object(value, '', TOP);
  if (top === undefined) {
    if (fields.problems.length === 0) fields.bad('', 'the manifest is empty');
    return { ok: false, problems: fields.problems };
  }
  if (top['apiVersion'] !== 'v1') fields.bad('apiVersion', 'must be v1');
  if (top['kind'] !== 'Pod') fields.bad('kind', 'must be Pod');
  const metadata = fields.object(top['metadata'], 'metadata', METADATA) ?? {};
  const parsed: ParsedManifest = {
    namespace: fields.text(metadata['namespace'], 'metadata.namespace', LABEL) ?? 'default',
    name: fields.need(metadata['name'], 'metadata.name', SUBDOMAIN),
    labels: fields.textMap(metadata['labels'], 'metadata.labels'),
    annotations: fields.textMap(metadata['annotations'], 'metadata.annotations'),
    pod: readSpec(fields, top['spec']),
  };
  return fields.problems.length === 0
    ? { ok: true, value: parsed }
    : { ok: false, problems: fields.problems };
}

interface Identity {
  readonly user?: number;
  readonly group?: number;
  readonly nonRoot?: boolean;
}

function readIdentity(fields: Fields, value: unknown, path: string): Identity {
  const context = fields.object(value, path, ['runAsUser', 'runAsGroup', 'runAsNonRoot']) ?? {};
  const user = fields.whole(context['runAsUser'], `${path}.runAsUser`, MOST_ID);
  const group = fields.whole(context['runAsGroup'], `${path}.runAsGroup`, MOST_ID);
  const nonRoot = context['runAsNonRoot'];
  if (typeof nonRoot !== 'boolean' && nonRoot !== undefined && nonRoot !== null)
    fields.bad(`${path}.runAsNonRoot`, 'is neither true nor false');
  return {
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(typeof nonRoot === 'boolean' ? { nonRoot } : {}),
  };
}

function readSpec(fields: Fields, value: unknown): Omit<PodDocument, 'uid'> {
  const spec = fields.object(value, 'spec', SPEC) ?? {};
  const identity = readIdentity(fields, spec['securityContext'], 'spec.securityContext');
  if (spec['automountServiceAccountToken'] === true)
    fields.bad('spec.automountServiceAccountToken', 'must be false: a static pod has no token');
  const containers = readContainers(fields, spec['containers'], 'spec.containers', identity);
  const path = 'spec.initContainers';
  const initContainers = readContainers(fields, spec['initContainers'], path, identity);
  if (containers.length === 0) fields.bad('spec.containers', 'is required');
  uniqueNames(fields, [...containers, ...initContainers]);
  const grace = 'terminationGracePeriodSeconds';
  const runtime = fields.text(spec['runtimeClassName'], 'spec.runtimeClassName', RUNTIME_CLASS);
  return {
    runtime: (runtime ?? 'boardlet-process').slice('boardlet-'.length),
    graceS: fields.whole(spec[grace], `spec.${grace}`, MOST_GRACE_S) ?? DEFAULT_GRACE_S,
    restart: fields.choice(spec['restartPolicy'], 'spec.restartPolicy', RESTART) ?? 'Always',
    containers,
    ...(initContainers.length === 0 ? {} : { initContainers }),
  };
}

function uniqueNames(fields: Fields, containers: readonly ContainerDocument[]): void {
  const seen = new Set<string>();
  for (const { name } of containers) {
    if (seen.has(name)) fields.bad('spec', `two containers are named "${name}"`);
    seen.add(name);
  }
}

function readContainers(
  fields: Fields,
  value: unknown,
  path: string,
  identity: Identity,
): readonly ContainerDocument[] {
  const items = fields.list(value, path);
  if (items.length > MOST_CONTAINERS) fields.bad(path, `has over ${MOST_CONTAINERS} items`);
  return items
    .slice(0, MOST_CONTAINERS)
    .map((item, i) => readContainer(fields, item, `${path}[${i}]`, identity));
}

function readContainer(
  fields: Fields,
  value: unknown,
  path: string,
  identity: Identity,
): ContainerDocument {
  const item = fields.object(value, path, CONTAINER) ?? {};
  const command = fields.texts(item['command'], `${path}.command`);
  const args = fields.texts(item['args'], `${path}.args`);
  const env = readEnv(fields, item['env'], `${path}.env`);
  const limits = readLimits(fields, item['resources'], `${path}.resources`);
  const workingDir = fields.text(item['workingDir'], `${path}.workingDir`);
  const context = `${path}.securityContext`;
  const own = readIdentity(fields, item['securityContext'], context);
  const { nonRoot, ...user } = { ...identity, ...own };
  if (nonRoot === true && (user.user ?? 0) === 0)
    fields.bad(`${context}.runAsUser`, 'must name a user other than 0, since runAsNonRoot is true');
  return {
    name: fields.need(item['name'], `${path}.name`, LABEL),
    image: fields.need(item['image'], `${path}.image`),
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    ...(env.length === 0 ? {} : { env }),
    ...(limits === undefined ? {} : { limits }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...user,
  };
}

function readEnv(fields: Fields, value: unknown, path: string): readonly [string, string][] {
  return fields.list(value, path).map((item, i) => {
    const entry = fields.object(item, `${path}[${i}]`, ['name', 'value']) ?? {};
    const name = fields.need(entry['name'], `${path}[${i}].name`, ENV_NAME);
    return [name, fields.text(entry['value'], `${path}[${i}].value`) ?? ''];
  });
}

function readLimits(fields: Fields, value: unknown, path: string): ContainerDocument['limits'] {
  const resources = fields.object(value, path, ['limits', 'requests']) ?? {};
  const limits = fields.object(resources['limits'], `${path}.limits`, ['cpu', 'memory']);
  if (limits === undefined) return undefined;
  const cpu = readAmount(fields, limits, 'cpu', path);
  const memory = readAmount(fields, limits, 'memory', path);
  if (cpu === undefined && memory === undefined) return undefined;
  return {
    ...(cpu === undefined ? {} : { cpuMilli: Math.ceil(cpu * 1000) }),
    ...(memory === undefined ? {} : { memoryBytes: Math.ceil(memory) }),
  };
}

function readAmount(fields: Fields, limits: Node, key: string, path: string): number | undefined {
  const value = limits[key];
  if (value === undefined || value === null) return undefined;
  return readQuantity(value) ?? fields.bad(`${path}.limits.${key}`, 'is no quantity');
}
