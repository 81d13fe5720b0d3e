import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Size and time of the data file when it was last closed well. */
const MARK = 'closed.json';
const DATA = 'data.mdb';
/** A store of 1 GiB from a slow disk. */
const PROBE_LIMIT_MS = 120_000;

/**
 * Reads all and writes once, in a process of its own: LMDB maps the file, so a page that is not there or points
 * nowhere ends whoever touches it with SIGBUS or SIGSEGV, and no error can be caught.
 */
const SCRIPT = `
const { open } = await import(process.argv[1]);
const root = open({ path: process.argv[2], encoding: 'string', overlappingSync: false, noMetaSync: true });
for (const { value } of root.getRange({})) String(value).length;
root.transactionSync(() => root.putSync('m/flush', String(Date.now())));
await root.close();
`;

function stateOf(dataDir: string): string | undefined {
  const found = statSync(join(dataDir, DATA), { throwIfNoEntry: false });
  if (found === undefined || found.size === 0) return undefined;
  return JSON.stringify({ bytes: found.size, changedMs: found.mtimeMs });
}

function readMark(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, MARK), 'utf8');
  } catch {
    // No mark: the store was not closed well, and is looked at.
    return '';
  }
}

/** Why the store in `dataDir` cannot be used; undefined when it can, or is new. Costs a process unless it was closed well. */
export function probeStore(dataDir: string): string | undefined {
  const state = stateOf(dataDir);
  if (state === undefined || state === readMark(dataDir)) return undefined;
  const node = ['--input-type=module', '-e', SCRIPT, import.meta.resolve('lmdb'), dataDir];
  const { signal, status, stderr } = spawnSync(process.execPath, node, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: PROBE_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  if (signal !== null) return `reading it ended with ${signal}`;
  // What else a write can meet, as a full disk, is told by the store itself.
  const corrupt = /MDB_(?:CORRUPTED|PAGE_NOTFOUND|INVALID|VERSION_MISMATCH)[^\n]*/.exec(stderr);
  return status === 0 ? undefined : corrupt?.[0];
}

/** From now on the store is in use: only `markClosed` makes it pass unseen again. */
export function markOpen(dataDir: string): void {
  rmSync(join(dataDir, MARK), { force: true });
}

export function markClosed(dataDir: string): void {
  const state = stateOf(dataDir);
  if (state !== undefined) writeFileSync(join(dataDir, MARK), state, { mode: 0o600 });
}
