import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { beatStamp, DocumentSet, Hasher, mix64, type U64 } from './index.ts';

const hasher = new Hasher((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()));
const body = (n: number): Uint8Array => new Uint8Array([n]);
const digest = (set: DocumentSet): string => `${set.digestHi}:${set.digestLo}`;

test('the digest does not depend on order or on what was there before', () => {
  const a = new DocumentSet(hasher, 77);
  const b = new DocumentSet(hasher, 77);
  for (let i = 0; i < 50; i++) a.put(1, `n${i}`, body(i));
  b.put(1, 'gone', body(1));
  for (let i = 49; i >= 0; i--) {
    b.put(1, `n${i}`, body(200));
    b.put(1, `n${i}`, body(i));
  }
  b.remove(1, 'gone');
  assert.is(digest(a), digest(b));
  assert.is.not(digest(a), '0:0');
});

test('an empty set has the digest 0', () => {
  const set = new DocumentSet(hasher, 9);
  set.put(1, 'a', body(1));
  set.remove(1, 'a');
  assert.is(digest(set), '0:0');
});

test('a new tag gives another digest, and the old tag the old one', () => {
  const set = new DocumentSet(hasher, 5);
  set.put(1, 'a', body(1));
  set.put(4, 'b', body(2));
  const first = digest(set);
  set.setTag(6);
  assert.is.not(digest(set), first);
  set.setTag(5);
  assert.is(digest(set), first);
});

test('equal content is no change', () => {
  const set = new DocumentSet(hasher);
  assert.is(set.put(1, 'a', body(1)), 'changed');
  assert.is(set.put(1, 'a', body(1)), 'same');
  assert.is(set.put(2, 'a', body(1)), 'changed');
  assert.is(set.size, 2);
});

test('refuses a second key with the same key hash', () => {
  const same = new DocumentSet(new Hasher(() => new Uint8Array(32).fill(3)));
  assert.is(same.put(1, 'a', body(1)), 'changed');
  assert.is(same.put(1, 'b', body(2)), 'BL_SETS_KEY_COLLISION');
  assert.is(same.size, 1);
  assert.is(same.get(1, 'b'), undefined);
});

test('what is excluded counts neither in the digest nor after its removal', () => {
  const set = new DocumentSet(hasher, 3);
  set.put(1, 'a', body(1));
  const without = digest(set);
  set.put(1, 'b', body(2));
  const entry = set.get(1, 'b');
  assert.ok(entry);
  set.exclude(entry, true);
  assert.is(digest(set), without);
  set.put(1, 'b', body(3));
  assert.is(entry.excluded, false);
  assert.is.not(digest(set), without);
  set.exclude(entry, true);
  set.remove(1, 'b');
  assert.is(digest(set), without);
});

test('the stamp is mixed as the protocol says, board by board', () => {
  const sets = [0, 37].map((b) => ({
    b,
    desired: new DocumentSet(hasher, 8),
    reported: new DocumentSet(hasher, 8),
  }));
  sets[1]?.reported.put(5, 'x', body(1));
  let hi = 0;
  let lo = 0;
  for (const { b, desired, reported } of sets) {
    const x: U64 = { hi: 0, lo: b };
    mix64(x, desired.digestHi, desired.digestLo);
    mix64(x, reported.digestHi, reported.digestLo);
    hi ^= x.hi;
    lo ^= x.lo;
  }
  const stamp: U64 = { hi: 0, lo: 8 };
  mix64(stamp, 0, 12);
  mix64(stamp, hi >>> 0, lo >>> 0);
  assert.is(beatStamp(8, 12, sets), stamp.lo);
  assert.is.not(beatStamp(8, 13, sets), stamp.lo);
});

test.run();
