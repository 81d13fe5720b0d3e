import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../contract/seeded-random.ts';
import { readUtf8, utf8Length, writeUtf8 } from './utf8.ts';

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  assert.is(writeUtf8(bytes, 0, text), bytes.length);
  return bytes;
}

test('agrees with TextEncoder on text of every width and on lone surrogates', () => {
  for (const text of [
    '',
    'bl/fleet/00/a/u',
    'Grüße',
    '板🤖𝄞',
    '\u07ff\u0800\uffff',
    'a\ud800b',
    '\udc00\ud83d',
  ])
    assert.equal(encode(text), new TextEncoder().encode(text), text);
});

test('reads back what it wrote', () => {
  const below = seededRandom(7);
  for (let i = 0; i < 500; i++) {
    const text = String.fromCodePoint(
      ...Array.from({ length: 8 }, () => 1 + below(0xd7ff)).concat(0x10000 + below(0xfffff)),
    );
    const bytes = encode(text);
    assert.is(readUtf8(bytes, 0, bytes.length), text);
  }
});

const BROKEN: readonly [string, number[]][] = [
  ['U+0000', [0]],
  ['a stray continuation byte', [0x80]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong three-byte form', [0xe0, 0x80, 0xaf]],
  ['an overlong four-byte form', [0xf0, 0x80, 0x80, 0xaf]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a value above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a first byte that does not exist', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ['a missing continuation byte', [0xe2, 0x82]],
  ['a wrong continuation byte', [0xe2, 0x82, 0x41]],
];
for (const [what, bytes] of BROKEN)
  test(`refuses ${what}`, () =>
    assert.is(readUtf8(new Uint8Array(bytes), 0, bytes.length), undefined));

test('accepts just what a strict TextDecoder accepts, U+0000 apart', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let seed = 0; seed < 3000; seed++) {
    const below = seededRandom(seed);
    const bytes = Uint8Array.from({ length: 1 + below(4) }, () =>
      below(3) === 0 ? 1 + below(127) : 0x80 + below(128),
    );
    let wanted: string | undefined;
    try {
      wanted = decoder.decode(bytes);
    } catch {
      wanted = undefined;
    }
    assert.is(readUtf8(bytes, 0, bytes.length), wanted, `seed ${seed}`);
  }
});

test.run();
