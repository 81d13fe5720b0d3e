/** A disk that has no room, whose fsync fails, or whose snapshot cannot be written. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostResult, Logger } from '../host.ts';
import type { StoredLink } from '../replication/store-contract.ts';
import { createMemoryFiles, type MemoryFiles } from './memory-files.ts';
import { type BoardStore, openStore } from './store.ts';

const nothing = (): void => undefined;
const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function open(files: MemoryFiles, compactBytes = 2000): { store: BoardStore; link: StoredLink } {
  const store = openStore({ files, folder: '/s', log, compactBytes });
  const link = store.load();
  if (!link.ok) throw new Error(link.message);
  return { store, link: link.value };
}
const commit = (store: BoardStore, name: string, mark: number): Promise<HostResult<void>> =>
  new Promise((done) =>
    store.commitDesired([{ board: 'b', kind: 1, name, body: new Uint8Array(100) }], mark, done),
  );
const names = (link: StoredLink) => link.boards[0]?.desired.map((each) => each.name);
const codeOf = (result: HostResult<void>): string => (result.ok ? '' : result.code);

test('a full disk refuses the commit, keeps all before it, and takes the next once there is room', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  await commit(store, 'a', 1);
  files.faults.room = 50;
  assert.is(codeOf(await commit(store, 'b', 2)), 'BL_HOST_NO_SPACE');
  assert.is(codeOf(await commit(store, 'c', 3)), 'BL_HOST_NO_SPACE');
  files.faults.room = 10_000;
  assert.is(codeOf(await commit(store, 'd', 4)), '');
  const { link } = open(files.powerCut(() => 0));
  assert.equal(names(link), ['a', 'd']);
  assert.is(link.mark, 4);
});

test('a refused commit is not there after the process dies before the next one', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  await commit(store, 'a', 1);
  files.faults.room = 50;
  await commit(store, 'b', 2);
  files.faults.room = 10_000;
  const { link, store: again } = open(files);
  assert.equal(names(link), ['a']);
  assert.is(codeOf(await commit(again, 'c', 3)), '');
  assert.equal(names(open(files).link), ['a', 'c']);
});

test('after a failed fsync the store goes on in new files and what it refused stays refused', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  await commit(store, 'a', 1);
  files.faults.failSyncs = true;
  assert.is(codeOf(await commit(store, 'b', 2)), 'BL_HOST_IO');
  files.faults.failSyncs = false;
  assert.is(codeOf(await commit(store, 'c', 3)), '');
  assert.is(store.stats().compactions, 1);
  assert.equal(names(open(files.powerCut(() => 0)).link), ['a', 'c']);
});

test('what a failed fsync left in the old log does not come back when the new snapshot is damaged', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  await commit(store, 'a', 1);
  files.faults.failSyncs = true;
  await commit(store, 'b', 2);
  files.faults.failSyncs = false;
  await commit(store, 'c', 3);
  files.contents.set('/s/snap-00000001', { bytes: new Uint8Array(3), synced: 3 });
  assert.equal(names(open(files.powerCut((all) => all)).link), ['a', 'c']);
});

test('while no new file can be written after a failed fsync, every commit is refused', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  await commit(store, 'a', 1);
  files.faults.failSyncs = true;
  files.faults.failReplace = true;
  await commit(store, 'b', 2);
  assert.is(codeOf(await commit(store, 'c', 3)), 'BL_HOST_NO_SPACE');
  files.faults.failSyncs = false;
  files.faults.failReplace = false;
  assert.is(codeOf(await commit(store, 'd', 4)), '');
  assert.equal(names(open(files.powerCut(() => 0)).link), ['a', 'd']);
});

test('a compaction that fails loses nothing and is not tried at each commit', async () => {
  const files = createMemoryFiles();
  const { store } = open(files, 1000);
  files.faults.failReplace = true;
  for (let i = 0; i < 100; i++) assert.is(codeOf(await commit(store, 'same', i)), '');
  assert.is(store.stats().compactions, 0);
  assert.ok(files.replaces() > 2 && files.replaces() < 20, `${files.replaces()} tries`);
  files.faults.failReplace = false;
  for (let i = 100; i < 120; i++) await commit(store, 'same', i);
  assert.is(store.stats().compactions > 0, true);
  const { link } = open(files.powerCut(() => 0));
  assert.is(link.mark, 119);
});

test('more than 4,096 writes that wait are refused with BL_STORE_BUSY', async () => {
  const { store } = open(createMemoryFiles());
  const results = await Promise.all(
    Array.from({ length: 5000 }, (_, i) => commit(store, `n${i}`, i)),
  );
  const codes = new Set(results.map(codeOf));
  assert.equal([...codes].sort(), ['', 'BL_STORE_BUSY']);
});

test.run();
