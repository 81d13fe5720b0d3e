import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';

/** Editors and kubectl-style tools write a file in several steps. */
const DEBOUNCE_MS = 100;
/** While the system tells us of changes, the poll only catches what it cannot see (network file systems, a folder made anew). */
const SLOW_POLL_MS = 10_000;
const POLL_MS = 1000;

/** Names, sizes and times of all that is in the folder; empty where it cannot be read. */
function signature(folder: string): string {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => `${name}\0${fileSignature(join(folder, name))}`)
      .join('\n');
  } catch {
    // Not there (yet), or not ours to read: the same as empty, and seen again at the next poll.
    return '';
  }
}

function fileSignature(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '-' : `${stat.size} ${stat.mtimeMs} ${stat.ino}`;
}

/** Calls `changed` after anything in the folder changed. The folder may be missing, come and go. Keeps no process alive. */
export function watchFolder(folder: string, changed: () => void): { readonly close: () => void } {
  let seen = signature(folder);
  let watcher: FSWatcher | undefined;
  let debounce: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout;
  let closed = false;

  const look = (): void => {
    debounce = undefined;
    if (closed) return;
    const now = signature(folder);
    if (now === seen) return;
    seen = now;
    changed();
  };
  const soon = (): void => {
    if (closed || debounce !== undefined) return;
    debounce = setTimeout(look, DEBOUNCE_MS);
    debounce.unref();
  };
  const unwatch = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  const tryWatch = (): void => {
    if (watcher !== undefined || closed) return;
    try {
      const opened = watch(folder, { persistent: false }, (_event, name) => {
        // inotify's own end (IN_DELETE_SELF, IN_MOVE_SELF) comes under the folder's name: watch what is there next.
        if (name === null || folder.endsWith(name)) lose();
        soon();
      });
      opened.on('error', lose);
      watcher = opened;
      // What changed between the last look and now came before the watch.
      soon();
    } catch {
      // No such folder, or no watches left (ENOSPC of inotify): the poll below goes on.
      watcher = undefined;
    }
  };
  const lose = (): void => {
    unwatch();
    clearTimeout(poll);
    if (!closed) arm();
  };
  const repeat = (): void => {
    tryWatch();
    arm();
  };
  const arm = (): void => {
    poll = setTimeout(
      () => {
        look();
        repeat();
      },
      watcher === undefined ? POLL_MS : SLOW_POLL_MS,
    );
    poll.unref();
  };
  repeat();
  return {
    close: () => {
      closed = true;
      clearTimeout(poll);
      clearTimeout(debounce);
      unwatch();
    },
  };
}
