import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { AppendFile, Files, HostResult } from '../../core/host.ts';
import { createAppendFile } from './append-file.ts';
import { attempt } from './host-error.ts';
import { watchFolder } from './watch-folder.ts';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
/** A link planted where a file is about to be written is not followed; Windows has no such flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

function withFile<T>(path: string, flags: number, mode: number, use: (fd: number) => T): T {
  const fd = openSync(path, flags, mode);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** A rename or a new name is on disk only once its folder is (fsync(2)); Windows cannot open folders and needs it not. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  withFile(folder, constants.O_RDONLY, 0, fsyncSync);
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(fd, bytes, offset);
}

function replace(path: string, bytes: Uint8Array, mode: number): void {
  const temporary = `${path}.tmp`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_FOLLOW;
  try {
    withFile(temporary, flags, mode, (fd) => {
      fchmodSync(fd, mode);
      writeWhole(fd, bytes);
      fsyncSync(fd);
    });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** A pipe or a device has no size, and reading it may block for ever or never end. */
function sizeOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isFile()) throw new TypeError(`${path} is no regular file`);
  return stat.size;
}

function readRange(path: string, offset: number, length: number): Uint8Array {
  return withFile(path, constants.O_RDONLY, 0, (fd) => {
    const bytes = new Uint8Array(length);
    let have = 0;
    while (have < length) {
      const count = readSync(fd, bytes, have, length - have, offset + have);
      if (count === 0) break;
      have += count;
    }
    return have === length ? bytes : bytes.slice(0, have);
  });
}

function openAppend(path: string, mode: number): AppendFile {
  const flags = constants.O_WRONLY | constants.O_APPEND | NO_FOLLOW;
  const existing = attempt(() => openSync(path, flags));
  if (existing.ok) return createAppendFile(existing.value);
  const fd = openSync(path, flags | constants.O_CREAT, mode);
  syncFolder(dirname(path));
  return createAppendFile(fd);
}

function truncate(path: string, length: number): void {
  withFile(path, constants.O_WRONLY | NO_FOLLOW, 0, (fd) => {
    ftruncateSync(fd, length);
    fsyncSync(fd);
  });
}

/** Synchronous but for appends: what blocks is rare (start, compaction, rotation) and ordered by nature. */
export const nodeFiles: Files = {
  read: (path): HostResult<Uint8Array> => attempt(() => readFileSync(path)),
  readRange: (path, offset, length): HostResult<Uint8Array> =>
    attempt(() => readRange(path, offset, length)),
  size: (path): HostResult<number> => attempt(() => sizeOf(path)),
  replace: (path, bytes, mode = OWNER_ONLY): HostResult<void> =>
    attempt(() => replace(path, bytes, mode)),
  openAppend: (path, mode = OWNER_ONLY): HostResult<AppendFile> =>
    attempt(() => openAppend(path, mode)),
  truncate: (path, length): HostResult<void> => attempt(() => truncate(path, length)),
  remove: (path): HostResult<void> =>
    attempt(() => {
      rmSync(path);
      syncFolder(dirname(path));
    }),
  list: (folder): HostResult<readonly string[]> => attempt(() => readdirSync(folder).sort()),
  makeFolder: (path, mode = OWNER_ONLY_FOLDER): HostResult<void> =>
    attempt(() => {
      mkdirSync(path, { recursive: true, mode });
    }),
  watchFolder,
};
