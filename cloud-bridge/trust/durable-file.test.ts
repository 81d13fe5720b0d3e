import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDurably } from './durable-file.ts';

const root = mkdtempSync(join(tmpdir(), 'durable-'));

test('a draft that was left behind lends the new file neither its mode nor its place', () => {
  const path = join(root, 'key.pem');
  writeFileSync(`${path}.new`, 'old');
  chmodSync(`${path}.new`, 0o666);
  writeDurably(path, 'secret', 0o600);
  assert.is(statSync(path).mode & 0o777, 0o600);
  const victim = join(root, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, `${path}.new`);
  writeDurably(path, 'second', 0o600);
  assert.is(readFileSync(victim, 'utf8'), 'precious');
  assert.is(readFileSync(path, 'utf8'), 'second');
});

test.after(() => rmSync(root, { recursive: true }));
test.run();
