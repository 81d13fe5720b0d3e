import type { CborValue } from '@boardlet/adapters/wire';

export interface Random {
  readonly seed: number;
  /** Integer 0 … 2^32 − 1. */
  readonly u32: () => number;
  /** Integer 0 … `count` − 1. */
  readonly below: (count: number) => number;
}

/** Numbers that follow from `SEED`, or from the time; prints the seed, so that a failure can be run again. */
export function createRandom(): Random {
  const seed = Number(process.env['SEED'] ?? Date.now() % 0x7fffffff);
  console.log(`SEED=${seed}`);
  let state = seed >>> 0;
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { seed, u32, below: (count) => u32() % count };
}

export const randomBytes = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.u32() & 0xff);

function randomNumber(random: Random): number | bigint {
  const bits = random.below(65);
  const wide = (BigInt(random.u32()) << 32n) | BigInt(random.u32());
  const integer = (wide >> BigInt(64 - bits)) * (random.below(2) === 0 ? 1n : -1n);
  if (random.below(2) === 0) return Number(integer) / 2 ** random.below(80);
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

const SPECIAL: readonly CborValue[] = [
  null,
  true,
  false,
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  2 ** 53,
  18446744073709551615n,
  -18446744073709551616n,
  '',
];

function randomText(random: Random): string {
  const limits = [0x80, 0x800, 0xd800, 0x10000];
  let text = '';
  for (let i = random.below(random.below(20) === 0 ? 600 : 30); i > 0; i--) {
    const point = random.below(limits[random.below(limits.length)] ?? 0x80);
    // No U+FEFF: cbor-x reads longer texts by a TextDecoder that takes a leading one for a byte order mark and drops it.
    const shifted = (point >= 0xd800 && point < 0xe000) || point === 0xfeff;
    text += String.fromCodePoint(shifted ? point + 0x10000 : point);
  }
  return text;
}

function randomScalar(random: Random): CborValue {
  const choice = random.below(5);
  if (choice === 0) return SPECIAL[random.below(SPECIAL.length)] ?? null;
  if (choice === 1) return randomText(random);
  if (choice === 2) return randomBytes(random, random.below(40));
  return randomNumber(random);
}

const randomKey = (random: Random): number | string =>
  random.below(2) === 0
    ? random.u32() >>> random.below(32)
    : [...randomText(random)].slice(0, 9).join('');

/** Any value of the profile, containers at most `depth` deep. */
export function randomValue(random: Random, depth = 5): CborValue {
  const choice = depth === 0 ? 2 : random.below(4);
  if (choice > 1) return randomScalar(random);
  const count = random.below(random.below(10) === 0 ? 40 : 6);
  if (choice === 0) return Array.from({ length: count }, () => randomValue(random, depth - 1));
  return new Map(
    Array.from({ length: count }, () => [randomKey(random), randomValue(random, depth - 1)]),
  );
}
