import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostResult, Logger } from '../host.ts';
import type { DocumentChange, StoredLink } from '../replication/store-contract.ts';
import { createMemoryFiles, type MemoryFiles } from './memory-files.ts';
import { type BoardStore, openStore, type StoreOptions } from './store.ts';

const nothing = (): void => undefined;
const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
type Answer = (done: (result: HostResult<void>) => void) => void;
const answered = (ask: Answer): Promise<HostResult<void>> => new Promise((done) => ask(done));

function open(
  files: MemoryFiles,
  options: Partial<StoreOptions> = {},
): { store: BoardStore; link: StoredLink } {
  const store = openStore({ files, folder: '/s', log, ...options });
  const link = store.load();
  if (!link.ok) throw new Error(link.message);
  return { store, link: link.value };
}
const body = (text: string): Uint8Array => new Uint8Array([...text].map((c) => c.charCodeAt(0)));
const put = (name: string, text: string, board = 'b1'): DocumentChange => ({
  board,
  kind: 1,
  name,
  body: body(text),
});
const commit = (store: BoardStore, changes: DocumentChange[], mark: number) =>
  answered((done) => store.commitDesired(changes, mark, done));
const save = (store: BoardStore, changes: DocumentChange[], durable: boolean) =>
  answered((done) => store.saveReported(changes, durable, done));
const close = (store: BoardStore) => answered((done) => store.close(done));

test('a new folder holds nothing and counts the first start', async () => {
  const { store, link } = open(createMemoryFiles());
  assert.equal(link, { mark: 0, boots: 1, boards: [] });
  await close(store);
});

test('documents, mark, realm, journal and starts come back after a clean close', async () => {
  const files = createMemoryFiles();
  const first = open(files).store;
  await answered((done) => first.saveRealm(body('12345678'), done));
  await commit(first, [put('ns/a', 'one'), put('ns/ü', 'two')], 7);
  await commit(first, [put('ns/a', 'three'), { board: 'b1', kind: 1, name: 'ns/ü' }], 9);
  await save(first, [put('ns/s', 'status', 'b2')], false);
  first.appendJournal('b1', 77, 0, body('e0'));
  first.appendJournal('b1', 77, 1, body('e1'));
  first.trimJournal('b1', 77, 0, 3);
  await close(first);
  const { link, store } = open(files);
  assert.equal(link, {
    mark: 9,
    realm: body('12345678'),
    boots: 2,
    boards: [
      {
        id: 'b1',
        desired: [{ kind: 1, name: 'ns/a', body: body('three') }],
        reported: [],
        journal: [{ segment: 77, first: 1, entries: [body('e1')] }],
        lost: 3,
      },
      {
        id: 'b2',
        desired: [],
        reported: [{ kind: 1, name: 'ns/s', body: body('status') }],
        journal: [],
        lost: 0,
      },
    ],
  });
  await close(store);
});

test('a desired commit survives a power cut that takes everything not synced', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  assert.ok((await commit(store, [put('ns/a', 'kept')], 5)).ok);
  await save(store, [put('ns/s', 'lazy')], false);
  const { link } = open(files.powerCut(() => 0));
  assert.is(link.mark, 5);
  assert.equal(link.boards[0]?.desired, [{ kind: 1, name: 'ns/a', body: body('kept') }]);
  assert.equal(link.boards[0]?.reported, []);
});

test('a lazily saved value that the operating system has survives the death of the process', async () => {
  const files = createMemoryFiles();
  await save(open(files).store, [put('ns/s', 'lazy')], false);
  assert.equal(open(files).link.boards[0]?.reported, [
    { kind: 1, name: 'ns/s', body: body('lazy') },
  ]);
});

test('a durable answer covers what was saved lazily before it', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  await save(store, [put('ns/s', 'lazy')], false);
  assert.ok((await save(store, [], true)).ok);
  assert.is(open(files.powerCut(() => 0)).link.boards[0]?.reported.length, 1);
});

test('commits that are asked for while one is written share the next write and its fsync', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  const commits = Array.from({ length: 50 }, (_, i) => commit(store, [put(`ns/${i}`, 'x')], i));
  for (const result of await Promise.all(commits)) assert.ok(result.ok);
  assert.ok(files.syncs() <= 2, `${files.syncs()} fsyncs`);
});

test('answers never come within the call, and in the order of the calls', async () => {
  const { store } = open(createMemoryFiles(), { storeBytes: 1, compactBytes: 0 });
  const order: string[] = [];
  store.commitDesired([put('ns/a', 'no room')], 1, () => order.push('first'));
  store.saveReported([], false, () => order.push('second'));
  assert.equal(order, []);
  await answered((done) => store.saveReported([], true, done));
  assert.equal(order, ['first', 'second']);
});

test('what would pass the bound is refused with BL_STORE_FULL; what is stored stays, and removing makes room', async () => {
  const files = createMemoryFiles();
  const { store } = open(files, { storeBytes: 10_000, compactBytes: 1000 });
  const big = 'x'.repeat(1500);
  assert.ok((await commit(store, [put('ns/a', big)], 1)).ok);
  const full = await commit(store, [put('ns/b', big)], 2);
  assert.is(full.ok ? '' : full.code, 'BL_STORE_FULL');
  assert.ok((await commit(store, [{ board: 'b1', kind: 1, name: 'ns/a' }], 3)).ok);
  assert.ok((await commit(store, [put('ns/b', big)], 4)).ok);
  const { link } = open(files.powerCut(() => 0));
  assert.is(link.mark, 4);
  assert.equal(
    link.boards[0]?.desired.map((each) => each.name),
    ['ns/b'],
  );
});

test('all files together stay under storeBytes however often documents are rewritten', async () => {
  const files = createMemoryFiles();
  const { store } = open(files, { storeBytes: 64_000, compactBytes: 4000 });
  let most = 0;
  for (let i = 0; i < 400; i++) {
    await commit(store, [put(`ns/${i % 10}`, String(i).repeat(200))], i);
    let sum = 0;
    for (const { bytes } of files.contents.values()) sum += bytes.length;
    most = Math.max(most, sum);
  }
  assert.ok(store.stats().compactions > 5);
  assert.ok(most < 64_000, `${most} bytes`);
});

test('an idle store writes nothing, and a compaction comes only when enough is dead', async () => {
  const files = createMemoryFiles();
  const { store } = open(files, { compactBytes: 20_000 });
  for (let i = 0; i < 200; i++) await commit(store, [put(`ns/${i}`, 'y'.repeat(200))], i);
  assert.is(store.stats().compactions, 0, 'all of it is live');
  for (let i = 0; i < 200; i++) await commit(store, [put(`ns/${i}`, 'z'.repeat(200))], i);
  assert.ok(store.stats().compactions > 0);
  assert.ok(store.stats().bytesWritten < 4 * 200 * 260, 'at most twice what was asked for');
  const writes = files.writes();
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(files.writes(), writes);
});

test('entries with a gap in their numbers keep them', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  store.appendJournal('b1', 5, 0, body('a'));
  store.appendJournal('b1', 5, 2, body('c'));
  store.appendJournal('b1', 6, 0, body('z'));
  await close(store);
  assert.equal(open(files).link.boards[0]?.journal, [
    { segment: 5, first: 0, entries: [body('a')] },
    { segment: 5, first: 2, entries: [body('c')] },
    { segment: 6, first: 0, entries: [body('z')] },
  ]);
});

test('a call that cannot be encoded throws and hurts no other', async () => {
  const files = createMemoryFiles();
  const { store } = open(files);
  const first = commit(store, [put('ns/a', 'one')], 1);
  assert.throws(() => store.trimJournal('b1', 1, -1, 0), /unsigned/);
  assert.throws(() => store.saveReported([put('ns/\ud800', 'x')], true, nothing), /surrogate/);
  assert.ok((await first).ok);
  assert.ok((await commit(store, [put('ns/b', 'two')], 2)).ok);
  assert.is(open(files).link.boards[0]?.desired.length, 2);
});

test('calls before load and after close are the caller’s mistake', async () => {
  const store = openStore({ files: createMemoryFiles(), folder: '/s', log });
  assert.throws(() => store.trimJournal('b', 1, 1, 1), /load\(\) comes first/);
  store.load();
  await close(store);
  assert.throws(() => store.trimJournal('b', 1, 1, 1), /closed/);
});

test.run();
