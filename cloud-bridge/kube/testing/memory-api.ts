/** A small API in memory behind the client's interface, for tests of what sits on the client: versions, preconditions,
 * watches, graceful deletion of pods. No schema, no pages. */
import type {
  KubeObject,
  PatchType,
  Resource,
  WatchHandlers,
  WatchingClient,
} from '../contract.ts';
import { KubeError } from '../errors.ts';
import { collectionPath } from '../resources.ts';
import { mergePatch, strategicMerge } from './patch.ts';

export interface Call {
  readonly verb: 'get' | 'list' | 'create' | 'replace' | 'patch' | 'remove';
  readonly plural: string;
  readonly name: string;
  readonly body?: unknown;
  readonly subresource?: string | undefined;
}
export interface MemoryApi {
  readonly client: WatchingClient;
  readonly calls: Call[];
  /** Runs before each call and may throw or wait. */
  before: (call: Call) => void | Promise<void>;
  /** Runs after the call took effect and before the caller hears of it. */
  after: (call: Call) => void | Promise<void>;
  /** Straight to the store, as another client would, without preconditions. */
  readonly put: (r: Resource, object: KubeObject) => KubeObject;
  readonly drop: (r: Resource, namespace: string, name: string) => void;
  readonly get: (r: Resource, namespace: string, name: string) => KubeObject | undefined;
  readonly all: (r: Resource) => KubeObject[];
  readonly version: () => number;
}

interface Watching {
  readonly r: Resource;
  readonly handlers: WatchHandlers;
}
type Deletion = Parameters<WatchingClient['remove']>[3];

function fault(status: number, reason: string, what: string): KubeError {
  return new KubeError(`BL_KUBE_${reason}`, what, { status });
}

function keyOf(r: Resource, namespace: string, name: string): string {
  return `${collectionPath(r, r.namespaced ? namespace : '')}/${name}`;
}

interface Objects extends Pick<MemoryApi, 'put' | 'drop' | 'get' | 'all' | 'version'> {
  readonly watches: Set<Watching>;
}

function createObjects(): Objects {
  const objects = new Map<string, KubeObject>();
  const watches = new Set<Watching>();
  let version = 100;
  let uids = 0;
  const emit = (r: Resource, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void => {
    for (const watching of [...watches])
      if (watching.r.plural === r.plural) {
        watching.handlers.onActivity();
        watching.handlers.onEvent(type, structuredClone(object));
      }
  };
  return {
    watches,
    version: () => version,
    put: (r, object) => {
      const stored = structuredClone(object);
      const key = keyOf(r, stored.metadata.namespace ?? '', stored.metadata.name);
      const old = objects.get(key);
      version += 1;
      stored.metadata.uid ??= old?.metadata.uid ?? `uid-${++uids}`;
      stored.metadata.resourceVersion = String(version);
      objects.set(key, stored);
      emit(r, old === undefined ? 'ADDED' : 'MODIFIED', stored);
      return structuredClone(stored);
    },
    drop: (r, namespace, name) => {
      const key = keyOf(r, namespace, name);
      const old = objects.get(key);
      if (old === undefined) return;
      objects.delete(key);
      version += 1;
      const last = structuredClone(old);
      last.metadata.resourceVersion = String(version);
      emit(r, 'DELETED', last);
    },
    get: (r, namespace, name) => {
      const object = objects.get(keyOf(r, namespace, name));
      return object === undefined ? undefined : structuredClone(object);
    },
    all: (r) =>
      [...objects.entries()]
        .filter(([key]) => key.startsWith(r.group === '' ? '/api/' : `/apis/${r.group}/`))
        .filter(([key]) => key.split('/').at(-2) === r.plural)
        .map(([, object]) => structuredClone(object)),
  };
}

function watching(store: Objects): WatchingClient['watch'] {
  return (r, options, handlers) =>
    new Promise((_resolve, reject) => {
      const one = { r, handlers };
      store.watches.add(one);
      // What changed between the list and this watch; a deletion in that gap is not told.
      for (const object of store.all(r))
        if (Number(object.metadata.resourceVersion) > Number(options.resourceVersion))
          handlers.onEvent('ADDED', object);
      const end = (): void => {
        store.watches.delete(one);
        reject(new KubeError('BL_KUBE_ABORTED', 'aborted'));
      };
      if (options.signal.aborted) end();
      else options.signal.addEventListener('abort', end, { once: true });
    });
}

export function createMemoryApi(): MemoryApi {
  const store = createObjects();
  const calls: Call[] = [];
  const hooks = { before: (): void => undefined, after: (): void => undefined };
  const api: MemoryApi = { ...store, ...hooks, calls, client: undefined as never };
  const call = async <T>(one: Call, work: () => T): Promise<T> => {
    calls.push(one);
    // Promises that are resolved already would hide races that a network shows.
    await new Promise((resolve) => setImmediate(resolve));
    await api.before(one);
    const result = work();
    await api.after(one);
    return result;
  };
  const client = { ...createVerbs({ ...store, call }), watch: watching(store) };
  return Object.assign(api, { client });
}

interface Inside extends Objects {
  readonly call: <T>(one: Call, work: () => T) => Promise<T>;
}

function checkVersion(present: KubeObject, wanted: string | undefined): void {
  if (wanted !== undefined && wanted !== present.metadata.resourceVersion)
    throw fault(409, 'CONFLICT', `${present.metadata.name}: the object has been modified`);
}
function checkUid(present: KubeObject, wanted: string | undefined): void {
  if (wanted !== undefined && wanted !== present.metadata.uid)
    throw fault(409, 'CONFLICT', `${present.metadata.name}: uid does not match`);
}

/** Status and the rest change by doors of their own. */
function through(
  subresource: string | undefined,
  present: KubeObject,
  next: KubeObject,
  split: boolean,
): KubeObject {
  if (!split) return next;
  if (subresource === 'status')
    return { ...next, ...('spec' in present ? { spec: present['spec'] } : {}) };
  return { ...next, ...('status' in present ? { status: present['status'] } : {}) };
}

function hasStatusDoor(r: Resource): boolean {
  return r.plural === 'nodes' || r.plural === 'pods';
}

/** Pods bound to a node are marked first and go when the node lets them. */
function removeObject(
  inside: Inside,
  r: Resource,
  present: KubeObject,
  options: NonNullable<Deletion>,
): void {
  checkUid(present, options.uid);
  const spec = present['spec'] as { nodeName?: string } | undefined;
  const phase = (present['status'] as { phase?: string } | undefined)?.phase;
  const gone = phase === 'Succeeded' || phase === 'Failed';
  const grace = options.graceS ?? (r.plural === 'pods' && !gone ? 30 : 0);
  const { namespace = '', name } = present.metadata;
  if (r.plural !== 'pods' || grace === 0 || spec?.nodeName === undefined) {
    inside.drop(r, namespace, name);
    return;
  }
  const metadata = {
    ...present.metadata,
    deletionTimestamp: new Date(1_800_000_000_000).toISOString(),
    deletionGracePeriodSeconds: grace,
  };
  inside.put(r, { ...present, metadata });
}

function createVerbs(inside: Inside): Omit<WatchingClient, 'watch'> {
  const { call, put, all } = inside;
  const found = (r: Resource, namespace: string, name: string): KubeObject => {
    const object = inside.get(r, namespace, name);
    if (object === undefined) throw fault(404, 'NOT_FOUND', `${r.plural} "${name}" not found`);
    return object;
  };
  const patched = (type: PatchType, present: KubeObject, body: unknown): KubeObject =>
    (type === 'strategic'
      ? strategicMerge(present, body)
      : mergePatch(present, body)) as KubeObject;
  return {
    get: (r, namespace, name) =>
      call({ verb: 'get', plural: r.plural, name }, () =>
        structuredClone(found(r, namespace, name)),
      ),
    list: (r) =>
      call({ verb: 'list', plural: r.plural, name: '' }, () => ({
        items: all(r),
        resourceVersion: String(inside.version()),
      })),
    create: (r, object) =>
      call({ verb: 'create', plural: r.plural, name: object.metadata.name, body: object }, () => {
        const { namespace = '', name } = object.metadata;
        if (inside.get(r, namespace, name) !== undefined)
          throw fault(409, 'ALREADY_EXISTS', `${r.plural} "${name}" already exists`);
        return put(r, object);
      }),
    replace: (r, object, options) => {
      const { namespace = '', name, resourceVersion } = object.metadata;
      const subresource = options?.subresource;
      return call({ verb: 'replace', plural: r.plural, name, body: object, subresource }, () => {
        const present = found(r, namespace, name);
        checkVersion(present, resourceVersion);
        return put(r, through(subresource, present, object, hasStatusDoor(r)));
      });
    },
    patch: (r, namespace, name, type, body, options) => {
      const subresource = options?.subresource;
      return call({ verb: 'patch', plural: r.plural, name, body, subresource }, () => {
        const present = found(r, namespace, name);
        const meta = (body as Partial<KubeObject>).metadata;
        checkVersion(present, meta?.resourceVersion);
        checkUid(present, meta?.uid);
        const next = patched(type, present, body);
        return put(r, through(subresource, present, next, hasStatusDoor(r)));
      });
    },
    remove: (r, namespace, name, options = {}) =>
      call({ verb: 'remove', plural: r.plural, name, body: options }, () =>
        removeObject(inside, r, found(r, namespace, name), options),
      ),
    raw: () =>
      Promise.resolve({
        status: 200,
        body: JSON.stringify({ metadata: { resourceVersion: String(inside.version()) } }),
      }),
    close: () => Promise.resolve(),
  };
}
