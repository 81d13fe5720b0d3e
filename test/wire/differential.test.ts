/** Against cbor-x, by way of the lenient codec that wraps it: two decoders that share no code. */
import { decodeForeign } from '@boardlet/adapters/foreign';
import {
  CborReader,
  type CborValue,
  type DocumentKind,
  decode,
  decodeDocument,
  decodeMessage,
  encode,
  type KINDS,
} from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom, randomBytes, randomValue } from './random.ts';
import { toDiag, toHex, toJson } from './vector-format.ts';

const random = createRandom();
const LARGE = { maxBytes: 262_144 } as const;

/** cbor-x reads −0 and +0 alike from an integer, and every map in the order of its bytes. */
const same = (a: CborValue, b: CborValue, why: string): void =>
  assert.ok(
    JSON.stringify(toJson(a)) === JSON.stringify(toJson(b)),
    `differ: ${why.slice(0, 2_000)}`,
  );

test('what the encoder writes, cbor-x reads as the same', () => {
  for (let i = 0; i < 3000; i++) {
    const value = randomValue(random);
    const bytes = encode(value);
    const theirs = decodeForeign(bytes, LARGE);
    assert.ok(theirs.ok, `${toHex(bytes)} ${theirs.ok ? '' : theirs.code}`);
    const ours = decode(bytes);
    assert.ok(ours.ok, toHex(bytes));
    same(ours.value, theirs.value, toHex(bytes));
  }
});

test('what the encoder writes, the decoder reads back, and writes the same again', () => {
  for (let i = 0; i < 3000; i++) {
    const value = randomValue(random);
    const bytes = encode(value);
    const result = decode(bytes);
    assert.ok(result.ok, toHex(bytes));
    assert.is(toHex(encode(result.value)), toHex(bytes), toDiag(value));
  }
});

test('changed bytes: what is accepted has one form, and cbor-x agrees on it', () => {
  let accepted = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = encode(randomValue(random, 2));
    for (let changes = random.below(3); changes >= 0; changes--)
      bytes[random.below(bytes.length)] = random.u32() & 0xff;
    const result = decode(bytes);
    const skipper = new CborReader(bytes);
    skipper.skip();
    assert.is(skipper.finish(0).ok, result.ok, toHex(bytes));
    if (!result.ok) continue;
    accepted += 1;
    assert.is(toHex(encode(result.value)), toHex(bytes));
    const theirs = decodeForeign(bytes);
    assert.ok(theirs.ok, toHex(bytes));
    same(result.value, theirs.value, toHex(bytes));
  }
  assert.ok(accepted > 1000, `${accepted} accepted`);
});

test('random bytes never throw, whichever decoder they meet', () => {
  const kinds = [
    'pod',
    'podStatus',
    'twin',
    'device',
    'node',
    'staticPod',
    'deviceStatus',
  ] as const;
  for (let i = 0; i < 30_000; i++) {
    const bytes = randomBytes(random, random.below(60));
    // A first byte that opens an array or map gets beyond the first check.
    if (bytes.length > 0 && random.below(2) === 0) bytes[0] = 0x80 + random.below(0x40);
    decode(bytes);
    decodeMessage(bytes);
    decodeDocument(kinds[random.below(kinds.length)] as DocumentKind & keyof typeof KINDS, bytes);
    decodeForeign(bytes);
  }
});

test.run();
