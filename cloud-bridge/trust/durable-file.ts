/** A file that is there whole or not at all, also after a power cut. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes beside `path`, fsyncs, renames over it, fsyncs the folder. `mode` in octal. */
export function writeDurably(path: string, text: string, mode: number): void {
  const draft = `${path}.new`;
  // A draft that a crash left keeps its own mode, and one that is a link leads elsewhere: neither is written into.
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncFolder(dirname(path));
}

function syncFolder(path: string): void {
  // Windows cannot open a folder for fsync; NTFS journals the rename by itself.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
