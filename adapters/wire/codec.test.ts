import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, decodeFirst, encode } from './codec.ts';
import { isBoardletError } from './errors.ts';
import { CborReader } from './reader.ts';
import { LIMITS } from './registry.ts';
import type { CborValue, Decoded } from './value.ts';
import { CborWriter } from './writer.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const codeOf = (result: Decoded<unknown>): string => (result.ok ? 'ok' : result.code);
const unencodable = (error: unknown): boolean => isBoardletError(error, 'BL_WIRE_UNENCODABLE');

test('sorts map keys by their encoded bytes, whatever the order of insertion', () => {
  const keys: (number | string)[] = ['aa', 300, 'b', 1, '', 24, 'é', '😀', '\uffff'];
  const map = new Map<number | string, CborValue>(keys.map((key) => [key, 0]));
  const backwards = new Map([...map].reverse());
  assert.is(hex(encode(map)), hex(encode(backwards)));
  const result = decode(encode(map));
  assert.ok(result.ok);
  assert.equal(
    [...(result.value as typeof map).keys()],
    [1, 24, 300, '', 'b', 'aa', 'é', '\uffff', '😀'],
  );
});

test('a bigint within the safe range is the integer that it is', () => {
  assert.is(hex(encode(10n)), '0a');
  assert.is(hex(encode(-1n)), '20');
  assert.is(hex(encode(9007199254740991n)), '1b001fffffffffffff');
});

test('refuses to encode what the profile cannot carry', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const bad: readonly unknown[] = [
    undefined,
    { a: 1 },
    new Date(0),
    () => 0,
    Symbol('x'),
    '\ud800',
    'a\udc00b',
    2n ** 64n,
    -(2n ** 64n) - 1n,
    cycle,
    new Array(1),
    new Map([[-1, 0]]),
    new Map([[0.5, 0]]),
    new Map([[null, 0]]),
    new Uint8Array(LIMITS.documentBytes),
    new Float64Array(1),
  ];
  for (const value of bad)
    assert.throws(() => encode(value as CborValue), unencodable, String(typeof value));
});

test('a failed encode leaves nothing behind for the next', () => {
  assert.throws(() => encode([1, 2, undefined as unknown as null]), unencodable);
  assert.is(hex(encode([3])), '8103');
});

test('encodes again after a large value', () => {
  const large = new Uint8Array(200_000).fill(7);
  const result = decode(encode(large));
  assert.ok(result.ok);
  assert.equal(result.value, large);
  assert.is(hex(encode(1)), '01');
});

test('a result is a copy: the next encode does not change it', () => {
  const first = encode('first');
  encode('other');
  assert.is(hex(first), '656669727374');
});

test('text longer than one chunk comes back whole, at every alignment', () => {
  for (let lead = 0; lead < 4; lead++) {
    const text = 'x'.repeat(253 + lead) + '😀ü€'.repeat(300);
    const result = decode(encode(text));
    assert.ok(result.ok);
    assert.is(result.value, text);
  }
});

test('callers may narrow or widen the limits', () => {
  assert.is(codeOf(decode(bytes('818100'), { maxDepth: 1 })), 'BL_WIRE_TOO_DEEP');
  assert.is(codeOf(decode(bytes('8200f6'), { maxItems: 2 })), 'BL_WIRE_TOO_MANY');
  assert.is(codeOf(decode(bytes('8200f6'), { maxBytes: 2 })), 'BL_WIRE_TOO_LONG');
  assert.is(codeOf(decode(bytes(`${'81'.repeat(20)}00`), { maxDepth: 20 })), 'ok');
});

test('reads a sequence item by item, with their ranges', () => {
  const input = bytes('0182020361');
  const first = decodeFirst(input);
  assert.ok(first.ok);
  assert.equal(first.value, { value: 1, start: 0, end: 1 });
  const second = decodeFirst(input, first.value.end);
  assert.ok(second.ok);
  assert.equal(second.value, { value: [2, 3], start: 1, end: 4 });
  const third = decodeFirst(input, second.value.end);
  assert.equal(third, { ok: false, code: 'BL_WIRE_TRUNCATED', offset: 4 });
});

test('tells where the fault is', () => {
  assert.equal(decode(bytes('830082f7')), { ok: false, code: 'BL_WIRE_TRUNCATED', offset: 2 });
  assert.equal(decode(bytes('820081f7')), {
    ok: false,
    code: 'BL_WIRE_SIMPLE',
    offset: 3,
  });
});

test('a reader skips exactly what it would have read, and no less strictly', () => {
  const good = bytes('a3016161028261621903e8617af93e00');
  const reader = new CborReader(good);
  assert.equal(reader.skip(), good);
  for (const bad of ['a201000100', '8161ff', '811817', '81f97e01', '815f']) {
    const skipper = new CborReader(bytes(bad));
    skipper.skip();
    assert.is(codeOf(skipper.finish(0)), codeOf(decode(bytes(bad))), bad);
  }
});

test('after the first fault a reader answers undefined and keeps that fault', () => {
  const reader = new CborReader(bytes('f700'));
  assert.is(reader.uint(), undefined);
  assert.is(reader.uint(), undefined);
  assert.is(reader.text(), undefined);
  assert.is(reader.bool(), undefined);
  assert.equal(reader.finish(1), { ok: false, code: 'BL_WIRE_SIMPLE', offset: 0 });
});

test('a writer splices encoded items in as they are', () => {
  const writer = new CborWriter();
  writer.array(2);
  writer.raw(bytes('a10102'));
  writer.text('x');
  assert.is(hex(writer.take()), '82a101026178');
  writer.reset();
  assert.is(writer.length, 0);
});

test.run();
