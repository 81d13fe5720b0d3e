import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppendFile, HostResult } from '../../core/host.ts';
import { nodeFiles } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'boardlet-files-'));
test.after(() => rmSync(folder, { recursive: true }));

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const textOf = (result: HostResult<Uint8Array>): string =>
  result.ok ? Buffer.from(result.value).toString() : result.code;
const codeOf = (result: HostResult<unknown>): string => (result.ok ? '' : result.code);
const modeOf = (path: string): number => statSync(path).mode & 0o777;

function opened(path: string): AppendFile {
  const result = nodeFiles.openAppend(path);
  if (!result.ok) throw new Error(result.message);
  return result.value;
}
const append = (file: AppendFile, text: string): Promise<HostResult<void>> =>
  new Promise((done) => file.append(bytes(text), done));
const sync = (file: AppendFile): Promise<HostResult<void>> =>
  new Promise((done) => file.sync(done));

test('replace makes a file for its owner alone, replaces it whole and leaves no temporary', () => {
  const path = join(folder, 'replaced');
  assert.ok(nodeFiles.replace(path, bytes('one, and longer')).ok);
  assert.is(modeOf(path), 0o600);
  assert.ok(nodeFiles.replace(path, bytes('two'), 0o644).ok);
  assert.is(textOf(nodeFiles.read(path)), 'two');
  assert.is(modeOf(path), 0o644);
  assert.equal(readdirSync(folder), ['replaced']);
});

test('replace does not follow a link planted at its temporary name', () => {
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, join(folder, 'trapped.tmp'));
  assert.is(codeOf(nodeFiles.replace(join(folder, 'trapped'), bytes('x'))), 'BL_HOST_DENIED');
  assert.is(textOf(nodeFiles.read(victim)), 'untouched');
});

test('what is missing, a folder, or in the way has its code', () => {
  const missing = join(folder, 'missing');
  assert.is(codeOf(nodeFiles.read(missing)), 'BL_HOST_NOT_FOUND');
  assert.is(codeOf(nodeFiles.size(missing)), 'BL_HOST_NOT_FOUND');
  for (const path of ['/dev/zero', folder]) assert.is(codeOf(nodeFiles.size(path)), 'BL_HOST_IO');
  assert.is(codeOf(nodeFiles.truncate(missing, 0)), 'BL_HOST_NOT_FOUND');
  assert.is(codeOf(nodeFiles.remove(missing)), 'BL_HOST_NOT_FOUND');
  assert.is(codeOf(nodeFiles.list(missing)), 'BL_HOST_NOT_FOUND');
  assert.is(codeOf(nodeFiles.openAppend(join(missing, 'x'))), 'BL_HOST_NOT_FOUND');
  assert.is(codeOf(nodeFiles.read(folder)), 'BL_HOST_IO');
  writeFileSync(join(folder, 'plain'), '');
  assert.is(codeOf(nodeFiles.makeFolder(join(folder, 'plain'))), 'BL_HOST_EXISTS');
});

test('folders are made with their parents, for the owner alone, and made again without harm', () => {
  const path = join(folder, 'a', 'b');
  assert.ok(nodeFiles.makeFolder(path).ok);
  assert.ok(nodeFiles.makeFolder(path).ok);
  assert.is(modeOf(path), 0o700);
});

test('readRange gives what is there of a range', () => {
  const path = join(folder, 'range');
  nodeFiles.replace(path, bytes('0123456789'));
  assert.is(textOf(nodeFiles.readRange(path, 3, 4)), '3456');
  assert.is(textOf(nodeFiles.readRange(path, 8, 10)), '89');
  assert.is(textOf(nodeFiles.readRange(path, 20, 5)), '');
});

test('appends are written in their order, empty ones too, and every callback comes', async () => {
  const path = join(folder, 'appended');
  const file = opened(path);
  const texts = Array.from({ length: 3000 }, (_, i) => (i % 10 === 0 ? '' : `${i},`));
  const results = await Promise.all(texts.map((text) => append(file, text)));
  assert.ok(results.every((result) => result.ok));
  assert.ok((await sync(file)).ok);
  file.close();
  assert.is(textOf(nodeFiles.read(path)), texts.join(''));
  assert.is(modeOf(path), 0o600);
});

test('sync answers after the writes before it, in spite of writes that follow', async () => {
  const path = join(folder, 'synced');
  const file = opened(path);
  const order: string[] = [];
  const note = (name: string) => () => order.push(name);
  file.append(bytes('a'), note('a'));
  file.sync(note('sync'));
  file.append(bytes('b'), note('b'));
  await sync(file);
  assert.ok(order.indexOf('a') < order.indexOf('sync'));
  assert.equal([...order].sort(), ['a', 'b', 'sync']);
  file.close();
});

test('an existing file is appended to, after a truncate too', async () => {
  const path = join(folder, 'again');
  nodeFiles.replace(path, bytes('0123456789'));
  assert.ok(nodeFiles.truncate(path, 4).ok);
  const file = opened(path);
  await append(file, 'x');
  file.close();
  assert.is(textOf(nodeFiles.read(path)), '0123x');
});

test('after a failed write every later call fails with the same code and writes nothing', async () => {
  // Linux' own always full disk (full(4)).
  const file = opened('/dev/full');
  const [first, second] = await Promise.all([append(file, 'a'), append(file, 'b')]);
  assert.is(codeOf(first), 'BL_HOST_NO_SPACE');
  assert.is(codeOf(second), 'BL_HOST_NO_SPACE');
  assert.is(codeOf(await append(file, 'c')), 'BL_HOST_NO_SPACE');
  assert.is(codeOf(await sync(file)), 'BL_HOST_NO_SPACE');
  file.close();
});

test.run();
