import { str } from '../json.ts';
import { CRDS, NAMESPACES, SERVICE_ACCOUNTS } from '../kinds.ts';
import { SYSTEM_NAMESPACES } from '../objects/remove.ts';
import type { Services } from '../services.ts';
import type { Change, Entry } from '../store/entry.ts';
import { BACKGROUND, internalRequest } from './internal.ts';
import type { Tasks } from './tasks.ts';

const terminating = (entry: Entry): boolean =>
  str(entry.object, 'metadata', 'deletionTimestamp') !== '';

/** Default namespaces and service accounts; emptying of namespaces and kinds that go. */
export class NamespaceController {
  readonly #services: Services;
  readonly #tasks: Tasks;

  constructor(services: Services, tasks: Tasks) {
    this.#services = services;
    this.#tasks = tasks;
  }

  async start(): Promise<void> {
    const { store, writer } = this.#services;
    for (const name of SYSTEM_NAMESPACES) {
      if (store.head(NAMESPACES.storage, '', name) === undefined) {
        await writer.create(internalRequest(NAMESPACES, '', ''), { metadata: { name } });
      }
    }
    for (const entry of [...store.collection(NAMESPACES.storage).values()]) {
      await this.#ensureAccount(entry.name);
      if (terminating(entry)) this.#empty(entry.name);
    }
  }

  async #ensureAccount(namespace: string): Promise<void> {
    const { store, writer } = this.#services;
    if (store.head(SERVICE_ACCOUNTS.storage, namespace, 'default') !== undefined) return;
    await writer.create(internalRequest(SERVICE_ACCOUNTS, namespace, ''), {
      metadata: { name: 'default' },
    });
  }

  onCommit(storage: string, changes: readonly Change[]): void {
    for (const change of changes) {
      const { present, previous } = change;
      if (present !== undefined) {
        if (storage === NAMESPACES.storage) this.#onNamespace(present, previous);
      } else if (previous !== undefined) {
        if (storage === CRDS.storage) this.#forget(previous.name);
        this.#afterRemoval(storage, previous);
      }
    }
  }

  #onNamespace(present: Entry, previous: Entry | undefined): void {
    if (terminating(present)) this.#empty(present.name);
    else if (previous === undefined) {
      this.#tasks.run('account', () => this.#ensureAccount(present.name));
    }
  }

  #afterRemoval(storage: string, entry: Entry): void {
    if (entry.namespace === '') return;
    const home = this.#services.store.collection(NAMESPACES.storage).get('', entry.namespace);
    if (home === undefined) return;
    if (terminating(home)) this.#finish(entry.namespace);
    else if (storage === SERVICE_ACCOUNTS.storage && entry.name === 'default') {
      this.#tasks.run('account', () => this.#ensureAccount(entry.namespace));
    }
  }

  *#contentOf(namespace: string): Iterable<Entry> {
    for (const type of this.#services.registry.storages()) {
      if (type.namespaced) yield* this.#services.store.collection(type.storage).range(namespace);
    }
  }

  /** Deletes what is in a terminating namespace, pods with their grace, and the namespace when it is empty. */
  #empty(namespace: string): void {
    const { registry, remover } = this.#services;
    const types = new Map(registry.storages().map((type) => [type.storage, type]));
    for (const entry of this.#contentOf(namespace)) {
      const type = types.get(entry.storage);
      if (type === undefined || terminating(entry)) continue;
      const request = internalRequest(type, namespace, entry.name);
      this.#tasks.run('namespace', () => remover.remove(request, BACKGROUND));
    }
    this.#finish(namespace);
  }

  #finish(namespace: string): void {
    for (const _left of this.#contentOf(namespace)) return;
    const entry = this.#services.store.head(NAMESPACES.storage, '', namespace);
    if (entry !== undefined && terminating(entry)) {
      this.#tasks.run('namespace', () => this.#services.store.remove(entry));
    }
  }

  /** The objects of a kind whose definition was deleted. */
  #forget(storage: string): void {
    const { store, hub } = this.#services;
    this.#tasks.run('definition', async () => {
      const entries = [...store.collection(storage).values()];
      await Promise.all(entries.map((entry) => store.remove(entry)));
      hub.endAll(storage);
    });
  }
}
