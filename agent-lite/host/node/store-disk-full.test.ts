/** The store on a file system of 1 MiB that is really full. Needs root for the mount; the same is tested with injected
 * faults beside the store. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostResult } from '../../core/host.ts';
import { type BoardStore, openStore } from '../../core/store/index.ts';
import { nodeFiles } from './files.ts';
import { createLogger } from './log.ts';

const log = createLogger({ write: () => undefined });

function mounted(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'boardlet-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', folder], {
      stdio: 'ignore',
    });
    return folder;
  } catch {
    // Not root, or no tmpfs here: reported as not run.
    rmdirSync(folder);
    return undefined;
  }
}

const commit = (store: BoardStore, name: string, size: number): Promise<HostResult<void>> =>
  new Promise((done) => {
    const change = { board: 'b', kind: 1, name, body: new Uint8Array(size) };
    store.commitDesired([change], 1, done);
  });

const folder = mounted();
if (folder === undefined) console.log('NOT RUN: a tmpfs cannot be mounted here');
else {
  test('a full disk refuses commits with a code, loses nothing, and the store works again once there is room', async () => {
    const store = openStore({ files: nodeFiles, folder: join(folder, 'store'), log });
    assert.ok(store.load().ok);
    assert.ok((await commit(store, 'before', 1000)).ok);
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(900_000));
    const codes = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const result = await commit(store, `n${i}`, 10_000);
      if (!result.ok) codes.add(result.code);
    }
    assert.equal([...codes], ['BL_HOST_NO_SPACE']);
    rmSync(join(folder, 'ballast'));
    assert.ok((await commit(store, 'after', 1000)).ok);
    await new Promise((done) => store.close(done));
    const again = openStore({ files: nodeFiles, folder: join(folder, 'store'), log });
    const link = again.load();
    if (!link.ok) throw new Error(link.message);
    const names = link.value.boards[0]?.desired.map((each) => each.name) ?? [];
    assert.is(names[0], 'before');
    assert.is(names.at(-1), 'after');
    await new Promise((done) => again.close(done));
  });
  test.after(() => {
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  });
  test.run();
}
