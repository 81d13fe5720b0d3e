/** Both rims over the in-process broker: replication on the board's side, a session server on the bridge's. */
import { randomBytes } from 'node:crypto';
import { createMemoryBroker, type MemoryBroker } from '@boardlet/adapters/link/memory';
import {
  createReplication,
  type DocumentStore,
  type Replication,
  type StoredLink,
} from '@boardlet/agent-lite/core';
import {
  type BridgeSessions,
  createSessionServer,
  type DesiredDocument,
  type JournalEntry,
  type ReportedChange,
  type SessionServerOptions,
} from '@boardlet/cloud-bridge/session';
import { sha256 } from './board-host.ts';
import { REALM } from './bridge-host.ts';

export const FLEET = 'f1';
const SHARDS = 16;
const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, i) => i);

const after = (delayMs: number, fire: () => void): { readonly cancel: () => void } => {
  const timer = setTimeout(fire, delayMs);
  return { cancel: () => clearTimeout(timer) };
};
const clock = { monotonicMs: () => performance.now(), unixMs: () => Date.now() };
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Everything in memory; what is said to be on disk is kept for the next `memoryStore` of the same contents. */
export interface StoreContents {
  readonly desired: Map<string, Uint8Array>;
  readonly reported: Map<string, Uint8Array>;
  mark: number;
  boots: number;
  realm: Uint8Array | undefined;
  commits: number;
}

export function emptyContents(): StoreContents {
  return {
    desired: new Map(),
    reported: new Map(),
    mark: 0,
    boots: 0,
    realm: undefined,
    commits: 0,
  };
}

const put = (
  into: Map<string, Uint8Array>,
  changes: Parameters<DocumentStore['commitDesired']>[0],
): void => {
  for (const { board, kind, name, body } of changes) {
    if (body === undefined) into.delete(`${board} ${kind} ${name}`);
    else into.set(`${board} ${kind} ${name}`, body);
  }
};

export function memoryStore(contents: StoreContents, boards: readonly string[]): DocumentStore {
  const ok = { ok: true, value: undefined } as const;
  const list = (from: Map<string, Uint8Array>, id: string) =>
    [...from].flatMap(([key, body]) => {
      const [board, kind, name] = key.split(' ');
      return board === id ? [{ kind: Number(kind), name: name ?? '', body }] : [];
    });
  const load = (): StoredLink => ({
    mark: contents.mark,
    boots: ++contents.boots,
    ...(contents.realm !== undefined && { realm: contents.realm }),
    boards: boards.map((id) => ({
      id,
      desired: list(contents.desired, id),
      reported: list(contents.reported, id),
      journal: [],
      lost: 0,
    })),
  });
  return {
    load: () => ({ ok: true, value: load() }),
    commitDesired: (changes, mark, done) => {
      queueMicrotask(() => {
        put(contents.desired, changes);
        contents.mark = mark;
        contents.commits++;
        done(ok);
      });
    },
    saveReported: (changes, _durable, done) => {
      put(contents.reported, changes);
      done(ok);
    },
    appendJournal: () => undefined,
    trimJournal: () => undefined,
    saveRealm: (realm, done) => {
      contents.realm = realm;
      done(ok);
    },
    close: (done) => {
      done(ok);
    },
  };
}

export function openBoard(
  broker: MemoryBroker,
  link: string,
  boards: readonly string[],
  contents: StoreContents = emptyContents(),
): Replication {
  const made = createReplication({
    host: {
      clock,
      timers: { after },
      log: silent,
      crypto: { random: (n) => new Uint8Array(randomBytes(n)), sha256 },
      adjustClock: () => undefined,
    },
    store: memoryStore(contents, boards),
    fleet: FLEET,
    shards: SHARDS,
    link,
    boards,
    connect: ({ subscriptions, will, handlers }) =>
      broker.createLink({
        urls: ['mqtt://memory'],
        clientId: link,
        protocol: 5,
        keepAliveS: 60,
        subscriptions,
        will,
        handlers,
      }),
  });
  if (!made.ok) throw new Error(made.code);
  return made.value;
}

/** A desired source that is a map, and a sink that writes down. */
export class Api {
  readonly documents: Map<string, DesiredDocument> = new Map();
  revision = 1;
  readonly states: string[] = [];
  readonly notices: string[] = [];
  readonly synced: string[] = [];
  readonly journal: JournalEntry[] = [];
  readonly reported: (ReportedChange & { readonly board: string })[] = [];
  onReported: (board: string, changes: readonly ReportedChange[]) => void = () => undefined;
  #listeners: ((board: string, kind: number, name: string, revision: number) => void)[] = [];

  put(board: string, kind: number, name: string, body: Uint8Array): void {
    const revision = ++this.revision;
    this.documents.set(`${board} ${kind} ${name}`, { kind, name, body, revision });
    for (const listener of this.#listeners) listener(board, kind, name, revision);
  }

  remove(board: string, kind: number, name: string): void {
    const revision = ++this.revision;
    this.documents.delete(`${board} ${kind} ${name}`);
    for (const listener of this.#listeners) listener(board, kind, name, revision);
  }

  source(): SessionServerOptions['source'] {
    return {
      warm: () => true,
      revision: () => this.revision,
      readRevision: () => Promise.resolve(this.revision),
      documents: (board) =>
        [...this.documents].flatMap(([key, d]) => (key.startsWith(`${board} `) ? [d] : [])),
      document: (board, kind, name) => this.documents.get(`${board} ${kind} ${name}`),
      onChange: (listener) => {
        this.#listeners.push(listener);
      },
    };
  }

  sink(): SessionServerOptions['sink'] {
    return {
      boardUp: (board) => {
        this.states.push(`up ${board}`);
      },
      boardDown: (board, reason) => {
        this.states.push(`down ${board} ${reason}`);
      },
      synced: (board) => {
        this.synced.push(board);
      },
      duplicate: (board, present) => {
        if (present) this.notices.push(`${board} duplicate`);
      },
      reported: (board, changes) => {
        for (const change of changes) this.reported.push({ ...change, board });
        this.onReported(board, changes);
      },
      journal: (_board, entries) => {
        this.journal.push(...entries);
        return Promise.resolve();
      },
      notice: (board, reason) => {
        this.notices.push(`${board} ${reason}`);
      },
    };
  }
}

export function openBridge(
  broker: MemoryBroker,
  api: Api,
  options: Partial<SessionServerOptions> = {},
): BridgeSessions {
  return createSessionServer({
    fleet: FLEET,
    shards: SHARDS,
    owned: ALL_SHARDS,
    realm: REALM,
    source: api.source(),
    sink: api.sink(),
    entitlements: { allowed: () => true },
    ownership: { isHolder: () => Promise.resolve(true), term: () => '1' },
    connect: ({ subscriptions, handlers }) =>
      broker.createLink({
        urls: ['mqtt://memory'],
        clientId: `bridge.${Math.random().toString(36).slice(2)}`,
        protocol: 5,
        keepAliveS: 60,
        subscriptions,
        will: () => undefined,
        handlers,
      }),
    sha256,
    random32: () => randomBytes(4).readUInt32BE(0),
    clock,
    after,
    log: silent,
    beatS: 1,
    ...options,
  });
}

export { createMemoryBroker, type MemoryBroker };

/** Resolves once `holds`, checked often; rejects after 5 s, saying what was awaited. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited 5 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
