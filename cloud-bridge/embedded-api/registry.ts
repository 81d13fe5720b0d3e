import { customTypes } from './crd/types.ts';
import { str } from './json.ts';
import { apiVersionOf, BUILTIN_KINDS, CRDS, type ResourceType } from './kinds.ts';
import type { Store } from './store/store.ts';

/** All kinds served at the moment: the built-in ones and those of established CRDs. */
export class Registry {
  readonly #store: Store;
  readonly #types = new Map<string, ResourceType>();
  #all: readonly ResourceType[] = [];

  constructor(store: Store) {
    this.#store = store;
    store.onCommit((storage) => {
      if (storage === CRDS.storage) this.rebuild();
    });
  }

  rebuild(): void {
    this.#types.clear();
    for (const type of BUILTIN_KINDS) this.#types.set(keyOf(type), type);
    for (const entry of this.#store.collection(CRDS.storage).values()) {
      if (str(entry.object, 'metadata', 'deletionTimestamp') !== '') continue;
      for (const type of customTypes(entry.object)) this.#types.set(keyOf(type), type);
    }
    this.#all = [...this.#types.values()];
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#types.get(`${group}/${version}/${plural}`);
  }
  /** The same array until the next change of what is served: what is derived from it may be kept beside it. */
  all(): readonly ResourceType[] {
    return this.#all;
  }
  ofKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.all().find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
  }
  /** One type for each place where objects live. */
  storages(): readonly ResourceType[] {
    const found = new Map<string, ResourceType>();
    for (const type of this.all()) if (!found.has(type.storage)) found.set(type.storage, type);
    return [...found.values()];
  }
}

const keyOf = (type: ResourceType): string => `${type.group}/${type.version}/${type.plural}`;
