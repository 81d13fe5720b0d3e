import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backupStore, restoreStore } from '../backup.ts';
import { str } from '../json.ts';
import { items, MERGE, startServer, type TestServer } from '../test-support/server.ts';
import { type Disk, openDisk } from './disk.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const make = (name: string, text = ''): Parameters<TestServer['call']>[2] => ({
  metadata: { name },
  data: { k: text },
});
const versionOf = async (server: TestServer): Promise<number> =>
  Number(str((await server.call('GET', MAPS)).body, 'metadata', 'resourceVersion'));
const folder = (): string => mkdtempSync(join(tmpdir(), 'boardlet-store-'));

/** A disk whose commits fail while `full` is set. */
function failing(state: { full: boolean }): (dataDir: string) => Disk {
  return (dataDir) => {
    const disk = openDisk(dataDir);
    return {
      ...disk,
      commit: (writes) =>
        state.full ? Promise.reject(new Error('MDB_MAP_FULL: ENOSPC')) : disk.commit(writes),
    };
  };
}

test('a full disk refuses writes with 507, shows none of them, and the process lives', async () => {
  const state = { full: false };
  const server = await startServer({ disk: failing(state) });
  try {
    await server.call('POST', MAPS, make('kept', '1'));
    const watch = await server.watch(`${MAPS}?watch=true`);
    await watch.next();
    state.full = true;
    const refused = await server.call('POST', MAPS, make('lost'));
    assert.is(refused.status, 507);
    assert.is(str(refused.body, 'reason'), 'InsufficientStorage');
    assert.is(
      (await server.call('PATCH', `${MAPS}/kept`, { data: { k: '2' } }, MERGE)).status,
      507,
    );
    assert.is((await server.call('DELETE', `${MAPS}/kept`)).status, 507);
    assert.is((await server.call('GET', `${MAPS}/lost`)).status, 404);
    assert.is(str((await server.call('GET', `${MAPS}/kept`)).body, 'data', 'k'), '1');
    state.full = false;
    assert.is((await server.call('POST', MAPS, make('lost'))).status, 201);
    assert.is(str((await watch.next())?.object, 'metadata', 'name'), 'lost');
    watch.close();
  } finally {
    await server.close();
  }
});

test('the store is bounded in bytes; deleting makes room', async () => {
  const server = await startServer({ limits: { storeBytes: 300_000 } });
  try {
    assert.is((await server.call('POST', MAPS, make('a', 'x'.repeat(200_000)))).status, 201);
    assert.is((await server.call('POST', MAPS, make('b', 'x'.repeat(200_000)))).status, 507);
    await server.call('DELETE', `${MAPS}/a`);
    assert.is((await server.call('POST', MAPS, make('b', 'x'.repeat(200_000)))).status, 201);
  } finally {
    await server.close();
  }
});

test('a restart keeps objects and uids, resourceVersions go on, and resumed watches see what they missed or 410', async () => {
  const dir = folder();
  try {
    let server = await startServer({ dir });
    const made = await server.call('POST', MAPS, make('a', '1'));
    const before = await versionOf(server);
    await server.close();
    server = await startServer({ dir });
    const found = await server.call('GET', `${MAPS}/a`);
    assert.is(str(found.body, 'metadata', 'uid'), str(made.body, 'metadata', 'uid'));
    assert.is(
      str(found.body, 'metadata', 'resourceVersion'),
      str(made.body, 'metadata', 'resourceVersion'),
    );
    await server.call('PATCH', `${MAPS}/a`, { data: { k: '2' } }, MERGE);
    assert.ok((await versionOf(server)) > before);
    const resumed = await server.watch(`${MAPS}?watch=true&resourceVersion=${before}`);
    assert.is(str((await resumed.next())?.object, 'data', 'k'), '2');
    resumed.close();
    const old = await server.watch(`${MAPS}?watch=true&resourceVersion=${before - 1}`);
    assert.is((await old.next())?.type, 'ERROR');
    await server.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('writes lost with the power are not resumed from: their resourceVersions are 410', async () => {
  const dir = folder();
  try {
    // Commits that report success and keep nothing stand for pages that never reached the disk.
    let lossy = false;
    const server = await startServer({
      dir,
      disk: (dataDir) => {
        const disk = openDisk(dataDir);
        return { ...disk, commit: (writes) => (lossy ? Promise.resolve() : disk.commit(writes)) };
      },
    });
    lossy = true;
    const lost = await server.call('POST', MAPS, make('lost'));
    const seen = Number(str(lost.body, 'metadata', 'resourceVersion'));
    await server.close();
    const again = await startServer({ dir });
    assert.is((await again.call('GET', `${MAPS}/lost`)).status, 404);
    const watch = await again.watch(`${MAPS}?watch=true&resourceVersion=${seen}`);
    assert.is((await watch.next())?.type, 'ERROR');
    const next = await again.call('POST', MAPS, make('new'));
    assert.ok(Number(str(next.body, 'metadata', 'resourceVersion')) > seen);
    await again.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a backup of a running store restores into another, above both histories', async () => {
  const dir = folder();
  const other = folder();
  try {
    const server = await startServer({ dir });
    await server.call('POST', MAPS, make('saved', '1'));
    const file = join(dir, 'backup');
    const { objects } = await backupStore(join(dir, 'data'), file);
    assert.ok(objects >= 11);
    await server.call('POST', MAPS, make('later'));
    await server.close();
    let target = await startServer({ dir: other });
    for (let count = 0; count < 50; count++) await target.call('POST', MAPS, make(`t${count}`));
    const high = await versionOf(target);
    await target.close();
    await restoreStore(join(other, 'data'), file);
    target = await startServer({ dir: other });
    const names = items(await target.call('GET', MAPS)).map((item) =>
      str(item, 'metadata', 'name'),
    );
    assert.equal(names, ['saved']);
    assert.ok((await versionOf(target)) > high);
    const watch = await target.watch(`${MAPS}?watch=true&resourceVersion=${high}`);
    assert.is((await watch.next())?.type, 'ERROR');
    await target.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
    rmSync(other, { recursive: true, force: true });
  }
});

test.run();
