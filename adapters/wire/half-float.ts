/** IEEE 754 binary16, as CBOR carries it (RFC 8949 appendix D). */

const scratch = new DataView(new ArrayBuffer(4));

export const HALF_NAN = 0x7e00;

/** The bits of `value` as binary16, or -1 when binary16 cannot hold it exactly. NaN becomes the one canonical NaN. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return HALF_NAN;
  scratch.setFloat32(0, value);
  if (scratch.getFloat32(0) !== value) return -1;
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const mantissa = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00;
  if (exponent >= -14 && exponent <= 15)
    return (mantissa & 0x1fff) === 0 ? sign | ((exponent + 15) << 10) | (mantissa >>> 13) : -1;
  if (exponent >= -24 && exponent < -14) return subnormal(sign, exponent, mantissa | 0x800000);
  return value === 0 ? sign : -1;
}

function subnormal(sign: number, exponent: number, significand: number): number {
  const shift = -1 - exponent;
  const lost = significand & ((1 << shift) - 1);
  return lost === 0 ? sign | (significand >>> shift) : -1;
}

export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Bytes that deterministic CBOR gives to the number: 0 stands for "as an integer", else 2, 4 or 8 for a float. */
export function floatWidth(value: number): 0 | 2 | 4 | 8 {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return 0;
  if (toHalf(value) >= 0) return 2;
  return Math.fround(value) === value ? 4 : 8;
}
