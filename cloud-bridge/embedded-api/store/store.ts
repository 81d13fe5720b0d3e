import { BoardletError } from '@boardlet/adapters/wire';
import type { Logger } from '../contract.ts';
import { type ApiFault, internal, storageFull, tooLarge, unavailable } from '../fault.ts';
import { isObject, type Json, type JsonObject, str } from '../json.ts';
import { ChangeLog } from './change-log.ts';
import { Collection } from './collection.ts';
import type { Disk, DiskWrite } from './disk.ts';
import { type Change, type Entry, entryKey } from './entry.ts';

/**
 * Revisions that are set aside durably before any of them is used. After a loss of power the store may have lost
 * its newest writes; it then goes on above everything that a client can have seen.
 */
const RESERVE = 100_000;
const CEILING_KEY = 'm/ceiling';
const REVISION_KEY = 'm/revision';
const OBJECT_PREFIX = 'o/';

export interface StoreLimits {
  /** Of one object as JSON text. */
  readonly objectBytes: number;
  readonly storeBytes: number;
  readonly logEvents: number;
  readonly logBytes: number;
}

interface Staged {
  readonly change: Change;
  readonly entry: Entry;
  readonly done: (fault?: ApiFault) => void;
}

/**
 * All objects in memory over a durable map. A write is staged, joins the next group commit and becomes visible,
 * to readers and watchers alike, when that commit is done: nothing uncommitted is ever read.
 */
export class Store {
  readonly #disk: Disk;
  readonly #limits: StoreLimits;
  readonly #logger: Logger;
  readonly #collections = new Map<string, Collection>();
  readonly #overlay = new Map<string, Entry | undefined>();
  readonly #listeners = new Set<(storage: string, changes: readonly Change[]) => void>();
  #staged: Staged[] = [];
  #committing: Promise<void> | undefined;
  #extending: Promise<void> | undefined;
  #revision = 0;
  #committed = 0;
  #ceiling = 0;
  #floor = 0;
  #start = 0;
  #bytes = 0;

  constructor(disk: Disk, limits: StoreLimits, logger: Logger) {
    this.#disk = disk;
    this.#limits = limits;
    this.#logger = logger;
  }

  /** Reads everything and reserves the first revisions. */
  async open(): Promise<void> {
    const last = Number(this.#disk.get(REVISION_KEY) ?? 0);
    const ceiling = Number(this.#disk.get(CEILING_KEY) ?? 0);
    this.#floor = last;
    this.#revision = Math.max(last, ceiling) + 1;
    this.#start = this.#revision;
    this.#committed = this.#revision;
    for (const [key, json] of this.#disk.entries(OBJECT_PREFIX)) this.#load(key, json);
    await this.#extend();
  }

  /** Throws `BL_API_STORE_OPEN` for what no write of ours can have left. */
  #load(key: string, json: string): void {
    const [, storage = '', namespace = '', name = ''] = key.split('/');
    const object = parse(json);
    const revision = Number(str(object, 'metadata', 'resourceVersion'));
    if (!isObject(object) || name === '' || !(revision > 0)) {
      throw new BoardletError(
        'BL_API_STORE_OPEN',
        `the store is damaged at ${JSON.stringify(key.slice(0, 200))}: move it away and restore a backup`,
      );
    }
    this.#bytes += json.length;
    this.collection(storage).load({ storage, namespace, name, revision, object, json });
  }

  /** Commits what is staged and sets the ceiling back, so that a clean start goes on without a gap. */
  async close(): Promise<void> {
    await this.#extending;
    while (this.#committing !== undefined) await this.#committing;
    const last = String(this.#committed);
    await this.#disk
      .commit([
        [CEILING_KEY, last],
        [REVISION_KEY, last],
      ])
      .catch((error: unknown) => this.#logger.warn('store.close', { error: String(error) }));
    await this.#disk.close();
  }

  async #extend(): Promise<void> {
    const ceiling = this.#revision + RESERVE;
    await this.#disk.commit([[CEILING_KEY, String(ceiling)]]);
    await this.#disk.flushed();
    this.#ceiling = ceiling;
  }

  /** The revision of the newest committed write. */
  get revision(): number {
    return this.#committed;
  }
  /** True for a revision that was given out before the last start and may since be lost: nobody may resume from it. */
  forgotten(revision: number): boolean {
    return revision > this.#floor && revision < this.#start;
  }
  get bytes(): number {
    return this.#bytes;
  }

  collection(storage: string): Collection {
    let found = this.#collections.get(storage);
    if (found === undefined) {
      found = new Collection(
        new ChangeLog(this.#floor, this.#limits.logEvents, this.#limits.logBytes),
      );
      this.#collections.set(storage, found);
    }
    return found;
  }
  storages(): Iterable<string> {
    return this.#collections.keys();
  }

  /** The newest state of an object, staged writes included: what a writer must build on. */
  head(storage: string, namespace: string, name: string): Entry | undefined {
    const key = `${storage}/${entryKey(namespace, name)}`;
    if (this.#overlay.has(key)) return this.#overlay.get(key);
    return this.collection(storage).get(namespace, name);
  }

  onCommit(listener: (storage: string, changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Stages an object (its resourceVersion is set here) and resolves with its entry when committed. Must be called in the
   * same turn as the `head` it builds on. Throws 413 for an object that is too
   * large and 507 when the store is full.
   */
  put(storage: string, namespace: string, name: string, object: JsonObject): Promise<Entry> {
    const previous = this.head(storage, namespace, name);
    const revision = this.#next();
    const metadata = object['metadata'] as JsonObject;
    metadata['resourceVersion'] = String(revision);
    const json = JSON.stringify(object);
    this.#checkSize(json);
    const growth = json.length - (previous?.json.length ?? 0);
    if (growth > 0 && this.#bytes + growth > this.#limits.storeBytes) {
      throw storageFull(`the store is full: ${this.#limits.storeBytes} bytes of objects`);
    }
    const present = { storage, namespace, name, revision, object, json };
    return this.#stage(present, {
      revision,
      present,
      previous,
      removed: undefined,
      encoded: new Map(),
    });
  }

  #checkSize(json: string): void {
    const limit = this.#limits.objectBytes;
    // UTF-8 takes at most three bytes for a UTF-16 unit, so most texts need not be measured.
    const bytes = json.length * 3 <= limit ? json.length : Buffer.byteLength(json);
    if (bytes <= limit) return;
    throw tooLarge(`Request entity too large: an object may have ${limit} bytes, not ${bytes}`);
  }

  /** Stages the removal of an object; resolves with its last state, whose resourceVersion is that of the removal. */
  remove(previous: Entry): Promise<Entry> {
    const revision = this.#next();
    const metadata = previous.object['metadata'] as JsonObject;
    const object = {
      ...previous.object,
      metadata: { ...metadata, resourceVersion: String(revision) },
    };
    const last = { ...previous, revision, object, json: JSON.stringify(object) };
    const change = { revision, present: undefined, previous, removed: last, encoded: new Map() };
    return this.#stage(last, change);
  }

  #next(): number {
    if (this.#revision >= this.#ceiling)
      throw unavailable('revisions are being reserved; try again');
    this.#revision++;
    if (this.#revision > this.#ceiling - RESERVE / 2) {
      this.#extending ??= this.#extend()
        .catch((error: unknown) => this.#logger.error('store.reserve', { error: String(error) }))
        .finally(() => {
          this.#extending = undefined;
        });
    }
    return this.#revision;
  }

  #stage(entry: Entry, change: Change): Promise<Entry> {
    const key = `${entry.storage}/${entryKey(entry.namespace, entry.name)}`;
    this.#overlay.set(key, change.present);
    return new Promise((resolve, reject) => {
      const done = (fault?: ApiFault): void => {
        if (fault === undefined) resolve(entry);
        else reject(fault);
      };
      this.#staged.push({ change, entry, done });
      this.#committing ??= this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    // After this turn of the event loop, so that all requests that came in it share a commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#staged.length > 0) {
      const batch = this.#staged;
      this.#staged = [];
      try {
        await this.#disk.commit(this.#writesOf(batch));
      } catch (error) {
        this.#failAll([...batch, ...this.#staged], error);
        this.#staged = [];
        continue;
      }
      this.#publish(batch);
    }
    this.#committing = undefined;
  }

  #writesOf(batch: readonly Staged[]): DiskWrite[] {
    const writes = new Map<string, string | undefined>();
    for (const { entry, change } of batch) {
      const key = `${OBJECT_PREFIX}${entry.storage}/${entryKey(entry.namespace, entry.name)}`;
      writes.set(key, change.present?.json);
    }
    writes.set(REVISION_KEY, String(batch.at(-1)?.change.revision ?? this.#committed));
    return [...writes];
  }

  /** Writes that were staged upon the failed ones fail with them. */
  #failAll(batch: readonly Staged[], error: unknown): void {
    this.#logger.error('store.commit', { error: String(error), writes: batch.length });
    this.#overlay.clear();
    const text = String(error);
    // LMDB answers a short write, which is how a disk fills up, with EIO.
    const full = /MDB_MAP_FULL|ENOSPC|No space|EDQUOT|quota|EFBIG|too large|Input\/output/i.test(
      text,
    );
    const fault = full
      ? storageFull(`the disk is full or failing: ${text.slice(0, 100)}`)
      : internal(`the store could not commit: ${text.slice(0, 200)}`);
    for (const { done } of batch) done(fault);
  }

  #publish(batch: readonly Staged[]): void {
    const byStorage = new Map<string, Change[]>();
    for (const { entry, change } of batch) {
      const collection = this.collection(entry.storage);
      const before = collection.get(entry.namespace, entry.name);
      this.#bytes += (change.present?.json.length ?? 0) - (before?.json.length ?? 0);
      collection.apply(change);
      const key = `${entry.storage}/${entryKey(entry.namespace, entry.name)}`;
      if (this.#overlay.get(key) === change.present) this.#overlay.delete(key);
      const changes = byStorage.get(entry.storage);
      if (changes === undefined) byStorage.set(entry.storage, [change]);
      else changes.push(change);
    }
    this.#committed = batch.at(-1)?.change.revision ?? this.#committed;
    for (const { done } of batch) done();
    for (const [storage, changes] of byStorage) {
      for (const listener of this.#listeners) listener(storage, changes);
    }
  }
}

function parse(json: string): Json | undefined {
  try {
    return JSON.parse(json) as Json;
  } catch {
    // The caller tells where in the store it was.
    return undefined;
  }
}
