/** The three metadata functions that tsyringe (a dependency of @peculiar/x509) refuses to load without:
 * the part of the withdrawn "Metadata Reflection API" proposal that it uses, keyed by object identity. */
type Store = WeakMap<object, Map<unknown, unknown>>;

function own(store: Store, key: unknown, target: object): unknown {
  return store.get(target)?.get(key);
}

function inherited(store: Store, key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
    if (store.get(at)?.has(key) === true) return own(store, key, at);
  }
  return undefined;
}

/** Before @peculiar/x509 is loaded; repeating it does nothing. */
export function installReflectMetadata(): void {
  if ('getMetadata' in Reflect) return;
  const store: Store = new WeakMap();
  Object.assign(Reflect, {
    defineMetadata: (key: unknown, value: unknown, target: object): void => {
      const entries = store.get(target) ?? new Map<unknown, unknown>();
      entries.set(key, value);
      store.set(target, entries);
    },
    getOwnMetadata: (key: unknown, target: object): unknown => own(store, key, target),
    getMetadata: (key: unknown, target: object): unknown => inherited(store, key, target),
  });
}
