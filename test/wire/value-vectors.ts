import { LIMITS } from '@boardlet/adapters/wire';
import type { Vector } from './vector-format.ts';

/** RFC 8949 appendix A, as far as the profile carries it. Skipped: tags, bignums, `undefined` and other simple values, indefinite
 * lengths, maps whose floats or keys the profile spells otherwise (1.0 is written as 1). */
const APPENDIX_A: readonly (readonly [string, unknown])[] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3903e7', -1000],
  ['f98000', -0],
  ['fb3ff199999999999a', 1.1],
  ['f93e00', 1.5],
  ['fb7e37e43c8800759c', 1e300],
  ['f90001', 2 ** -24],
  ['f90400', 0.00006103515625],
  ['fa7f7fffff', 3.4028234663852886e38],
  ['fbc010666666666666', -4.1],
  ['f97c00', Number.POSITIVE_INFINITY],
  ['f97e00', Number.NaN],
  ['f9fc00', Number.NEGATIVE_INFINITY],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['40', new Uint8Array()],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', 'ü'],
  ['63e6b0b4', '水'],
  ['64f0908591', '𐅑'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  [
    '98190102030405060708090a0b0c0d0e0f101112131415161718181819',
    Array.from({ length: 25 }, (_, i) => i + 1),
  ],
  ['a0', new Map()],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    'a26161016162820203',
    new Map<string, unknown>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
  ['826161a161626163', ['a', new Map([['b', 'c']])]],
  [
    'a56161614161626142616361436164614461656145',
    new Map([...'abcde'].map((key) => [key, key.toUpperCase()])),
  ],
];

const EDGES: readonly (readonly [string, string, unknown])[] = [
  ['largest integer that is a JS number', '1b001fffffffffffff', 9007199254740991],
  ['2^53 is a bigint', '1b0020000000000000', 9007199254740992n],
  ['least integer that is a JS number', '3b001ffffffffffffe', -9007199254740991],
  ['-2^53 is a bigint', '3b001fffffffffffff', -9007199254740992n],
  ['2^53 as a float is a float', 'fa5a000000', 9007199254740992],
  ['largest binary16 below an integer step', 'f963ff', 1023.5],
  ['least normal binary16', 'f90400', 2 ** -14],
  ['largest subnormal binary16', 'f903ff', 1023 * 2 ** -24],
  ['least subnormal binary16', 'f98001', -(2 ** -24)],
  ['below binary16: binary32', 'fa33000000', 2 ** -25],
  ['least subnormal binary32', 'fa00000001', 2 ** -149],
  ['below binary32: binary64', 'fb3690000000000000', 2 ** -150],
  ['one bit more than binary16 has', 'fa3f801000', 1 + 2 ** -11],
  ['one bit more than binary32 has', 'fb3ff0000010000000', 1 + 2 ** -24],
  [
    'keys: integers first, then short text, then long',
    'a4000018ff00616200626161f4',
    new Map<number | string, unknown>([
      [0, 0],
      [255, 0],
      ['b', 0],
      ['aa', false],
    ]),
  ],
  [
    'keys by UTF-8 bytes, not by UTF-16 units',
    'a263efbfbf0064f09f988001',
    new Map([
      ['\uffff', 0],
      ['😀', 1],
    ]),
  ],
  ['text of every UTF-8 length', '6b7fc280dfbfe0a080efbfbf', '\u007f\u0080\u07ff\u0800\uffff'],
  ['first and last code point of four bytes', '68f0908080f48fbfbf', '\u{10000}\u{10ffff}'],
  ['a NUL is a character', '6100', '\0'],
];

const MALFORMED: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'BL_WIRE_TRUNCATED'],
  ['two items', '0000', 'BL_WIRE_TRAILING'],
  ['integer 23 in two bytes', '1817', 'BL_WIRE_NOT_SHORTEST'],
  ['integer 255 in three bytes', '1900ff', 'BL_WIRE_NOT_SHORTEST'],
  ['integer 65535 in five bytes', '1a0000ffff', 'BL_WIRE_NOT_SHORTEST'],
  ['integer 2^32 - 1 in nine bytes', '1b00000000ffffffff', 'BL_WIRE_NOT_SHORTEST'],
  ['negative integer -24 in two bytes', '3817', 'BL_WIRE_NOT_SHORTEST'],
  ['over-long length of bytes', '580100', 'BL_WIRE_NOT_SHORTEST'],
  ['over-long length of text', '780161', 'BL_WIRE_NOT_SHORTEST'],
  ['over-long length of an array', '980100', 'BL_WIRE_NOT_SHORTEST'],
  ['over-long length of a map', 'b8010000', 'BL_WIRE_NOT_SHORTEST'],
  ['over-long key', 'a1180100', 'BL_WIRE_NOT_SHORTEST'],
  ['binary32 that fits binary16', 'fa3fc00000', 'BL_WIRE_NOT_SHORTEST'],
  ['binary64 that fits binary16', 'fb3ff8000000000000', 'BL_WIRE_NOT_SHORTEST'],
  ['binary64 that fits binary32', 'fb3ff0001000000000', 'BL_WIRE_NOT_SHORTEST'],
  ['1.0 instead of 1', 'f93c00', 'BL_WIRE_NOT_SHORTEST'],
  ['0.0 instead of 0', 'f90000', 'BL_WIRE_NOT_SHORTEST'],
  ['100000.0 instead of 100000', 'fa47c35000', 'BL_WIRE_NOT_SHORTEST'],
  ['2^53 - 1 as a float', 'fb433fffffffffffff', 'BL_WIRE_NOT_SHORTEST'],
  ['-0 in binary32', 'fa80000000', 'BL_WIRE_NOT_SHORTEST'],
  ['infinity in binary32', 'fa7f800000', 'BL_WIRE_NOT_SHORTEST'],
  ['NaN in binary64', 'fb7ff8000000000000', 'BL_WIRE_NOT_SHORTEST'],
  ['NaN with a payload', 'f97e01', 'BL_WIRE_NOT_SHORTEST'],
  ['signalling NaN', 'f97d00', 'BL_WIRE_NOT_SHORTEST'],
  ['negative NaN', 'f9fe00', 'BL_WIRE_NOT_SHORTEST'],
  ['indefinite bytes', '5f4100ff', 'BL_WIRE_INDEFINITE'],
  ['indefinite text', '7f6161ff', 'BL_WIRE_INDEFINITE'],
  ['indefinite array', '9f00ff', 'BL_WIRE_INDEFINITE'],
  ['indefinite map', 'bf0000ff', 'BL_WIRE_INDEFINITE'],
  ['break alone', 'ff', 'BL_WIRE_INDEFINITE'],
  ['break in an array', '81ff', 'BL_WIRE_INDEFINITE'],
  ['reserved 28', '1c', 'BL_WIRE_RESERVED'],
  ['reserved 29', '5d', 'BL_WIRE_RESERVED'],
  ['reserved 30', '9e', 'BL_WIRE_RESERVED'],
  ['indefinite integer', '1f', 'BL_WIRE_RESERVED'],
  ['indefinite negative integer', '3f', 'BL_WIRE_RESERVED'],
  ['reserved simple 28', 'fc', 'BL_WIRE_RESERVED'],
  ['tag 0', 'c06130', 'BL_WIRE_TAG'],
  ['self-described CBOR', 'd9d9f700', 'BL_WIRE_TAG'],
  ['tag in an array', '81c100', 'BL_WIRE_TAG'],
  ['undefined', 'f7', 'BL_WIRE_SIMPLE'],
  ['simple 16', 'f0', 'BL_WIRE_SIMPLE'],
  ['simple 255', 'f8ff', 'BL_WIRE_SIMPLE'],
  ['false in two bytes', 'f814', 'BL_WIRE_SIMPLE'],
  ['continuation byte alone', '6180', 'BL_WIRE_UTF8'],
  ['over-long NUL', '62c080', 'BL_WIRE_UTF8'],
  ['over-long U+07FF', '63e09fbf', 'BL_WIRE_UTF8'],
  ['over-long U+FFFF', '64f08fbfbf', 'BL_WIRE_UTF8'],
  ['surrogate', '63eda080', 'BL_WIRE_UTF8'],
  ['U+110000', '64f4908080', 'BL_WIRE_UTF8'],
  ['lead byte f8', '65f888808080', 'BL_WIRE_UTF8'],
  ['sequence cut by the end of the text', '8261c361bc', 'BL_WIRE_UTF8'],
  ['missing continuation byte', '62c341', 'BL_WIRE_UTF8'],
  ['ill-formed key', 'a161ff00', 'BL_WIRE_UTF8'],
  ['keys out of order', 'a202000100', 'BL_WIRE_KEY_ORDER'],
  ['text key before an integer', 'a261610001f6', 'BL_WIRE_KEY_ORDER'],
  ['long text key before a short one', 'a262616100616200', 'BL_WIRE_KEY_ORDER'],
  ['equal integer keys', 'a201000100', 'BL_WIRE_KEY_DUPLICATE'],
  ['equal text keys', 'a2616100616100', 'BL_WIRE_KEY_DUPLICATE'],
  ['negative key', 'a12000', 'BL_WIRE_KEY_TYPE'],
  ['key of bytes', 'a1410000', 'BL_WIRE_KEY_TYPE'],
  ['float key', 'a1f93e0000', 'BL_WIRE_KEY_TYPE'],
  ['boolean key', 'a1f400', 'BL_WIRE_KEY_TYPE'],
  ['key beyond 2^53 - 1', 'a11b002000000000000000', 'BL_WIRE_KEY_TYPE'],
  ['array longer than what is left', '8400', 'BL_WIRE_TRUNCATED'],
  ['array of 2^64 - 1 items', '9bffffffffffffffff', 'BL_WIRE_TRUNCATED'],
  ['map of 2^32 - 1 pairs', 'baffffffff', 'BL_WIRE_TRUNCATED'],
  ['bytes of 2^31', '5a80000000', 'BL_WIRE_TRUNCATED'],
  ['text of 2^53', '7b0020000000000000', 'BL_WIRE_TRUNCATED'],
  ['a count too large is a truncation before its items are looked at', '82ff', 'BL_WIRE_TRUNCATED'],
];

const nested = (depth: number): string => `${'81'.repeat(depth)}00`;

const AT_LIMITS: readonly Vector[] = [
  { name: 'arrays 16 deep', hex: nested(LIMITS.cborDepth), expect: depthJson(LIMITS.cborDepth) },
  { name: 'arrays 17 deep', hex: nested(LIMITS.cborDepth + 1), error: 'BL_WIRE_TOO_DEEP' },
  {
    name: 'maps 17 deep',
    hex: `${'a100'.repeat(LIMITS.cborDepth + 1)}00`,
    error: 'BL_WIRE_TOO_DEEP',
  },
  {
    name: 'one item over the limit of 65,536',
    hex: '9a00010000',
    tail: { byte: '00', count: LIMITS.cborItems },
    error: 'BL_WIRE_TOO_MANY',
  },
  {
    name: 'one byte over the limit of 262,144',
    hex: '5a0003fffc',
    tail: { byte: '00', count: LIMITS.documentBytes - 4 },
    error: 'BL_WIRE_TOO_LONG',
  },
];

function depthJson(depth: number): Vector['expect'] & object {
  let value: Vector['expect'] & object = [0];
  for (let i = 1; i < depth; i++) value = [value];
  return value;
}

export interface ValueCase {
  readonly name: string;
  readonly hex: string;
  readonly value: unknown;
}

export const VALUE_CASES: readonly ValueCase[] = [
  ...APPENDIX_A.map(([hex, value]) => ({ name: `RFC 8949 appendix A: ${hex}`, hex, value })),
  ...EDGES.map(([name, hex, value]) => ({ name, hex, value })),
];

export const VALUE_ERRORS: readonly Vector[] = [
  ...MALFORMED.map(([name, hex, error]) => ({ name, hex, error })),
  ...AT_LIMITS,
];
