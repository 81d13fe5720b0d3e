/** Bad CBOR inside messages of a right shape, a message over the limit, and what only a newer peer would write. */
import { type CborValue, encode, LIMITS } from '@boardlet/adapters/wire';
import type { Direction } from './message-cases.ts';
import { type Json, m, toHex, type Vector } from './vector-format.ts';

const TAG = 0x9a3c77e1;

type Raw = readonly [
  name: string,
  direction: Direction,
  hex: string,
  error: string,
  detail?: string,
];

const BAD_CBOR: readonly Raw[] = [
  [
    'beat whose seq is over-long',
    'up',
    '84001a9a3c77e11a00009c401ab1947f03',
    'BL_WIRE_NOT_SHORTEST',
    'seq',
  ],
  ['beat in an indefinite array', 'up', '9f001a9a3c77e1199c401ab1947f03ff', 'BL_WIRE_INDEFINITE'],
  ['beat in a tag', 'up', 'c184001a9a3c77e1199c401ab1947f03', 'BL_WIRE_TAG'],
  [
    'beat with a tag in an element of the future',
    'up',
    '86001a9a3c77e1199c401ab1947f0301c100',
    'BL_WIRE_TAG',
  ],
  ['type in two bytes', 'up', '84180001010100', 'BL_WIRE_NOT_SHORTEST', 'type'],
  ['birth with equal keys', 'up', '84010101a303000301040000', 'BL_WIRE_KEY_DUPLICATE'],
  ['birth with keys out of order', 'up', '84010101a3030005800400', 'BL_WIRE_KEY_ORDER'],
  [
    'birth with a bad value at a key of the future',
    'up',
    '84010101a4030004000580181ff7',
    'BL_WIRE_SIMPLE',
    '31',
  ],
  ['name that is not UTF-8', 'up', '850201010081820161ff', 'BL_WIRE_UTF8', 'ops[0].name'],
  [
    'body with equal keys',
    'up',
    '8502010100818301616ea201000100',
    'BL_WIRE_KEY_DUPLICATE',
    'ops[0].body',
  ],
  [
    'body with an over-long integer',
    'up',
    '8502010100818301616e1800',
    'BL_WIRE_NOT_SHORTEST',
    'ops[0].body',
  ],
  [
    'body of indefinite length',
    'up',
    '8502010100818301616e9fff',
    'BL_WIRE_INDEFINITE',
    'ops[0].body',
  ],
  [
    'body nested 17 deep',
    'up',
    `8502010100818301616e${'81'.repeat(17)}00`,
    'BL_WIRE_TOO_DEEP',
    'ops[0].body',
  ],
  [
    'arguments with a lone surrogate',
    'stream',
    '8418200102a3010002010363eda080',
    'BL_WIRE_UTF8',
    'args',
  ],
];

const LENIENT: readonly (readonly [string, Direction, CborValue, Json])[] = [
  [
    'beat with elements of the future',
    'up',
    [0, TAG, 1, 2, 3, 'x', [1]],
    { type: 'beat', tag: TAG, seq: 1, stamp: 2, dseq: 3 },
  ],
  [
    'birth with keys and elements of the future',
    'up',
    [1, TAG, 1, m([3, 1], [4, 2], [5, [[0, 3, 4, 'x']]], [99, [0.5]], ['x', m()]), null],
    {
      type: 'birth',
      tag: TAG,
      seq: 1,
      mark: 1,
      uptimeMs: 2,
      digests: [{ b: 0, desired: 3, reported: 4 }],
    },
  ],
  [
    'ask with an element of the future in a prefix',
    'down',
    [18, TAG, 1, 0, 1, [[1, 2, 3]]],
    { type: 'ask', tag: TAG, seq: 1, b: 0, set: 1, prefixes: [{ depth: 1, prefix: 2 }] },
  ],
  [
    'drop with an element of the future',
    'down',
    [21, TAG, 1, 0, 'why'],
    { type: 'drop', tag: TAG, seq: 1, b: 0 },
  ],
];

const TOO_LONG: Vector = {
  name: 'one byte over the limit of 65,536',
  direction: 'up',
  hex: '8502010100818301616e59fff4',
  tail: { byte: '00', count: LIMITS.messageBytes - 12 },
  error: 'BL_WIRE_TOO_LONG',
};

export const MALFORMED_MESSAGES: readonly Vector[] = [
  ...BAD_CBOR.map(([name, direction, hex, error, detail]) => ({
    name,
    direction,
    hex,
    error,
    ...(detail === undefined ? {} : { detail }),
  })),
  TOO_LONG,
];

export const LENIENT_MESSAGES: readonly Vector[] = LENIENT.map(
  ([name, direction, value, expect]) => ({
    name,
    direction,
    hex: toHex(encode(value)),
    lenient: true,
    expect,
  }),
);
