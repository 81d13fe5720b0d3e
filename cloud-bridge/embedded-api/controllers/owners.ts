import { child, clone, type JsonObject, list, str } from '../json.ts';
import type { Services } from '../services.ts';
import type { Change, Entry } from '../store/entry.ts';
import { BACKGROUND, dropFinalizer, internalRequest, typeOf } from './internal.ts';
import type { Tasks } from './tasks.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

interface Place {
  readonly storage: string;
  readonly namespace: string;
  readonly name: string;
}
const uidOf = (object: JsonObject): string => str(object, 'metadata', 'uid');
const keyOf = (place: Place): string => `${place.storage}/${place.namespace}/${place.name}`;

/** Objects whose owners are gone go too (garbage collection by ownerReferences). */
export class OwnerCollector {
  readonly #services: Services;
  readonly #tasks: Tasks;
  readonly #known = new Set<string>();
  readonly #dependents = new Map<string, Map<string, Place>>();

  constructor(services: Services, tasks: Tasks) {
    this.#services = services;
    this.#tasks = tasks;
  }

  start(): void {
    const { store } = this.#services;
    const entries = [...store.storages()].flatMap((name) => [...store.collection(name).values()]);
    for (const entry of entries) this.#index(entry);
    for (const entry of entries) this.#examine(entry);
  }

  onCommit(changes: readonly Change[]): void {
    for (const { present, previous, removed } of changes) {
      if (removed !== undefined && previous !== undefined) this.#gone(previous);
      if (present === undefined) continue;
      if (previous !== undefined) this.#unindex(previous);
      this.#index(present);
      this.#examine(present);
    }
  }

  #index(entry: Entry): void {
    this.#known.add(uidOf(entry.object));
    for (const owner of list(entry.object, 'metadata', 'ownerReferences')) {
      const uid = str(owner, 'uid');
      const dependents = this.#dependents.get(uid) ?? new Map<string, Place>();
      const { storage, namespace, name } = entry;
      dependents.set(keyOf(entry), { storage, namespace, name });
      this.#dependents.set(uid, dependents);
    }
  }

  #unindex(entry: Entry): void {
    for (const owner of list(entry.object, 'metadata', 'ownerReferences')) {
      const uid = str(owner, 'uid');
      const dependents = this.#dependents.get(uid);
      dependents?.delete(keyOf(entry));
      if (dependents?.size === 0) this.#dependents.delete(uid);
    }
  }

  #gone(entry: Entry): void {
    const uid = uidOf(entry.object);
    this.#known.delete(uid);
    this.#unindex(entry);
    for (const place of this.#dependents.get(uid)?.values() ?? []) this.#collect(place);
    // An owner that waits in the foreground may now have none left.
    for (const owner of list(entry.object, 'metadata', 'ownerReferences')) {
      const waiting = this.#find(
        str(owner, 'apiVersion'),
        str(owner, 'kind'),
        str(owner, 'name'),
        entry.namespace,
      );
      if (waiting !== undefined) this.#examine(waiting);
    }
  }

  #find(apiVersion: string, kind: string, name: string, namespace: string): Entry | undefined {
    const { registry, store } = this.#services;
    const type = registry.ofKind(apiVersion, kind);
    if (type === undefined) return undefined;
    return store.collection(type.storage).get(type.namespaced ? namespace : '', name);
  }

  #examine(entry: Entry): void {
    if (list(entry.object, 'metadata', 'ownerReferences').length > 0) this.#collect(entry);
    if (str(entry.object, 'metadata', 'deletionTimestamp') === '') return;
    const finalizers = list(entry.object, 'metadata', 'finalizers');
    const dependents = [...(this.#dependents.get(uidOf(entry.object))?.values() ?? [])];
    if (finalizers.includes(FOREGROUND)) this.#foreground(entry, dependents);
    else if (finalizers.includes(ORPHAN)) this.#orphan(entry, dependents);
  }

  #foreground(entry: Entry, dependents: readonly Place[]): void {
    this.#tasks.run('foreground', async () => {
      if (dependents.length === 0) await dropFinalizer(this.#services, entry, FOREGROUND);
      else await Promise.all(dependents.map((place) => this.#remove(place)));
    });
  }

  #orphan(entry: Entry, dependents: readonly Place[]): void {
    this.#tasks.run('orphan', async () => {
      const uid = uidOf(entry.object);
      await Promise.all(dependents.map((place) => this.#disown(place, new Set([uid]))));
      await dropFinalizer(this.#services, entry, ORPHAN);
    });
  }

  /** Removes an object without living owners; drops the references to dead ones where others live. */
  #collect(place: Place): void {
    const entry = this.#services.store.collection(place.storage).get(place.namespace, place.name);
    if (entry === undefined || str(entry.object, 'metadata', 'deletionTimestamp') !== '') return;
    const owners = list(entry.object, 'metadata', 'ownerReferences');
    // An owner of a kind that is not served here cannot be judged.
    const judged = owners.every(
      (owner) =>
        this.#services.registry.ofKind(str(owner, 'apiVersion'), str(owner, 'kind')) !== undefined,
    );
    const dead = owners.map((owner) => str(owner, 'uid')).filter((uid) => !this.#known.has(uid));
    if (!judged || dead.length === 0) return;
    this.#tasks.run('owners', () =>
      dead.length === owners.length ? this.#remove(place) : this.#disown(place, new Set(dead)),
    );
  }

  async #remove(place: Place): Promise<void> {
    const type = typeOf(this.#services, place);
    const entry = this.#services.store.head(place.storage, place.namespace, place.name);
    if (type === undefined || entry === undefined) return;
    if (str(entry.object, 'metadata', 'deletionTimestamp') !== '') return;
    await this.#services.remover.remove(
      internalRequest(type, place.namespace, place.name),
      BACKGROUND,
    );
  }

  async #disown(place: Place, uids: ReadonlySet<string>): Promise<void> {
    const type = typeOf(this.#services, place);
    if (type === undefined) return;
    const request = internalRequest(type, place.namespace, place.name);
    await this.#services.writer.change(request, (current) => {
      const next = clone(current);
      const metadata = child(next, 'metadata');
      metadata['ownerReferences'] = list(metadata, 'ownerReferences').filter(
        (owner) => !uids.has(str(owner, 'uid')),
      );
      return next;
    });
  }
}
