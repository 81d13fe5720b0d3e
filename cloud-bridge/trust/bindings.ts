/** Binding records: one ConfigMap per board in the bridge's namespace, and the cache that sessions ask. */
import { BoardletError, isBoardletError } from '@boardlet/adapters/wire';
import type { KubeClient } from '../kube/contract.ts';
import { CONFIGMAPS } from '../kube/resources.ts';
import { decodeBinding, encodeBinding, recordName } from './binding-record.ts';
import { BINDING_LABEL, SYSTEM_NAMESPACE } from './constants.ts';
import type { Binding, Bindings, GatewayGrant, Log } from './contract.ts';
import { isUnderPrefix } from './names.ts';

export interface BindingsOptions {
  readonly kube: KubeClient;
  readonly log: Log;
  /** Default `boardlet-system`. */
  readonly namespace?: string;
  /** Unix ms. Default `Date.now`. */
  readonly now?: () => number;
}

/** Bindings over the Kubernetes API. Feed `onChange` from an informer of ConfigMaps, or call `load` once. */
export function createBindings(options: BindingsOptions): Bindings {
  const { kube, log, namespace = SYSTEM_NAMESPACE, now = Date.now } = options;
  const store = new BindingStore(kube, namespace, now);
  const cache = new BindingCache();
  const entitlements = createEntitlements(store, cache, log);
  return {
    entitlements,
    onChange: (present, old) => {
      const gone = old === undefined ? undefined : decodeBinding(old);
      const held = present === undefined ? undefined : decodeBinding(present);
      if (held !== undefined) cache.set(held);
      else if (gone !== undefined) cache.delete(gone.board);
    },
    load: async () => cache.replace(await store.list()),
    knowsLink: (link) => cache.boardsOf(link).size > 0,
    get: (board) => store.get(board),
    list: () => store.list(),
    bind: async (board, link, how = {}) => {
      const made = await store.bind(board, link, how);
      cache.set(made);
      return made;
    },
    move: async (board, link) => {
      const moved = await store.move(board, link);
      cache.set(moved);
      return moved;
    },
    remove: async (board, how = {}) => {
      const removed = await store.remove(board, how.cascade === true);
      for (const name of removed) cache.delete(name);
      return removed;
    },
  };
}

class BindingCache {
  readonly #byBoard = new Map<string, Binding>();
  readonly #byLink = new Map<string, Set<string>>();
  static readonly #none: ReadonlySet<string> = new Set();

  get(board: string): Binding | undefined {
    return this.#byBoard.get(board);
  }
  boardsOf(link: string): ReadonlySet<string> {
    return this.#byLink.get(link) ?? BindingCache.#none;
  }
  set(binding: Binding): void {
    this.delete(binding.board);
    this.#byBoard.set(binding.board, binding);
    const boards = this.#byLink.get(binding.link) ?? new Set();
    this.#byLink.set(binding.link, boards.add(binding.board));
  }
  delete(board: string): void {
    const old = this.#byBoard.get(board);
    if (old === undefined) return;
    this.#byBoard.delete(board);
    const boards = this.#byLink.get(old.link);
    boards?.delete(board);
    if (boards?.size === 0) this.#byLink.delete(old.link);
  }
  replace(bindings: readonly Binding[]): void {
    this.#byBoard.clear();
    this.#byLink.clear();
    for (const binding of bindings) this.set(binding);
  }
}

function createEntitlements(
  store: BindingStore,
  cache: BindingCache,
  log: Log,
): Bindings['entitlements'] {
  return {
    allowed: (link, board) => {
      const held = cache.get(board);
      if (held !== undefined) return held.link === link;
      const gateway = cache.get(link)?.gateway;
      if (gateway === undefined || cache.get(link)?.link !== link) return false;
      if (!isUnderPrefix(board, gateway.prefix)) return false;
      if (cache.boardsOf(link).size >= gateway.boards) {
        log.warn('trust.gateway-full', { link, board, boards: gateway.boards });
        return false;
      }
      bringBoard(store, cache, log, link, board);
      return true;
    },
  };
}

/** Bound in the cache at once, so that the grant's count holds; the record follows, and if another link won, its record does. */
function bringBoard(
  store: BindingStore,
  cache: BindingCache,
  log: Log,
  link: string,
  board: string,
): void {
  const now = new Date(store.now()).toISOString();
  cache.set({ board, link, createdAt: now });
  store.bind(board, link, { again: true }).then(
    () => log.info('trust.board-brought', { link, board }),
    async (error: unknown) => {
      const code = isBoardletError(error) ? error.code : 'BL_INTERNAL';
      log.warn('trust.board-not-bound', { link, board, code });
      if (cache.get(board)?.link !== link) return;
      cache.delete(board);
      const winner = await store.get(board).catch(() => undefined);
      if (winner !== undefined) cache.set(winner);
    },
  );
}

class BindingStore {
  readonly #kube: KubeClient;
  readonly #namespace: string;
  readonly now: () => number;

  constructor(kube: KubeClient, namespace: string, now: () => number) {
    this.#kube = kube;
    this.#namespace = namespace;
    this.now = now;
  }

  async get(board: string): Promise<Binding | undefined> {
    return (await this.#read(board))?.binding;
  }

  async list(): Promise<readonly Binding[]> {
    const { items } = await this.#kube.list(CONFIGMAPS, {
      namespace: this.#namespace,
      labelSelector: BINDING_LABEL,
    });
    return items.map(decodeBinding).filter((b) => b !== undefined);
  }

  async bind(
    board: string,
    link: string,
    how: { readonly gateway?: GatewayGrant; readonly again?: boolean },
  ): Promise<Binding> {
    const createdAt = new Date(this.now()).toISOString();
    const gateway = how.gateway === undefined ? {} : { gateway: how.gateway };
    const binding: Binding = { board, link, createdAt, ...gateway };
    try {
      await this.#kube.create(CONFIGMAPS, encodeBinding(this.#namespace, binding));
      return binding;
    } catch (error) {
      if (!isBoardletError(error, 'BL_KUBE_ALREADY_EXISTS')) throw error;
    }
    const held = await this.#read(board);
    if (how.again !== true || held?.binding.link !== link) throw taken(board);
    if (how.gateway === undefined) return held.binding;
    const updated = { ...held.binding, ...gateway };
    const { version } = held;
    await this.#kube.replace(CONFIGMAPS, encodeBinding(this.#namespace, updated, version));
    return updated;
  }

  async move(board: string, link: string): Promise<Binding> {
    const held = await this.#read(board);
    if (held === undefined) throw noBoard(board);
    // A link exists once its own board was enrolled, wherever that board has gone since.
    if ((await this.#read(link)) === undefined) {
      throw new BoardletError('BL_TRUST_NO_LINK', `no link named "${link}" was ever enrolled`);
    }
    if (held.binding.gateway !== undefined && link !== board) {
      throw new BoardletError(
        'BL_TRUST_IS_GATEWAY',
        `"${board}" is a gateway: it stays on its link`,
      );
    }
    const moved: Binding = { ...held.binding, link };
    const record = encodeBinding(this.#namespace, moved, held.version);
    await this.#kube.replace(CONFIGMAPS, record);
    return moved;
  }

  async remove(board: string, cascade: boolean): Promise<readonly string[]> {
    const held = await this.#read(board);
    if (held === undefined) throw noBoard(board);
    const carried = held.binding.link === board ? await this.#carriedBy(board) : [];
    if (carried.length > 0 && !cascade) {
      throw new BoardletError(
        'BL_TRUST_HAS_BOARDS',
        `"${board}" carries ${carried.length} other boards: remove or move them first, or cascade`,
      );
    }
    // The grant goes first: else the gateway could bring back a board that was just removed.
    for (const name of [board, ...carried]) await this.#removeRecord(name);
    return [board, ...carried];
  }

  async #carriedBy(link: string): Promise<string[]> {
    const all = await this.list();
    return all.filter((b) => b.link === link && b.board !== link).map((b) => b.board);
  }

  async #removeRecord(board: string): Promise<void> {
    try {
      await this.#kube.remove(CONFIGMAPS, this.#namespace, recordName(board));
    } catch (error) {
      if (!isBoardletError(error, 'BL_KUBE_NOT_FOUND')) throw error;
    }
  }

  async #read(
    board: string,
  ): Promise<{ readonly binding: Binding; readonly version: string } | undefined> {
    try {
      const object = await this.#kube.get(CONFIGMAPS, this.#namespace, recordName(board));
      const binding = decodeBinding(object);
      if (binding === undefined) return undefined;
      return { binding, version: object.metadata.resourceVersion ?? '' };
    } catch (error) {
      if (isBoardletError(error, 'BL_KUBE_NOT_FOUND')) return undefined;
      throw error;
    }
  }
}

function taken(board: string): BoardletError {
  return new BoardletError('BL_TRUST_BOARD_TAKEN', `a board named "${board}" is enrolled already`);
}
function noBoard(board: string): BoardletError {
  return new BoardletError('BL_TRUST_NO_BOARD', `no board named "${board}" is enrolled`);
}
