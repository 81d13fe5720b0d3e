import type { Logger } from '../contract.ts';
import { ApiFault } from '../fault.ts';

/** Runs work of controllers beside each other and knows when all of it is done. */
export class Tasks {
  readonly #logger: Logger;
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A fault of 404 or 409 means that somebody was faster: the next commit tells what is left to do. */
  run(name: string, work: () => Promise<unknown>): void {
    if (this.#stopped) return;
    const task = work()
      .then(() => undefined)
      .catch((error: unknown) => {
        if (error instanceof ApiFault && (error.status === 404 || error.status === 409)) return;
        this.#logger.warn(`controller.${name}`, { error: String(error) });
      });
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
  }

  stop(): void {
    this.#stopped = true;
  }
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
