/** Unsigned 64-bit arithmetic on two 32-bit halves: BigInt allocates, and QuickJS on a small board has no fast one. */

/** Mutable on purpose: hot paths reuse one instance. Both halves are unsigned 32-bit integers. */
export interface U64 {
  hi: number;
  lo: number;
}

/** `x := x · (bHi‖bLo) mod 2^64`, by 16-bit limbs so that each product is exact in a double. */
function multiply(x: U64, bHi: number, bLo: number): void {
  const a0 = x.lo & 0xffff;
  const a1 = x.lo >>> 16;
  const b0 = bLo & 0xffff;
  const b1 = bLo >>> 16;
  const p00 = a0 * b0;
  const middle = a0 * b1 + a1 * b0 + Math.floor(p00 / 65536);
  const carry = a1 * b1 + Math.floor(middle / 65536);
  const hi = carry + Math.imul(x.hi, bLo) + Math.imul(x.lo, bHi);
  x.lo = (((middle & 0xffff) << 16) | (p00 & 0xffff)) >>> 0;
  x.hi = hi >>> 0;
}

/** `x := x ⊕ (x >>> n)`, 0 < n < 32. */
function xorShift(x: U64, n: number): void {
  const lo = (x.lo >>> n) | (x.hi << (32 - n));
  x.lo = (x.lo ^ lo) >>> 0;
  x.hi = (x.hi ^ (x.hi >>> n)) >>> 0;
}

/** One output of the splitmix64 generator for the state `x`, in place (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", 2014). */
export function splitmix64(x: U64): void {
  const lo = x.lo + 0x7f4a7c15;
  x.hi = (x.hi + 0x9e3779b9 + (lo > 0xffffffff ? 1 : 0)) >>> 0;
  x.lo = lo >>> 0;
  xorShift(x, 30);
  multiply(x, 0xbf58476d, 0x1ce4e5b9);
  xorShift(x, 27);
  multiply(x, 0x94d049bb, 0x133111eb);
  xorShift(x, 31);
}

/** `x := mix64(x, b)` = splitmix64(splitmix64(x) ⊕ b), in place (docs/protocol.md §4). */
export function mix64(x: U64, bHi: number, bLo: number): void {
  splitmix64(x);
  x.hi = (x.hi ^ bHi) >>> 0;
  x.lo = (x.lo ^ bLo) >>> 0;
  splitmix64(x);
}
