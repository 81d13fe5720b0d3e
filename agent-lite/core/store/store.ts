import { BoardletError, LIMITS } from '@boardlet/adapters/wire';
import type { HostResult } from '../host.ts';
import type { DocumentChange, DocumentStore, StoredLink } from '../replication/store-contract.ts';
import { type Content, createContent } from './content.ts';
import { type Entry, encodeEntries, type SetName } from './entries.ts';
import { recover, type StoreFiles } from './generations.ts';
import { LogFile } from './log-file.ts';
import { concat, frameRecord } from './records.ts';

type Done = (result: HostResult<void>) => void;

export interface StoreOptions extends StoreFiles {
  /** Most that all files of the store take together, bytes. Default `LIMITS.storeBytes` (64 MiB). */
  readonly storeBytes?: number;
  /** So many bytes must be dead before a compaction pays. Default 256 KiB: with the usual few kilobytes of documents
   * it then writes less than a tenth of what was appended. */
  readonly compactBytes?: number;
}

/** Wear and size since the store was loaded, for the bench and for diagnosis. */
export interface StoreStats {
  /** Records and snapshots. */
  readonly bytesWritten: number;
  readonly syncs: number;
  readonly compactions: number;
  /** What a snapshot would take, about. */
  readonly liveBytes: number;
  readonly logBytes: number;
}

export interface BoardStore extends DocumentStore {
  readonly stats: () => StoreStats;
}

interface Operation {
  readonly entries: readonly Entry[];
  readonly durable: boolean;
  readonly done: Done;
}
interface Waiting extends Operation {
  readonly content: Uint8Array;
}
interface Admitted extends Waiting {
  /** Set where it was refused. */
  readonly refusal?: HostResult<void>;
}

const COMPACT_BYTES = 256 * 1024;
/** Operations that may wait for the disk; with more of them it is too slow for what is asked of it. */
const MOST_WAITING = 4096;
const DONE: HostResult<void> = { ok: true, value: undefined };

/** A crash-safe store of one link's documents, journal, mark and realm: an append log of checksummed transactions,
 * rewritten as a snapshot when that pays. It has no timer: when nothing is asked, nothing is written. `done` is
 * never called within the call that it was handed to. Further codes: `BL_STORE_FULL` (over `storeBytes`),
 * `BL_STORE_BUSY` (4,096 operations wait). Throws `BL_WIRE_UNENCODABLE` for a name that is no
 * text or a number that is no unsigned integer, `BL_STORE_NOT_LOADED` before `load`, `BL_STORE_CLOSED` after `close`. */
export function openStore(options: StoreOptions): BoardStore {
  const store = new LogStore(options);
  const lazily = (entry: Entry): void =>
    store.submit({
      entries: [entry],
      durable: false,
      done: (result) => {
        if (!result.ok)
          options.log.warn('store.not-stored', { what: entry.type, code: result.code });
      },
    });
  return {
    load: () => store.load(),
    commitDesired: (changes, mark, done) => {
      const entries = [...documentEntries('desired', changes), { type: 'mark' as const, mark }];
      store.submit({ entries, durable: true, done });
    },
    saveReported: (changes, durable, done) =>
      store.submit({ entries: documentEntries('reported', changes), durable, done }),
    appendJournal: (board, segment, n, entry) =>
      lazily({ type: 'append', board, segment, n, entry }),
    trimJournal: (board, segment, n, lost) => lazily({ type: 'trim', board, segment, n, lost }),
    saveRealm: (realm, done) =>
      store.submit({ entries: [{ type: 'realm', realm }], durable: true, done }),
    close: (done) => store.close(done),
    stats: () => store.stats(),
  };
}

function documentEntries(set: SetName, changes: readonly DocumentChange[]): Entry[] {
  return changes.map(({ board, kind, name, body }) =>
    body === undefined
      ? { type: 'remove', set, board, kind, name }
      : { type: 'put', set, board, kind, name, body },
  );
}

class LogStore {
  readonly #options: StoreOptions;
  readonly #compactBytes: number;
  readonly #mostLiveBytes: number;
  #content: Content = createContent();
  #file: LogFile | undefined;
  /** Dead bytes above which the next compaction is tried. */
  #compactAbove = 0;
  #busy = false;
  #closed: Done | undefined;
  #queue: Waiting[] = [];

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#compactBytes = options.compactBytes ?? COMPACT_BYTES;
    // On disk at worst: three snapshots (previous, present, the next while it is written) of L, and dead bytes of
    // max(compactBytes, L / 2) in each of two generations.
    const room = (options.storeBytes ?? LIMITS.storeBytes) - 2 * this.#compactBytes;
    this.#mostLiveBytes = Math.max(0, Math.floor(room / 4));
  }

  load(): HostResult<StoredLink> {
    const made = this.#options.files.makeFolder(this.#options.folder);
    if (!made.ok) return made;
    const recovered = recover(this.#options);
    if (!recovered.ok) return recovered;
    this.#content = recovered.value.content;
    this.#file = new LogFile(this.#options, recovered.value);
    const link = this.#content.link();
    const boots = link.boots + 1;
    this.submit({
      entries: [{ type: 'boots', boots }],
      durable: false,
      done: (result) => {
        if (!result.ok) this.#options.log.warn('store.boot-not-counted', { code: result.code });
      },
    });
    return { ok: true, value: { ...link, boots } };
  }

  submit(operation: Operation): void {
    this.#checkOpen();
    // Here, so that what cannot be encoded is the caller's to catch and nobody else's.
    const content = encodeEntries(operation.entries);
    if (this.#queue.length >= MOST_WAITING) {
      const message = `over ${MOST_WAITING} writes wait for the disk`;
      later(() => operation.done({ ok: false, code: 'BL_STORE_BUSY', message }));
    } else {
      this.#queue.push({ ...operation, content });
      this.#pump();
    }
  }

  close(done: Done): void {
    this.#checkOpen();
    this.#closed = done;
    this.#pump();
  }

  stats(): StoreStats {
    const { bytesWritten, syncs, compactions, logBytes } = this.#checkLoaded().stats();
    return { bytesWritten, syncs, compactions, logBytes, liveBytes: this.#content.liveBytes() };
  }

  #checkLoaded(): LogFile {
    if (this.#file === undefined)
      throw new BoardletError('BL_STORE_NOT_LOADED', 'the store: load() comes first');
    return this.#file;
  }

  #checkOpen(): void {
    this.#checkLoaded();
    if (this.#closed !== undefined)
      throw new BoardletError('BL_STORE_CLOSED', 'the store was closed');
  }

  /** One batch is in flight at a time; what comes meanwhile shares the next one's write and fsync. */
  #pump(): void {
    if (this.#busy || this.#file === undefined) return;
    if (this.#queue.length > 0) this.#startBatch(this.#file);
    else if (this.#closed !== undefined) {
      this.#busy = true;
      this.#file.close(this.#closed);
    }
  }

  #startBatch(file: LogFile): void {
    this.#busy = true;
    const waiting = this.#queue;
    this.#queue = [];
    const ready = file.prepare(this.#content);
    const batch = ready.ok ? this.#admit(waiting) : waiting.map((each) => refuse(each, ready));
    const taken = batch.filter((each) => each.refusal === undefined);
    const records = taken
      .filter((each) => each.content.length > 0)
      .map((each) => frameRecord(each.content, file.generation));
    const settle = (result: HostResult<void>): void => this.#settle(file, batch, result);
    if (taken.length === 0) later(() => settle(DONE));
    else {
      const durable = taken.some((each) => each.durable);
      later(() => file.write(concat(records), durable, settle));
    }
  }

  /** Refuses what there is no room for; what frees some is always taken. */
  #admit(waiting: readonly Waiting[]): Admitted[] {
    let liveBytes = this.#content.liveBytes();
    return waiting.map((operation) => {
      const growth = operation.entries.reduce((sum, each) => sum + this.#content.growth(each), 0);
      if (growth > 0 && liveBytes + growth > this.#mostLiveBytes) {
        const message = `${liveBytes} of ${this.#mostLiveBytes} bytes are used, ${growth} more wanted`;
        return refuse(operation, { ok: false, code: 'BL_STORE_FULL', message });
      }
      liveBytes += growth;
      return operation;
    });
  }

  #settle(file: LogFile, batch: readonly Admitted[], result: HostResult<void>): void {
    if (result.ok)
      for (const { entries, refusal } of batch)
        if (refusal === undefined) for (const entry of entries) this.#content.apply(entry);
    // Still busy: what the callers ask for now waits until the log is compacted.
    for (const { done, refusal } of batch) done(refusal ?? result);
    if (result.ok) this.#compactIfItPays(file);
    this.#busy = false;
    this.#pump();
  }

  #compactIfItPays(file: LogFile): void {
    const liveBytes = this.#content.liveBytes();
    const least = Math.max(this.#compactBytes, liveBytes / 2);
    const deadBytes = file.deadBytes(liveBytes);
    if (deadBytes <= Math.max(least, this.#compactAbove)) return;
    const compacted = file.compact(this.#content);
    this.#compactAbove = compacted.ok ? 0 : deadBytes + least;
    if (!compacted.ok)
      this.#options.log.warn('store.not-compacted', { code: compacted.code, deadBytes });
  }
}

function refuse(operation: Waiting, refusal: HostResult<void>): Admitted {
  return { ...operation, refusal };
}

/** The core has no timers of its own; a settled promise is the language's own "after this call". */
function later(run: () => void): void {
  void Promise.resolve().then(run);
}
