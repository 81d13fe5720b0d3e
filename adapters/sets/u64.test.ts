import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mix64, splitmix64, type U64 } from './index.ts';

const M = (1n << 64n) - 1n;

function reference(x: bigint): bigint {
  let z = (x + 0x9e3779b97f4a7c15n) & M;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & M;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & M;
  return z ^ (z >> 31n);
}

const big = (x: U64): bigint => (BigInt(x.hi) << 32n) | BigInt(x.lo);
const halves = (x: bigint): U64 => ({ hi: Number(x >> 32n), lo: Number(x & 0xffffffffn) });

test('splitmix64 gives the published first outputs for the seed 0', () => {
  const x = { hi: 0, lo: 0 };
  splitmix64(x);
  assert.is(big(x), 0xe220a8397b1dcdafn);
});

test('agrees with 64-bit integers at the edges of its limbs and at random', () => {
  const edges = [0n, 1n, 0xffffn, 0x10000n, 0xffffffffn, 0x100000000n, M, M - 1n, 1n << 63n];
  let seed = 12345n;
  const values = [...edges];
  for (let i = 0; i < 2000; i++) {
    seed = reference(seed);
    values.push(seed);
  }
  values.forEach((a, i) => {
    const x = halves(a);
    splitmix64(x);
    assert.is(big(x), reference(a));
    const b = values[(i * 7 + 3) % values.length] ?? 0n;
    const y = halves(a);
    mix64(y, Number(b >> 32n), Number(b & 0xffffffffn));
    assert.is(big(y), reference(reference(a) ^ b));
  });
});

test.run();
