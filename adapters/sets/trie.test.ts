import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Page, Prefix } from '../wire/index.ts';
import { buildPage, comparePage, DocumentSet, Hasher } from './index.ts';

const hasher = new Hasher((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()));
const PAGE = 32;
const ROOT: Prefix = { depth: 0, prefix: 0 };

function filled(n: number, value: (i: number) => number | undefined): DocumentSet {
  const set = new DocumentSet(hasher, 1234);
  for (let i = 0; i < n; i++) {
    const v = value(i);
    if (v !== undefined) set.put(1, `doc-${i}`, new Uint8Array([v, i & 255, i >> 8]));
  }
  return set;
}

interface Walk {
  readonly names: Set<string>;
  readonly extra: number;
  readonly rounds: number;
}

/** The asker walks down into what differs, as both roles do. */
function walk(own: DocumentSet, other: DocumentSet): Walk {
  const names = new Set<string>();
  let extra = 0;
  let rounds = 0;
  let level: Prefix[] = [ROOT];
  while (level.length > 0) {
    rounds++;
    const next: Prefix[] = [];
    for (const prefix of level) {
      const difference = comparePage(own, buildPage(other, prefix, PAGE), PAGE);
      assert.ok(difference);
      for (const e of [...difference.differing, ...difference.missing]) names.add(e.name);
      extra += difference.extra.length;
      next.push(...difference.descend);
    }
    level = next;
  }
  return { names, extra, rounds };
}

test('a walk finds exactly what differs, at every size', () => {
  for (const n of [0, 1, 10, 32, 33, 100, 1000]) {
    const own = filled(n, (i) => (i % 17 === 3 ? undefined : 1));
    const other = filled(n, (i) => (i % 11 === 5 ? 2 : i % 13 === 7 ? undefined : 1));
    const found = walk(own, other);
    const expected = new Set<string>();
    let extra = 0;
    for (let i = 0; i < n; i++) {
      const here = i % 17 !== 3;
      const there = i % 11 === 5 || i % 13 !== 7;
      if (here && (!there || i % 11 === 5)) expected.add(`doc-${i}`);
      if (!here && there) extra++;
    }
    assert.equal([...found.names].sort(), [...expected].sort(), `${n} documents`);
    assert.is(found.extra, extra, `${n} documents`);
    assert.ok(found.rounds <= 4);
  }
});

test('equal sets cost one page, however large', () => {
  const a = filled(1000, () => 1);
  const b = filled(1000, () => 1);
  assert.is(walk(a, b).rounds, 1);
});

test('leaves excluded documents out of pages and comparison', () => {
  const a = filled(10, () => 1);
  const b = filled(10, (i) => (i === 4 ? undefined : 1));
  const entry = a.get(1, 'doc-4');
  assert.ok(entry);
  a.exclude(entry, true);
  assert.is(walk(a, b).names.size, 0);
  assert.is(walk(b, a).extra, 0);
});

test('refuses malformed pages', () => {
  const set = filled(5, () => 1);
  const good = buildPage(set, ROOT, PAGE);
  const swapped = new Uint8Array(good.bytes);
  swapped.set(good.bytes.subarray(10, 20), 0);
  swapped.set(good.bytes.subarray(0, 10), 10);
  const repeated = new Uint8Array(good.bytes);
  repeated.set(good.bytes.subarray(0, 10), 10);
  const bad: Page[] = [
    { ...good, bytes: good.bytes.subarray(0, 9) },
    { ...good, bytes: swapped },
    { ...good, bytes: repeated },
    { ...good, depth: 1, prefix: 15 - Math.floor(((good.bytes[0] ?? 0) >> 4) % 16) },
    { ...good, children: true },
    { depth: 8, prefix: 1, bytes: new Uint8Array(64), children: true },
  ];
  bad.forEach((page, i) => {
    assert.is(comparePage(set, page, PAGE), undefined, `page ${i}`);
  });
});

test('a full page at the deepest prefix says nothing of what follows it', () => {
  const set = new DocumentSet(hasher, 1);
  for (let i = 0; i < 3; i++) set.put(1, `d${i}`, new Uint8Array([i]));
  const last = set.sorted().at(-1);
  assert.ok(last);
  const prefix = { depth: 8, prefix: Math.floor(last.kh / 16 ** 4) };
  const page = buildPage(set, prefix, PAGE);
  const cut = { ...page, bytes: new Uint8Array(0) };
  assert.is(comparePage(set, cut, 0)?.missing.length, 0);
  assert.is(comparePage(set, cut, PAGE)?.missing.length, 1);
});

test.run();
