import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isBoardletError } from './errors.ts';
import { decodeForeign, encodeForeign, type ForeignValue } from './foreign.ts';
import { LIMITS } from './registry.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

function codeOf(data: Uint8Array): string {
  const result = decodeForeign(data);
  return result.ok ? 'ok' : result.code;
}

test('reads what stock SMP firmware sends: indefinite maps, keys in any order', () => {
  const result = decodeForeign(bytes('bf627263006161f93c006162824102f7ff'));
  assert.ok(result.ok);
  const expected = new Map<string, unknown>([
    ['rc', 0],
    ['a', 1],
    ['b', [Uint8Array.of(2), null]],
  ]);
  assert.equal(result.value, expected);
});

test('reads over-long integers and wide floats', () => {
  const result = decodeForeign(bytes('83180119000afb3ff8000000000000'));
  assert.ok(result.ok);
  assert.equal(result.value, [1, 10, 1.5]);
});

test('copies byte strings, so that a reused receive buffer does no harm', () => {
  const data = bytes('420102');
  const result = decodeForeign(data);
  data.fill(0);
  assert.ok(result.ok);
  assert.equal(result.value, Uint8Array.of(1, 2));
  assert.is(result.value instanceof Buffer, false);
});

test('refuses with a code', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'BL_WIRE_TRUNCATED'],
    ['82', 'BL_WIRE_TRUNCATED'],
    ['9f01', 'BL_WIRE_TRUNCATED'],
    ['bf61', 'BL_WIRE_TRUNCATED'],
    ['bf01ff', 'BL_WIRE_SIMPLE'],
    ['5bffffffffffffffff00', 'BL_WIRE_TRUNCATED'],
    ['9bffffffffffffffff00', 'BL_WIRE_TRUNCATED'],
    ['0102', 'BL_WIRE_TRAILING'],
    ['c074', 'BL_WIRE_TAG'],
    ['d9dfff8101', 'BL_WIRE_TAG'],
    ['ff', 'BL_WIRE_SIMPLE'],
    ['e0', 'BL_WIRE_SIMPLE'],
    ['1c', 'BL_WIRE_RESERVED'],
    ['5f4101ff', 'BL_WIRE_INDEFINITE'],
    ['a1f900', 'BL_WIRE_KEY_TYPE'],
    ['a101f9', 'BL_WIRE_TRUNCATED'],
    ['a1f401', 'BL_WIRE_KEY_TYPE'],
    ['a18001', 'BL_WIRE_KEY_TYPE'],
  ];
  for (const [input, code] of cases) assert.is(codeOf(bytes(input)), code, input);
});

test('bounds depth, items and bytes before the library sees them', () => {
  const nested = (depth: number): Uint8Array => Uint8Array.of(...Array(depth).fill(0x81), 0);
  assert.is(codeOf(nested(LIMITS.cborDepth)), 'ok');
  assert.is(codeOf(nested(LIMITS.cborDepth + 1)), 'BL_WIRE_TOO_DEEP');
  assert.is(codeOf(new Uint8Array(60_000).fill(0x81)), 'BL_WIRE_TOO_DEEP');
  assert.is(codeOf(new Uint8Array(60_000).fill(0x9f)), 'BL_WIRE_TOO_DEEP');
  assert.is(codeOf(new Uint8Array(LIMITS.messageBytes + 1)), 'BL_WIRE_TOO_LONG');
  const many = new Uint8Array(LIMITS.cborItems + 5);
  many.set(bytes('9a00010000'));
  const result = decodeForeign(many, { maxBytes: 100_000 });
  assert.is(result.ok ? 'ok' : result.code, 'BL_WIRE_TOO_MANY');
});

test('what it writes, it reads back', () => {
  const value: ForeignValue = new Map<number | string, ForeignValue>([
    ['ms', 1_767_225_600_000],
    ['big', 2n ** 64n - 1n],
    ['low', -5_000_000_000],
    ['d', Uint8Array.of(1, 2, 3)],
    [-3, [0.5, true, null, 'ü']],
  ]);
  const result = decodeForeign(encodeForeign(value));
  assert.ok(result.ok);
  assert.equal(result.value, value);
});

test('writes plain objects as maps and timestamps as integers', () => {
  assert.is(hex(encodeForeign({ d: 'x', gone: undefined })), 'a161646178');
  assert.is(hex(encodeForeign(1_767_225_600_000)), '1b0000019b76daa800');
});

test('refuses what it cannot carry', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const bad: readonly unknown[] = [
    cycle,
    new Date(0),
    () => 1,
    Symbol('x'),
    undefined,
    new Map([[{}, 1]]),
    2n ** 64n,
    new Map([[0.5, 1]]),
  ];
  for (const value of bad) {
    assert.throws(
      () => encodeForeign(value as ForeignValue),
      (error: unknown) => isBoardletError(error, 'BL_WIRE_UNENCODABLE'),
    );
  }
});

test('never throws on random bytes', () => {
  let state = 0x2545f491;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 20_000; i++)
    decodeForeign(Uint8Array.from({ length: random() % 40 }, () => random() & 0xff));
});

test.run();
