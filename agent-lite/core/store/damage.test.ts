/** Files cut or damaged at any byte: what comes back is what was stored after some whole transaction. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostResult, Logger } from '../host.ts';
import type { StoredLink } from '../replication/store-contract.ts';
import { createMemoryFiles, type MemoryFiles } from './memory-files.ts';
import { openStore } from './store.ts';

const nothing = (): void => undefined;
const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const COMMITS = 40;

interface History {
  readonly files: MemoryFiles;
  /** The content after each commit, as text; the first is the empty store's. */
  readonly states: readonly string[];
}

/** All but the count of starts, which the recovering start changes itself. */
const shown = ({ boots: _, ...link }: StoredLink): string =>
  JSON.stringify(link, (_key, value) => (value instanceof Uint8Array ? [...value] : value));

function load(files: MemoryFiles): string {
  const link = openStore({ files, folder: '/s', log }).load();
  if (!link.ok) throw new Error(link.message);
  return shown(link.value);
}

/** Commits with compactions between; each puts two documents and, from time to time, removes one. */
async function makeHistory(compactBytes: number): Promise<History> {
  const files = createMemoryFiles();
  const store = openStore({ files, folder: '/s', log, compactBytes });
  store.load();
  const states = [load(files.powerCut((all) => all))];
  for (let i = 1; i <= COMMITS; i++) {
    const changes = [
      { board: 'b', kind: 1, name: `p/${i % 7}`, body: new Uint8Array([i, i, i]) },
      { board: 'b', kind: 4, name: `p/${i % 5}/x`, body: new Uint8Array([i]) },
      ...(i % 3 === 0 ? [{ board: 'b', kind: 1, name: `p/${(i + 3) % 7}` }] : []),
    ];
    await new Promise<HostResult<void>>((done) => store.commitDesired(changes, i, done));
    states.push(load(files.powerCut(() => 0)));
  }
  return { files, states };
}

const copyWith = (files: MemoryFiles, path: string, bytes: Uint8Array): MemoryFiles => {
  const copy = files.powerCut((all) => all);
  copy.contents.set(path, { bytes, synced: bytes.length });
  return copy;
};
const newest = (files: MemoryFiles, prefix: string): string =>
  [...files.contents.keys()]
    .filter((path) => path.startsWith(`/s/${prefix}`))
    .sort()
    .at(-1) ?? '';

test('a log cut at each byte gives the state after its last whole transaction', async () => {
  const { files, states } = await makeHistory(1e6);
  const path = newest(files, 'log-');
  const whole = files.contents.get(path)?.bytes ?? new Uint8Array(0);
  let last = 0;
  for (let length = 0; length <= whole.length; length++) {
    const state = load(copyWith(files, path, whole.slice(0, length)));
    const at = states.indexOf(state, last);
    assert.ok(
      at >= 0,
      `cut at ${length}: no state that ever was, or an older one than a shorter file gave`,
    );
    last = at;
  }
  assert.is(last, COMMITS);
});

test('a log with any bit flipped gives the state before the damaged transaction', async () => {
  const { files, states } = await makeHistory(1e6);
  const path = newest(files, 'log-');
  const whole = files.contents.get(path)?.bytes ?? new Uint8Array(0);
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    const state = load(copyWith(files, path, damaged));
    assert.ok(states.includes(state), `bit ${at % 8} of byte ${at}`);
    assert.is.not(state, states[COMMITS], `damage at ${at} went unnoticed`);
  }
});

test('a log that goes on in zeros or rubbish gives all whole transactions', async () => {
  const { files, states } = await makeHistory(1e6);
  const path = newest(files, 'log-');
  const whole = files.contents.get(path)?.bytes ?? new Uint8Array(0);
  for (const filler of [0, 1, 0x7f, 0xff]) {
    const longer = new Uint8Array(whole.length + 500).fill(filler);
    longer.set(whole);
    assert.is(load(copyWith(files, path, longer)), states[COMMITS]);
  }
});

test('a snapshot cut or flipped anywhere falls back to the one before, and nothing is lost', async () => {
  const { files, states } = await makeHistory(200);
  const path = newest(files, 'snap-');
  const whole = files.contents.get(path)?.bytes ?? new Uint8Array(0);
  assert.ok(whole.length > 50 && path > '/s/snap-00000002');
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    assert.is(load(copyWith(files, path, damaged)), states[COMMITS], `flip at ${at}`);
    assert.is(load(copyWith(files, path, whole.slice(0, at))), states[COMMITS], `cut at ${at}`);
  }
});

test('after a fall-back everything is written anew, and the next start needs no fall-back', async () => {
  const { files, states } = await makeHistory(200);
  const damaged = copyWith(files, newest(files, 'snap-'), new Uint8Array([1, 2, 3]));
  const store = openStore({ files: damaged, folder: '/s', log });
  store.load();
  await new Promise<HostResult<void>>((done) => store.close(done));
  assert.is(store.stats().compactions, 1);
  assert.is(load(damaged.powerCut(() => 0)), states[COMMITS]);
});

test('with both snapshots damaged the board starts as a wiped one, not with a part of its documents', async () => {
  const { files } = await makeHistory(200);
  const copy = files.powerCut((all) => all);
  for (const path of copy.contents.keys())
    if (path.includes('snap-')) copy.contents.set(path, { bytes: new Uint8Array(9), synced: 9 });
  assert.is(load(copy), JSON.stringify({ mark: 0, boards: [] }));
});

test('a power cut at any moment of the unsynced tail gives a state that was', async () => {
  const { files, states } = await makeHistory(1e6);
  const log1 = newest(files, 'log-');
  const file = files.contents.get(log1);
  if (file === undefined) throw new Error('no log');
  const store = openStore({ files, folder: '/s', log });
  store.load();
  const change = { board: 'b', kind: 2, name: 's', body: new Uint8Array(40) };
  await new Promise<HostResult<void>>((done) => store.saveReported([change], false, done));
  const after = load(files.powerCut((all) => all));
  for (let keep = 0; keep <= file.bytes.length - file.synced; keep++) {
    const state = load(files.powerCut((all) => Math.min(all, keep)));
    assert.ok(state === states[COMMITS] || state === after, `kept ${keep}`);
  }
});

test('a stray file or a name out of range is left alone', () => {
  const files = createMemoryFiles();
  for (const name of ['/s/snap-ffffffff', '/s/log-zz', '/s/notes'])
    files.contents.set(name, { bytes: new Uint8Array(3), synced: 3 });
  assert.is(load(files), JSON.stringify({ mark: 0, boards: [] }));
  assert.ok(files.contents.has('/s/snap-ffffffff'));
});

test.run();
