/** Binding records: one ConfigMap per board in the bridge's namespace, and the cache that sessions ask. */
import { BoardletError, isBoardletError } from '@boardlet/adapters/wire';
import type { KubeClient } from '../kube/contract.ts';
import { CONFIGMAPS } from '../kube/resources.ts';
import { BindingCache } from './binding-cache.ts';
import { decodeBinding, encodeBinding, MOVES_KEPT, recordName } from './binding-record.ts';
import { BINDING_LABEL, SYSTEM_NAMESPACE } from './constants.ts';
import type { Binding, Bindings, BindOptions, Log } from './contract.ts';

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
      else if (gone?.removed === true) cache.set(gone);
      else if (gone !== undefined) cache.delete(gone.board);
    },
    onLink: (listener) => cache.onLink(listener),
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
      for (const name of removed) cache.remove(name);
      return removed;
    },
  };
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
      // Else the gateway would bring back at once what an operator has just removed.
      if (cache.removedFrom(board) === link) return false;
      const gateway = cache.get(link)?.gateway;
      if (gateway === undefined || cache.get(link)?.link !== link) return false;
      // Gateway `hall` may bring `hall-3` but not what belongs to gateway `hall-3`.
      if (cache.gatewayOver(board) !== link) return false;
      if (cache.boardsOf(link).size >= gateway.boards) {
        log.warn('trust.gateway-full', { link, board, boards: gateway.boards });
        return false;
      }
      bringBoard(store, cache, log, link, board);
      return true;
    },
    released: (link, board) => {
      const held = cache.get(board);
      if (held === undefined) return cache.removedFrom(board) === link ? 'Removed' : undefined;
      return held.link !== link && held.movedFrom?.includes(link) === true ? 'Moved' : undefined;
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
    { gateway, token, again = false }: BindOptions,
  ): Promise<Binding> {
    const createdAt = new Date(this.now()).toISOString();
    const made = {
      ...(gateway === undefined ? {} : { gateway }),
      ...(token === undefined ? {} : { token }),
    };
    const binding: Binding = { board, link, createdAt, ...made };
    try {
      await this.#kube.create(CONFIGMAPS, encodeBinding(this.#namespace, binding));
      return binding;
    } catch (error) {
      if (!isBoardletError(error, 'BL_KUBE_ALREADY_EXISTS')) throw error;
    }
    const held = await this.#read(board);
    if (again === false || held?.binding.link !== link) throw taken(board);
    if (again === 'same-token' && held.binding.token !== token) throw taken(board);
    if (gateway === undefined && token === held.binding.token) return held.binding;
    const updated = { ...held.binding, ...made };
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
    const moved = movedTo(held.binding, link);
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

  /** The decision is written down first: a bridge that sees the record go without it takes the deletion for an accident. */
  async #removeRecord(board: string): Promise<void> {
    try {
      const held = await this.#read(board);
      if (held !== undefined && held.binding.removed !== true) {
        const removed: Binding = { ...held.binding, removed: true };
        const record = encodeBinding(this.#namespace, removed, held.version);
        await this.#kube.replace(CONFIGMAPS, record);
      }
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

function movedTo(binding: Binding, link: string): Binding {
  const { movedFrom = [], ...rest } = binding;
  if (binding.link === link) return binding;
  const before = [...movedFrom, binding.link].filter((one) => one !== link).slice(-MOVES_KEPT);
  return { ...rest, link, movedFrom: before };
}

function taken(board: string): BoardletError {
  return new BoardletError('BL_TRUST_BOARD_TAKEN', `a board named "${board}" is enrolled already`);
}
function noBoard(board: string): BoardletError {
  return new BoardletError('BL_TRUST_NO_BOARD', `no board named "${board}" is enrolled`);
}
