import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { BoardletError } from '@boardlet/adapters/wire';
import { type DiskWrite, openDisk } from './store/disk.ts';

/**
 * One file, text: a header line, one line for each key, and a last line with the SHA-256 of all before it. The
 * whole fits in memory: a store holds at most `storeBytes`.
 */
const FORMAT = 'boardlet-api-backup/1';

/** Writes a consistent copy of a store, also of one that a running API has open. Mode 0600. Throws `BL_API_STORE_OPEN`. */
export async function backupStore(
  dataDir: string,
  file: string,
): Promise<{ readonly objects: number }> {
  const disk = openDisk(dataDir);
  try {
    const lines = [JSON.stringify({ format: FORMAT })];
    // One range is one read transaction of LMDB: a snapshot.
    for (const entry of disk.entries('')) lines.push(JSON.stringify(entry));
    const body = `${lines.join('\n')}\n`;
    const sum = createHash('sha256').update(body).digest('hex');
    const half = `${file}.${process.pid}.tmp`;
    writeFileSync(half, `${body}${JSON.stringify({ sha256: sum })}\n`, { mode: 0o600 });
    renameSync(half, file);
    return { objects: lines.filter((line) => line.startsWith('["o/')).length };
  } finally {
    await disk.close();
  }
}

const damaged = (file: string, why: string): BoardletError =>
  new BoardletError('BL_API_BAD_BACKUP', `${file} is no usable backup: ${why}`);

function readBackup(file: string): (readonly [string, string])[] {
  const text = readFileSync(file, 'utf8');
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  const body = text.slice(0, end);
  const sum = createHash('sha256').update(body).digest('hex');
  if (text.slice(end) !== `${JSON.stringify({ sha256: sum })}\n`) throw damaged(file, 'checksum');
  const [header = '', ...lines] = body.trimEnd().split('\n');
  if (header !== JSON.stringify({ format: FORMAT })) throw damaged(file, 'format');
  return lines.map((line) => JSON.parse(line) as [string, string]);
}

/**
 * Replaces the content of a store that no API has open by a backup's. resourceVersions go on above both those of the
 * backup and those of the store that is replaced. Throws `BL_API_BAD_BACKUP`, `BL_API_STORE_OPEN`.
 */
export async function restoreStore(
  dataDir: string,
  file: string,
): Promise<{ readonly objects: number }> {
  const entries = readBackup(file);
  const disk = openDisk(dataDir);
  try {
    const kept = new Map(entries);
    const highest = Math.max(
      ...['m/ceiling', 'm/revision'].map((key) => Number(disk.get(key) ?? 0)),
      ...['m/ceiling', 'm/revision'].map((key) => Number(kept.get(key) ?? 0)),
    );
    const writes: DiskWrite[] = [];
    for (const [key] of disk.entries('o/')) if (!kept.has(key)) writes.push([key, undefined]);
    const objects = entries.filter(([key]) => key.startsWith('o/'));
    // One above all that was ever given out: nobody can hold it, so nobody resumes across the restore.
    const floor = String(highest + 1);
    writes.push(...objects, ['m/ceiling', floor], ['m/revision', floor]);
    await disk.commit(writes);
    await disk.flushed();
    return { objects: objects.length };
  } finally {
    await disk.close();
  }
}
