import type { Json, JsonObject } from '../json.ts';
import { apiVersionOf, type ResourceType } from '../kinds.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
export const AGGREGATED_TYPE =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** The real version whose clients this API serves, marked as ours. */
export const VERSION: JsonObject = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.4+boardlet',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
};

interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}
function subresourcesOf(type: ResourceType): Subresource[] {
  const status = { name: 'status', kind: type.kind, verbs: ['get', 'patch', 'update'] };
  if (type.kind !== 'Pod' || type.group !== '') return type.hasStatus ? [status] : [];
  return [
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    status,
  ];
}

/** Create-only kinds that answer questions. */
export const REVIEWS: readonly { group: string; plural: string; kind: string }[] = [
  {
    group: 'authorization.k8s.io',
    plural: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
  },
  {
    group: 'authorization.k8s.io',
    plural: 'selfsubjectrulesreviews',
    kind: 'SelfSubjectRulesReview',
  },
  { group: 'authorization.k8s.io', plural: 'subjectaccessreviews', kind: 'SubjectAccessReview' },
  { group: 'authentication.k8s.io', plural: 'selfsubjectreviews', kind: 'SelfSubjectReview' },
  { group: 'authentication.k8s.io', plural: 'tokenreviews', kind: 'TokenReview' },
];

interface Listed {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly Subresource[];
}

function listedOf(types: readonly ResourceType[], group: string, version: string): Listed[] {
  const kinds = types
    .filter((type) => type.group === group && type.version === version)
    .map(
      (type): Listed => ({
        name: type.plural,
        singularName: type.singular,
        namespaced: type.namespaced,
        kind: type.kind,
        verbs: VERBS,
        shortNames: type.shortNames,
        categories: type.categories,
        subresources: subresourcesOf(type),
      }),
    );
  const reviews = REVIEWS.filter((review) => review.group === group && version === 'v1').map(
    (review): Listed => ({
      name: review.plural,
      singularName: review.kind.toLowerCase(),
      namespaced: false,
      kind: review.kind,
      verbs: ['create'],
      shortNames: [],
      categories: [],
      subresources: [],
    }),
  );
  return [...kinds, ...reviews];
}

/** APIResourceList of one group version; undefined when nothing is served there. */
export function resourceList(
  types: readonly ResourceType[],
  group: string,
  version: string,
): JsonObject | undefined {
  const listed = listedOf(types, group, version);
  if (listed.length === 0) return undefined;
  const resources = listed.flatMap(({ subresources, verbs, shortNames, categories, ...rest }) => {
    const main: JsonObject = {
      ...rest,
      verbs: [...verbs],
      ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
      ...(categories.length > 0 ? { categories: [...categories] } : {}),
    };
    const below = subresources.map(
      (sub): JsonObject => ({
        name: `${rest.name}/${sub.name}`,
        singularName: '',
        namespaced: rest.namespaced,
        kind: sub.kind,
        verbs: [...sub.verbs],
      }),
    );
    return [main, ...below];
  });
  const groupVersion = apiVersionOf({ group, version });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** Newest stable first: v2 before v1 before v1beta1 (apimachinery version.CompareKubeAwareVersionStrings). */
function rank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return -1;
  const [, major = '0', stage, minor = '0'] = match;
  const stages = { alpha: 1, beta: 2 } as const;
  const level = stage === 'alpha' || stage === 'beta' ? stages[stage] : 3;
  return level * 1e6 + Number(major) * 1e3 + Number(minor);
}

/** Versions by group, preferred first; the core group is ''. */
export function groupsOf(types: readonly ResourceType[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, Set<string>>();
  const add = (group: string, version: string): void => {
    const versions = groups.get(group) ?? new Set();
    groups.set(group, versions.add(version));
  };
  for (const type of types) add(type.group, type.version);
  for (const review of REVIEWS) add(review.group, 'v1');
  return new Map(
    [...groups].map(([group, versions]) => [
      group,
      [...versions].sort((a, b) => rank(b) - rank(a)),
    ]),
  );
}

export function groupJson(group: string, versions: readonly string[]): JsonObject {
  const entries = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] ?? {} };
}

export function groupList(types: readonly ResourceType[]): JsonObject {
  const groups = [...groupsOf(types)].filter(([group]) => group !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(([group, versions]) => groupJson(group, versions)),
  };
}

function aggregatedResource(listed: Listed, group: string, version: string): JsonObject {
  const kindOf = (kind: string): JsonObject => ({ group, version, kind });
  return {
    resource: listed.name,
    responseKind: kindOf(listed.kind),
    scope: listed.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: listed.singularName,
    verbs: [...listed.verbs],
    ...(listed.shortNames.length > 0 ? { shortNames: [...listed.shortNames] } : {}),
    ...(listed.categories.length > 0 ? { categories: [...listed.categories] } : {}),
    ...(listed.subresources.length > 0
      ? {
          subresources: listed.subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: kindOf(sub.kind),
            verbs: [...sub.verbs],
          })),
        }
      : {}),
  };
}

/** APIGroupDiscoveryList v2 of the core group or of all others. */
export function aggregated(types: readonly ResourceType[], core: boolean): JsonObject {
  const groups = [...groupsOf(types)].filter(([group]) => (group === '') === core);
  const items = groups.map(([group, versions]): Json => {
    const described = versions.map((version) => ({
      version,
      resources: listedOf(types, group, version).map((listed) =>
        aggregatedResource(listed, group, version),
      ),
      freshness: 'Current',
    }));
    const metadata =
      group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null };
    return { metadata, versions: described };
  });
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items,
  };
}
