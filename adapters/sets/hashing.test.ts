import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encode } from '../wire/index.ts';
import {
  documentHash,
  Hasher,
  isName,
  keyHash,
  khFromBytes,
  khToBytes,
  shardName,
  shardOf,
} from './index.ts';

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const NAMES = ['-', 'ns/pod', `ns/${'x'.repeat(300)}`, 'größe/π', '機械/🙂-1', ''];
const KINDS = [1, 23, 24, 255, 256, 70_000];

test('a key hash is the start of the SHA-256 of kind and name as the wire encodes them', () => {
  for (const kind of KINDS)
    for (const name of NAMES) {
      const whole = sha256(joined(encode(kind), encode(name)));
      assert.is(hex(keyHash(sha256, kind, name)), hex(whole.subarray(0, 6)));
    }
});

test('a document hash covers the body as it was received', () => {
  const body = encode(['a', 1.5]);
  const whole = sha256(joined(encode(5), encode('ns/d/p'), body));
  assert.is(hex(documentHash(sha256, 5, 'ns/d/p', body)), hex(whole.subarray(0, 8)));
  const large = new Uint8Array(100_000).fill(7);
  const wholeLarge = sha256(joined(encode(5), encode('ns/d/p'), large));
  const hasher = new Hasher(sha256);
  const out = { hi: 0, lo: 0 };
  hasher.document(5, 'ns/d/p', large, out);
  assert.is(out.hi, Buffer.from(wholeLarge).readUInt32BE(0));
  assert.is(out.lo, Buffer.from(wholeLarge).readUInt32BE(4));
});

test('key hashes keep all their 48 bits as integers', () => {
  for (const text of ['000000000000', 'ffffffffffff', '8000000000ff', '0123456789ab']) {
    const bytes = new Uint8Array(Buffer.from(text, 'hex'));
    assert.is(khFromBytes(bytes, 0), Number.parseInt(text, 16));
    assert.is(hex(khToBytes(khFromBytes(bytes, 0))), text);
  }
});

test('the shard of a link is the first 4 bytes of its hash, modulo', () => {
  for (const link of ['gw-1', 'press-17', 'π']) {
    const first = Buffer.from(sha256(new Uint8Array(Buffer.from(link)))).readUInt32BE(0);
    assert.is(shardOf(sha256, link, 16), first % 16);
    assert.is(shardOf(sha256, link, 256), first % 256);
  }
  assert.is(shardName(10), '0a');
});

test('a name is text of bounded length', () => {
  assert.ok(isName('ns/a', 512));
  assert.ok(isName('🙂'.repeat(128), 512));
  assert.not(isName('🙂'.repeat(129), 512));
  assert.not(isName('a'.repeat(513), 512));
  assert.not(isName('a\ud800b', 512));
  assert.not(isName('\udc00', 512));
});

test.run();
