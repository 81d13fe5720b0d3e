import { mkdirSync } from 'node:fs';
import { BoardletError } from '@boardlet/adapters/wire';
import { open, type RootDatabase } from 'lmdb';

/** One atomic change of the durable state: a value, or undefined to remove the key. */
export type DiskWrite = readonly [key: string, value: string | undefined];

/** The durable map under the store; a test replaces it to make disks fill up. */
export interface Disk {
  readonly entries: (prefix: string) => Iterable<readonly [key: string, value: string]>;
  readonly get: (key: string) => string | undefined;
  /** Resolves when all writes are committed as one transaction, readable by any process after a kill of this one. */
  readonly commit: (writes: readonly DiskWrite[]) => Promise<void>;
  /** Resolves when everything committed so far survives a loss of power. */
  readonly flushed: () => Promise<void>;
  readonly close: () => Promise<void>;
}

// A character above all that a key may contain (RFC 1123 names and our own prefixes are ASCII).
const AFTER_ALL = '\uffff';

/**
 * LMDB in `dataDir`. A commit goes to the page cache and is fsynced right behind it on LMDB's own thread
 * (`overlappingSync`), so an answer waits for one commit (0.3–0.6 ms here) and never for the disk. A killed process loses
 * nothing; a loss of power loses what was not yet flushed, and never tears the store (LMDB then opens the last
 * flushed transaction). Throws `BL_API_STORE_OPEN`.
 */
export function openDisk(dataDir: string): Disk {
  let root: RootDatabase<string, string>;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    root = open<string, string>({ path: dataDir, encoding: 'string', overlappingSync: true });
  } catch (cause) {
    throw new BoardletError('BL_API_STORE_OPEN', `cannot open the store in ${dataDir}`, { cause });
  }
  return {
    *entries(prefix) {
      for (const { key, value } of root.getRange({ start: prefix, end: prefix + AFTER_ALL })) {
        yield [key, value];
      }
    },
    get: (key) => root.get(key),
    // lmdb-js gathers all writes of one turn of the event loop into one transaction.
    commit: async (writes) => {
      await Promise.all(
        writes.map(([key, value]) =>
          value === undefined ? root.remove(key) : root.put(key, value),
        ),
      );
    },
    flushed: async () => {
      await root.flushed;
    },
    close: () => root.close(),
  };
}
