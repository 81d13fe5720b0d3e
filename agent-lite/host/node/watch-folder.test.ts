import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watchFolder } from './watch-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'boardlet-watch-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Watched {
  /** Resolves at the next call. */
  readonly next: () => Promise<void>;
  readonly count: () => number;
  readonly close: () => void;
}

function watched(path: string): Watched {
  let count = 0;
  let wake: (() => void) | undefined;
  const { close } = watchFolder(path, () => {
    count += 1;
    wake?.();
  });
  return {
    // The watcher keeps no process alive, so waiting needs something that does.
    next: async () => {
      const alive = setInterval(() => undefined, 1000);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      clearInterval(alive);
    },
    count: () => count,
    close,
  };
}

test('one call for several changes at once: new, changed, renamed and removed files', async () => {
  const path = join(folder, 'w');
  mkdirSync(path);
  const watch = watched(path);
  for (let i = 0; i < 5; i++) writeFileSync(join(path, `f${i}`), String(i));
  await watch.next();
  assert.is(watch.count(), 1);
  writeFileSync(join(path, 'f0'), 'longer');
  await watch.next();
  renameSync(join(path, 'f0'), join(path, 'g0'));
  await watch.next();
  rmSync(join(path, 'f1'));
  await watch.next();
  watch.close();
});

test('a folder that is missing, comes, goes and comes again is followed', async () => {
  const path = join(folder, 'late');
  const watch = watched(path);
  mkdirSync(path);
  writeFileSync(join(path, 'a'), '');
  await watch.next();
  rmSync(path, { recursive: true });
  await watch.next();
  mkdirSync(path);
  writeFileSync(join(path, 'b'), '');
  await watch.next();
  watch.close();
});

test('after close nothing is called any more', async () => {
  const path = join(folder, 'closed');
  mkdirSync(path);
  const watch = watched(path);
  writeFileSync(join(path, 'a'), '');
  watch.close();
  await delay(250);
  assert.is(watch.count(), 0);
});

test.run();
