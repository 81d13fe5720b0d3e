/** Bindings as the bridge knows them, by board and by link. */
import type { Binding } from './contract.ts';
import { isUnderPrefix } from './names.ts';

/** Removed boards remembered, so that a link that was away hears of it when it comes back. */
const REMOVED_KEPT = 4096;

export class BindingCache {
  readonly #byBoard = new Map<string, Binding>();
  readonly #byLink = new Map<string, Set<string>>();
  /** Prefix that each gateway was granted, by the gateway's own board. */
  readonly #prefixes = new Map<string, string>();
  /** Link of each board that an operator removed. */
  readonly #removed = new Map<string, string>();
  readonly #listeners: ((link: string) => void)[] = [];
  static readonly #none: ReadonlySet<string> = new Set();

  onLink(listener: (link: string) => void): void {
    this.#listeners.push(listener);
  }
  get(board: string): Binding | undefined {
    return this.#byBoard.get(board);
  }
  boardsOf(link: string): ReadonlySet<string> {
    return this.#byLink.get(link) ?? BindingCache.#none;
  }
  /** Whose a new board of this name would be: the gateway with the longest prefix that covers it. */
  gatewayOver(board: string): string | undefined {
    let best: readonly [string, string] | undefined;
    for (const grant of this.#prefixes) {
      const longer = best === undefined || grant[1].length > best[1].length;
      if (longer && isUnderPrefix(board, grant[1])) best = grant;
    }
    return best?.[0];
  }
  /** The link that carried the board when an operator removed it. */
  removedFrom(board: string): string | undefined {
    return this.#removed.get(board);
  }

  set(binding: Binding): void {
    const { board, link, removed } = binding;
    const old = this.#byBoard.get(board);
    if (removed === true) {
      this.#remember(board, link);
      this.delete(board);
      return;
    }
    this.#removed.delete(board);
    this.#put(binding, old);
    if (old !== undefined && old.link !== link) this.#tell(old.link);
    if (old?.link !== link || old.gateway?.boards !== binding.gateway?.boards) this.#tell(link);
  }

  delete(board: string): void {
    const old = this.#byBoard.get(board);
    if (old === undefined) return;
    this.#take(old);
    this.#tell(old.link);
  }

  /** By an operator's decision. */
  remove(board: string): void {
    const old = this.#byBoard.get(board);
    if (old !== undefined) this.set({ ...old, removed: true });
  }

  replace(bindings: readonly Binding[]): void {
    this.#byBoard.clear();
    this.#byLink.clear();
    this.#prefixes.clear();
    for (const binding of bindings) this.set(binding);
  }

  #put(binding: Binding, old: Binding | undefined): void {
    if (old !== undefined) this.#take(old);
    this.#byBoard.set(binding.board, binding);
    if (binding.gateway !== undefined) this.#prefixes.set(binding.board, binding.gateway.prefix);
    const boards = this.#byLink.get(binding.link) ?? new Set();
    this.#byLink.set(binding.link, boards.add(binding.board));
  }

  #take({ board, link }: Binding): void {
    this.#byBoard.delete(board);
    this.#prefixes.delete(board);
    const boards = this.#byLink.get(link);
    boards?.delete(board);
    if (boards?.size === 0) this.#byLink.delete(link);
  }

  #remember(board: string, link: string): void {
    this.#removed.delete(board);
    this.#removed.set(board, link);
    for (const oldest of this.#removed.keys()) {
      if (this.#removed.size <= REMOVED_KEPT) break;
      this.#removed.delete(oldest);
    }
  }

  #tell(link: string): void {
    for (const listener of this.#listeners) listener(link);
  }
}
