import { mkdirSync } from 'node:fs';
import { BoardletError } from '@boardlet/adapters/wire';
import { open, type RootDatabase } from 'lmdb';
import { markClosed, markOpen, probeStore } from './probe.ts';

/** One atomic change of the durable state: a value, or undefined to remove the key. */
export type DiskWrite = readonly [key: string, value: string | undefined];

/** The durable map under the store; a test replaces it to make disks fill up. */
export interface Disk {
  readonly entries: (prefix: string) => Iterable<readonly [key: string, value: string]>;
  readonly get: (key: string) => string | undefined;
  /** Resolves when all writes are committed as one transaction; rejects, with nothing written, when they cannot be. */
  readonly commit: (writes: readonly DiskWrite[]) => Promise<void>;
  /** Resolves when everything committed so far survives a loss of power. */
  readonly flushed: () => Promise<void>;
  readonly close: () => Promise<void>;
}

// A character above all that a key may contain (RFC 1123 names and our own prefixes are ASCII).
const AFTER_ALL = '\uffff';

/**
 * LMDB in `dataDir`. Each commit is one synchronous transaction with one fdatasync (`noMetaSync`: 0.2–0.3 ms on an SSD;
 * with a slow disk it is the disk's time, shared by all writes of the group). The store is never torn; a loss of
 * power may take the last commit, a kill of the process takes nothing. Synchronous because lmdb-js's own write thread
 * does not survive a failed commit: a full disk ends the process there, and only throws here. Throws `BL_API_STORE_OPEN`.
 */
export function openDisk(dataDir: string): Disk {
  let root: RootDatabase<string, string>;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const damage = probeStore(dataDir);
    if (damage !== undefined) {
      throw new Error(`it is damaged (${damage}): move it away and restore a backup`);
    }
    markOpen(dataDir);
    root = open<string, string>({
      path: dataDir,
      encoding: 'string',
      overlappingSync: false,
      noMetaSync: true,
    });
  } catch (cause) {
    throw new BoardletError(
      'BL_API_STORE_OPEN',
      `cannot open the store in ${dataDir}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  return {
    *entries(prefix) {
      for (const { key, value } of root.getRange({ start: prefix, end: prefix + AFTER_ALL })) {
        yield [key, value];
      }
    },
    get: (key) => root.get(key),
    commit: (writes) => commitTo(root, writes),
    // The data sync of this commit takes the meta page of the one before to the disk.
    flushed: () => commitTo(root, [['m/flush', String(Date.now())]]),
    close: async () => {
      await root.close();
      markClosed(dataDir);
    },
  };
}

/** A throw inside becomes the rejection. */
function commitTo(root: RootDatabase<string, string>, writes: readonly DiskWrite[]): Promise<void> {
  return new Promise((resolve) => {
    root.transactionSync(() => {
      for (const [key, value] of writes) {
        if (value === undefined) root.removeSync(key);
        else root.putSync(key, value);
      }
    });
    resolve();
  });
}
