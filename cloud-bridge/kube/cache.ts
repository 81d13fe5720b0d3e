/** The objects of one informer, by namespace and name, and the differences that a list makes. */
import type { KubeObject } from './contract.ts';
import { compareRevisions } from './resources.ts';

export interface Store {
  readonly apply: (object: KubeObject, deleted: boolean) => void;
  readonly replace: (items: readonly KubeObject[]) => void;
  readonly get: (namespace: string, name: string) => KubeObject | undefined;
  readonly list: () => Iterable<KubeObject>;
}
export interface StoreOptions {
  readonly transform?: (object: KubeObject) => KubeObject;
  readonly keep?: (object: KubeObject) => boolean;
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
function keyOfObject(object: KubeObject): string {
  return keyOf(object.metadata.namespace ?? '', object.metadata.name);
}

export function createStore(
  options: StoreOptions,
  onChange: (present: KubeObject | undefined, old: KubeObject | undefined) => void,
): Store {
  const objects = new Map<string, KubeObject>();
  const trim = (object: KubeObject): KubeObject => {
    // About half of an object's size, and of no use to a reader.
    delete (object.metadata as { managedFields?: unknown }).managedFields;
    return options.transform === undefined ? object : options.transform(object);
  };
  const remove = (key: string): void => {
    const old = objects.get(key);
    if (old === undefined) return;
    objects.delete(key);
    onChange(undefined, old);
  };
  const put = (key: string, object: KubeObject): void => {
    const old = objects.get(key);
    const revision = object.metadata.resourceVersion ?? '';
    if (old !== undefined && old.metadata.resourceVersion === revision) return;
    // The same name with another uid: the old object was deleted while nobody watched.
    if (old !== undefined && old.metadata.uid !== object.metadata.uid) remove(key);
    const present = trim(object);
    objects.set(key, present);
    onChange(present, sameUid(old, object));
  };
  const apply = (object: KubeObject, deleted: boolean): void => {
    const key = keyOfObject(object);
    if (deleted || options.keep?.(object) === false) remove(key);
    else put(key, object);
  };
  return {
    apply,
    replace: (items) => {
      const listed = new Set<string>();
      for (const item of items) if (options.keep?.(item) !== false) listed.add(keyOfObject(item));
      for (const key of [...objects.keys()]) if (!listed.has(key)) remove(key);
      for (const item of items) apply(item, false);
    },
    get: (namespace, name) => objects.get(keyOf(namespace, name)),
    list: () => objects.values(),
  };
}

function sameUid(old: KubeObject | undefined, present: KubeObject): KubeObject | undefined {
  return old?.metadata.uid === present.metadata.uid ? old : undefined;
}

/** The newer of two states of one object; with other uids, the second. */
export function newerOf(
  a: KubeObject | undefined,
  b: KubeObject | undefined,
): KubeObject | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const order = compareRevisions(
    a.metadata.resourceVersion ?? '',
    b.metadata.resourceVersion ?? '',
  );
  return order > 0 ? a : b;
}
