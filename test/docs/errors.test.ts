import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT, readCodes } from './codes.ts';

const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(BL_[A-Z0-9_]+)(<[A-Z]+>)?` \|(.*)\|(.*)\|$/gm)].map(
  ([, code = '', ending, what = '', remedy = '']) => ({ code, ending, what, remedy }),
);
const { codes, families, words } = readCodes();

test('every code in the sources is on the page', () => {
  const told = new Set(rows.filter((r) => r.ending === undefined).map((r) => r.code));
  const missing = [...codes].filter(([code]) => !told.has(code));
  assert.equal(missing, []);
});

test('every code on the page is in the sources, whole or as the end of a family', () => {
  const known = (code: string): boolean =>
    codes.has(code) ||
    [...families].some((family) => code.startsWith(family) && words.has(code.slice(family.length)));
  const stale = rows.filter((r) => r.ending === undefined && !known(r.code)).map((r) => r.code);
  assert.equal(stale, []);
});

test('families whose ends are made at run time are on the page, and no others', () => {
  const told = rows.filter((r) => r.ending !== undefined).map((r) => r.code);
  assert.equal(told.sort(), [...families].sort());
});

test('no code is told twice, and each row says what happened and what to do', () => {
  const told = rows.map((r) => r.code + (r.ending ?? ''));
  assert.equal([...new Set(told)], told);
  for (const { code, what, remedy } of rows)
    assert.ok(what.trim().length > 3 && remedy.trim().length > 3, code);
});

test.run();
