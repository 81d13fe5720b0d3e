/** A KubeClient over a map, for tests: resourceVersions, preconditions and label selectors as an API server has them. */
import { randomUUID } from 'node:crypto';
import { BoardletError } from '@boardlet/adapters/wire';
import type { KubeClient, KubeObject, Resource } from '../../kube/contract.ts';

export interface MemoryKube extends KubeClient {
  /** Every later call fails with this code until it is undefined again. */
  fail: string | undefined;
  readonly objects: Map<string, KubeObject>;
  /** Called after each change, as an informer would be. */
  onChange: (present: KubeObject | undefined, old: KubeObject | undefined) => void;
}

export function createMemoryKube(): MemoryKube {
  const objects = new Map<string, KubeObject>();
  let version = 0;
  const key = (r: Resource, namespace: string, name: string): string =>
    `${r.plural}/${r.namespaced ? namespace : ''}/${name}`;
  const fault = (code: string): never => {
    throw new BoardletError(code, code);
  };
  // A promise that is already resolved, as a real client's never is, would hide races.
  const answer = async <T>(work: () => T): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (kube.fail !== undefined) fault(kube.fail);
    return work();
  };
  const put = (at: string, object: KubeObject, old: KubeObject | undefined): KubeObject => {
    version += 1;
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(version);
    stored.metadata.uid ??= randomUUID();
    objects.set(at, stored);
    kube.onChange(structuredClone(stored), old);
    return structuredClone(stored);
  };
  const found = (at: string): KubeObject => objects.get(at) ?? fault('BL_KUBE_NOT_FOUND');
  const kube: MemoryKube = {
    fail: undefined,
    objects,
    onChange: () => undefined,
    get: (r, namespace, name) => answer(() => structuredClone(found(key(r, namespace, name)))),
    list: (r, options) =>
      answer(() => ({
        items: [...objects.entries()]
          .filter(([at]) => at.startsWith(`${r.plural}/${options?.namespace ?? ''}`))
          .map(([, object]) => structuredClone(object))
          .filter((object) => selects(options?.labelSelector, object)),
        resourceVersion: String(version),
      })),
    create: (r, object) =>
      answer(() => {
        const at = key(r, object.metadata.namespace ?? '', object.metadata.name);
        if (objects.has(at)) fault('BL_KUBE_ALREADY_EXISTS');
        return put(at, object, undefined);
      }),
    replace: (r, object) =>
      answer(() => {
        const at = key(r, object.metadata.namespace ?? '', object.metadata.name);
        const old = found(at);
        const wanted = object.metadata.resourceVersion;
        if (wanted !== undefined && wanted !== old.metadata.resourceVersion) {
          fault('BL_KUBE_CONFLICT');
        }
        return put(at, object, old);
      }),
    patch: () => answer(() => fault('BL_KUBE_INVALID')),
    remove: (r, namespace, name, options) =>
      answer(() => {
        const at = key(r, namespace, name);
        const old = found(at);
        const wanted = options?.resourceVersion;
        if (wanted !== undefined && wanted !== old.metadata.resourceVersion) {
          fault('BL_KUBE_CONFLICT');
        }
        objects.delete(at);
        kube.onChange(undefined, old);
      }),
    raw: () => answer(() => ({ status: 404, body: '' })),
    close: () => Promise.resolve(),
  };
  return kube;
}

function selects(selector: string | undefined, object: KubeObject): boolean {
  if (selector === undefined) return true;
  return selector.split(',').every((term) => {
    const [label = '', value] = term.split('=');
    const held = object.metadata.labels?.[label];
    return value === undefined ? held !== undefined : held === value;
  });
}
