import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkOp } from '../wire/index.ts';
import { ChunkSource, DocumentSet, Hasher, Staging } from './index.ts';

const hasher = new Hasher((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()));
const LIMIT = 10_000;

function source(bytes: number, off = 0): ChunkSource {
  const set = new DocumentSet(hasher);
  set.put(
    1,
    'big',
    new Uint8Array(bytes).map((_, i) => i * 7),
  );
  const entry = set.get(1, 'big');
  if (entry === undefined) throw new Error('not put');
  return new ChunkSource(entry, off);
}

function chunks(bytes: number, size: number): ChunkOp[] {
  const from = source(bytes);
  const all: ChunkOp[] = [];
  while (!from.finished) all.push(from.next(size));
  return all;
}

test('puts a document together whatever its pieces', () => {
  for (const size of [1, 7, 999, 1000, 5000]) {
    const staging = new Staging(hasher, LIMIT);
    const states = chunks(1000, size).map((c) => staging.take(c));
    const last = states.pop();
    assert.ok(states.every((s) => s.state === 'more'));
    assert.is(last?.state, 'done');
    assert.is(last?.state === 'done' ? last.body.length : 0, 1000);
    assert.is(staging.heldBytes, 0);
  }
});

test('ignores duplicates and gaps, and goes on from where it stands', () => {
  const staging = new Staging(hasher, LIMIT);
  const [a, b, c, d] = chunks(400, 100);
  assert.ok(a && b && c && d);
  assert.is(staging.take(a).state, 'more');
  assert.is(staging.take(a).state, 'stale');
  assert.is(staging.take(c).state, 'stale');
  assert.is(staging.progress()?.have, 100);
  const rest = source(400, 100);
  assert.is(staging.take(rest.next(150)).state, 'more');
  assert.is(staging.take(c).state, 'more', 'the part that is new of an overlapping piece');
  assert.is(staging.take(d).state, 'done');
});

test('refuses a wrong hash, pieces beyond the total, and documents over the limit', () => {
  const [a, b] = chunks(200, 100);
  assert.ok(a && b);
  const staging = new Staging(hasher, LIMIT);
  staging.take(a);
  assert.is(staging.take({ ...b, bytes: b.bytes.map((x) => x + 1) }).state, 'invalid');
  assert.is(staging.progress(), undefined);
  assert.is(staging.take({ ...a, total: 50 }).state, 'invalid');
  assert.is(staging.take({ ...a, bytes: new Uint8Array(0) }).state, 'invalid');
  assert.is(staging.take({ ...a, total: LIMIT + 1 }).state, 'too-long');
});

test('another op for the key drops what was staged', () => {
  const [a, b] = chunks(200, 100);
  assert.ok(a && b);
  const staging = new Staging(hasher, LIMIT);
  staging.take(a);
  staging.drop(1, 'other');
  assert.is(staging.heldBytes, 100);
  staging.drop(1, 'big');
  assert.is(staging.heldBytes, 0);
  assert.is(staging.take(b).state, 'stale');
});

test('a document in transfer gives way to another one', () => {
  const staging = new Staging(hasher, LIMIT);
  const [a] = chunks(200, 100);
  const [other] = chunks(300, 100);
  assert.ok(a && other);
  staging.take(a);
  staging.take(other);
  assert.is(staging.progress()?.have, 100);
  assert.equal(staging.progress()?.dh, other.dh);
});

test.run();
