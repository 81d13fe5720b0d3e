import type { Services } from '../services.ts';
import type { Entry } from '../store/entry.ts';
import { Binder } from './binder.ts';
import { Expiry } from './expiry.ts';
import { NamespaceController } from './namespaces.ts';
import { OwnerCollector } from './owners.ts';
import { Tasks } from './tasks.ts';

/** What the API does on its own accord, in answer to commits and to time. */
export class Controllers {
  readonly #services: Services;
  readonly #tasks: Tasks;
  readonly #owners: OwnerCollector;
  readonly #namespaces: NamespaceController;
  readonly #binder: Binder;
  readonly #expiry: Expiry;
  #unsubscribe: (() => void) | undefined;

  constructor(services: Services) {
    this.#services = services;
    this.#tasks = new Tasks(services.logger);
    this.#owners = new OwnerCollector(services, this.#tasks);
    this.#namespaces = new NamespaceController(services, this.#tasks);
    this.#binder = new Binder(services, this.#tasks);
    this.#expiry = new Expiry(services, this.#tasks);
  }

  async start(): Promise<void> {
    const isEntry = (entry: Entry | undefined): entry is Entry => entry !== undefined;
    this.#unsubscribe = this.#services.store.onCommit((storage, changes) => {
      this.#owners.onCommit(changes);
      this.#namespaces.onCommit(storage, changes);
      const present = changes.map((change) => change.present).filter(isEntry);
      const removed = changes.map((change) => change.removed).filter(isEntry);
      this.#binder.onCommit(storage, present, removed);
    });
    await this.#namespaces.start();
    this.#owners.start();
    this.#binder.start();
    this.#expiry.start();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#expiry.stop();
    this.#tasks.stop();
  }
  settled(): Promise<void> {
    return this.#tasks.settled();
  }
}
