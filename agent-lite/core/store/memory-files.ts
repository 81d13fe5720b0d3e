/** `Files` in memory for tests, with what a disk does at its worst: no room, failing fsyncs, and a power cut that takes
 * what was not synced. */
import type { AppendFile, Files, HostResult } from '../host.ts';

interface MemoryFile {
  bytes: Uint8Array;
  /** So much of it survives a power cut. */
  synced: number;
}

export interface MemoryFiles extends Files {
  readonly contents: Map<string, MemoryFile>;
  readonly faults: {
    /** Bytes that still fit; a write that does not fit leaves a part of itself. */
    room: number;
    failSyncs: boolean;
    failReplace: boolean;
  };
  /** Appends and replaces so far. */
  readonly writes: () => number;
  readonly syncs: () => number;
  /** Calls of `replace`, failed ones too. */
  readonly replaces: () => number;
  /** What is found after the power is back; of what was not synced, `keep` says how much is there. */
  readonly powerCut: (keep: (unsyncedBytes: number) => number) => MemoryFiles;
}

const OK: HostResult<void> = { ok: true, value: undefined };
const fail = <T>(code: string): HostResult<T> => ({ ok: false, code, message: code });

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

export function createMemoryFiles(contents: Map<string, MemoryFile> = new Map()): MemoryFiles {
  const faults = { room: Number.POSITIVE_INFINITY, failSyncs: false, failReplace: false };
  const counts = { writes: 0, syncs: 0, replaces: 0 };
  const found = (path: string): HostResult<MemoryFile> => {
    const file = contents.get(path);
    return file === undefined ? fail('BL_HOST_NOT_FOUND') : { ok: true, value: file };
  };
  const bytesOf = (path: string): HostResult<Uint8Array> => {
    const file = found(path);
    return file.ok ? { ok: true, value: file.value.bytes.slice() } : file;
  };
  return {
    contents,
    faults,
    writes: () => counts.writes,
    syncs: () => counts.syncs,
    replaces: () => counts.replaces,
    powerCut: (keep) => createMemoryFiles(survivors(contents, keep)),
    read: bytesOf,
    readRange: (path, offset, length) => {
      const bytes = bytesOf(path);
      return bytes.ok ? { ok: true, value: bytes.value.slice(offset, offset + length) } : bytes;
    },
    size: (path) => {
      const file = found(path);
      return file.ok ? { ok: true, value: file.value.bytes.length } : file;
    },
    replace: (path, bytes) => {
      counts.replaces += 1;
      if (faults.failReplace || bytes.length > faults.room) return fail('BL_HOST_NO_SPACE');
      counts.writes += 1;
      contents.set(path, { bytes: bytes.slice(), synced: bytes.length });
      return OK;
    },
    openAppend: (path) => {
      const file = contents.get(path) ?? { bytes: new Uint8Array(0), synced: 0 };
      contents.set(path, file);
      return { ok: true, value: appendTo(file, faults, counts) };
    },
    truncate: (path, length) => {
      const file = found(path);
      if (!file.ok) return file;
      file.value.bytes = file.value.bytes.slice(0, length);
      file.value.synced = length;
      return OK;
    },
    remove: (path) => (contents.delete(path) ? OK : fail('BL_HOST_NOT_FOUND')),
    list: (folder) => ({
      ok: true,
      value: [...contents.keys()].map((path) => path.slice(folder.length + 1)),
    }),
    makeFolder: () => OK,
    watchFolder: () => ({ close: () => undefined }),
  };
}

function survivors(
  contents: ReadonlyMap<string, MemoryFile>,
  keep: (unsyncedBytes: number) => number,
): Map<string, MemoryFile> {
  return new Map(
    Array.from(contents, ([path, { bytes, synced }]) => {
      const length = synced + keep(bytes.length - synced);
      return [path, { bytes: bytes.slice(0, length), synced: length }];
    }),
  );
}

function appendTo(
  file: MemoryFile,
  faults: MemoryFiles['faults'],
  counts: { writes: number; syncs: number },
): AppendFile {
  const later = (run: () => void): void => void Promise.resolve().then(run);
  return {
    append: (bytes, done) => {
      counts.writes += 1;
      const taken = Math.min(bytes.length, faults.room);
      faults.room -= taken;
      file.bytes = joined(file.bytes, bytes.subarray(0, taken));
      later(() => done(taken === bytes.length ? OK : fail('BL_HOST_NO_SPACE')));
    },
    sync: (done) => {
      counts.syncs += 1;
      if (!faults.failSyncs) file.synced = file.bytes.length;
      const result = faults.failSyncs ? fail<void>('BL_HOST_IO') : OK;
      later(() => done(result));
    },
    close: () => undefined,
  };
}
