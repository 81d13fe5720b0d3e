import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startServer } from '../test-support/server.ts';
import { openDisk } from './disk.ts';
import { probeStore } from './probe.ts';

const folder = mkdtempSync(join(tmpdir(), 'boardlet-probe-'));
const good = join(folder, 'good');
const dataOf = (dir: string): string => join(dir, 'data.mdb');
test.before(async () => {
  const disk = openDisk(good);
  const many = Array.from({ length: 200 }, (_, n) => [`o/x//${n}`, 'v'.repeat(n * 40)] as const);
  await disk.commit(many);
  await disk.close();
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

function damaged(name: string, damage: (file: string) => void): string {
  const dir = join(folder, name);
  cpSync(good, dir, { recursive: true });
  damage(dataOf(dir));
  return dir;
}

const refuses = (dir: string, why: string): void => {
  try {
    openDisk(dir);
    assert.unreachable('it was opened');
  } catch (error) {
    assert.is(error instanceof Error && 'code' in error ? error.code : '', 'BL_API_STORE_OPEN');
    assert.match(String(error), why);
  }
};

const size = (): number => readFileSync(dataOf(good)).length;

for (const [what, keep] of [
  ['within its first page', () => 100],
  ['after its first page', () => 4096],
  ['in the middle', () => Math.floor(size() / 8192) * 4096],
] as const) {
  test(`a store cut ${what} is refused with one error, and the process lives`, () => {
    const dir = damaged(`cut-${keep()}`, (file) => truncateSync(file, keep()));
    refuses(dir, 'it is damaged');
  });
}

test('a store whose first pages are rubbish is refused', () => {
  const dir = damaged('rubbish', (file) => {
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 0, 8192);
    writeFileSync(file, bytes);
  });
  refuses(dir, 'it is damaged');
});

test('a value that is no object is refused by its key', async () => {
  const dir = mkdtempSync(join(folder, 'value-'));
  const disk = openDisk(join(dir, 'data'));
  await disk.commit([['o/configmaps/default/torn', '{"metadata":']]);
  await disk.close();
  try {
    await startServer({ dir });
    assert.unreachable('it was opened');
  } catch (error) {
    assert.match(String(error), 'damaged at "o/configmaps/default/torn"');
  }
});

test('a store that was not closed is read in a process of its own, and then opened', async () => {
  const dir = damaged('killed', () => undefined);
  rmSync(join(dir, 'closed.json'));
  assert.is(probeStore(dir), undefined);
  const disk = openDisk(dir);
  assert.is(disk.get('o/x//3')?.length, 120);
  await disk.close();
});

test('what is no folder is said', () => {
  writeFileSync(join(folder, 'file'), '');
  refuses(join(folder, 'file'), 'EEXIST');
});

test.run();
