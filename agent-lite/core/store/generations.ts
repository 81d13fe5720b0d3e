/** The store's files: `snap-<g>` holds everything up to the start of `log-<g>`; generation 0 has no snapshot. The
 * previous generation stays until the next compaction, so that a snapshot that does not read is made good by the one
 * before it and the log between them. */
import type { Files, HostResult, Logger } from '../host.ts';
import { type Content, createContent } from './content.ts';
import { readRecords, readSnapshot } from './records.ts';

export interface StoreFiles {
  readonly files: Files;
  readonly folder: string;
  readonly log: Logger;
}

const digits = (generation: number): string => generation.toString(16).padStart(8, '0');
export const snapshotPath = (folder: string, generation: number): string =>
  `${folder}/snap-${digits(generation)}`;
export const logPath = (folder: string, generation: number): string =>
  `${folder}/log-${digits(generation)}`;

interface Present {
  readonly snapshots: readonly number[];
  readonly logs: readonly number[];
}

function present(names: readonly string[]): Present {
  const numbers = (prefix: string): number[] =>
    names
      .map((name) => new RegExp(`^${prefix}-(0[0-9a-f]{7})$`).exec(name)?.[1])
      .filter((hex) => hex !== undefined)
      .map((hex) => Number.parseInt(hex, 16));
  return { snapshots: numbers('snap'), logs: numbers('log') };
}

export interface Recovered {
  readonly content: Content;
  /** The generation to write on with. */
  readonly generation: number;
  /** Length of the whole records of its log. */
  readonly logBytes: number;
  /** Length of its snapshot, 0 where it has none. */
  readonly snapshotBytes: number;
  /** Something was damaged beyond a torn tail: what is in memory should be written anew. */
  readonly damaged: boolean;
}

interface Base {
  readonly content: Content;
  readonly generation: number;
  readonly snapshotBytes: number;
  readonly damaged: boolean;
}

/** The newest snapshot that reads; nothing at all when none does. */
function newestBase(at: StoreFiles, snapshots: readonly number[]): HostResult<Base> {
  const descending = [...snapshots].sort((a, b) => b - a);
  for (const generation of descending) {
    const path = snapshotPath(at.folder, generation);
    const bytes = at.files.read(path);
    if (!bytes.ok) return bytes;
    const entries = readSnapshot(bytes.value, generation);
    if (entries !== undefined) {
      const content = createContent();
      for (const entry of entries) content.apply(entry);
      const damaged = generation !== descending[0];
      return okay({ content, generation, snapshotBytes: bytes.value.length, damaged });
    }
    at.log.error('store.snapshot-damaged', { path, sizeBytes: bytes.value.length });
  }
  const damaged = snapshots.length > 0;
  return okay({ content: createContent(), generation: 0, snapshotBytes: 0, damaged });
}

interface Replayed {
  readonly goodBytes: number;
  /** The log is there and whole to its last byte. */
  readonly whole: boolean;
}

/** Applies a log's whole transactions. */
function replay(at: StoreFiles, content: Content, generation: number): HostResult<Replayed> {
  const path = logPath(at.folder, generation);
  const bytes = at.files.read(path);
  if (!bytes.ok)
    return bytes.code === 'BL_HOST_NOT_FOUND' ? okay({ goodBytes: 0, whole: false }) : bytes;
  const { transactions, goodBytes } = readRecords(bytes.value, generation);
  for (const entries of transactions) for (const entry of entries) content.apply(entry);
  const lostBytes = bytes.value.length - goodBytes;
  if (lostBytes > 0) at.log.warn('store.log-cut', { path, goodBytes, lostBytes });
  return okay({ goodBytes, whole: lostBytes === 0 });
}

/** Reads everything up to the last whole transaction and changes nothing on disk. */
export function recover(at: StoreFiles): HostResult<Recovered> {
  const names = at.files.list(at.folder);
  if (!names.ok) return names;
  const { snapshots, logs } = present(names.value);
  const newest = Math.max(0, ...snapshots, ...logs);
  const base = newestBase(at, snapshots);
  if (!base.ok) return base;
  const { content, snapshotBytes, damaged } = base.value;
  let generation = base.value.generation;
  for (; ; generation++) {
    const log = replay(at, content, generation);
    if (!log.ok) return log;
    // Only the newest log may end torn (or not be there yet); what came after another gap must not be applied over it.
    const gap = generation !== newest && !log.value.whole;
    if (generation === newest || gap)
      return okay({
        content,
        generation: newest,
        logBytes: gap ? 0 : log.value.goodBytes,
        snapshotBytes,
        damaged: damaged || gap,
      });
  }
}

/** Removes every generation older than the one before `current`; what cannot be removed now goes next time. */
export function removeOlder(at: StoreFiles, current: number): void {
  const names = at.files.list(at.folder);
  if (!names.ok) {
    at.log.warn('store.not-listed', { code: names.code });
    return;
  }
  const { snapshots, logs } = present(names.value);
  const old = [
    ...snapshots.filter((each) => each < current - 1).map((each) => snapshotPath(at.folder, each)),
    ...logs.filter((each) => each < current - 1).map((each) => logPath(at.folder, each)),
  ];
  for (const path of old) {
    const removed = at.files.remove(path);
    if (!removed.ok) at.log.warn('store.not-removed', { path, code: removed.code });
  }
}

function okay<T>(value: T): HostResult<T> {
  return { ok: true, value };
}
