/** Near misses of messages: well-formed CBOR of a wrong shape. */
import { type CborValue, encode, LIMITS } from '@boardlet/adapters/wire';
import type { Direction } from './message-cases.ts';
import { m, toHex, type Vector } from './vector-format.ts';

const TAG = 0x9a3c77e1;
const KH = Uint8Array.of(0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6);
const DH = Uint8Array.of(0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8);
const REALM = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

type Near = readonly [
  name: string,
  direction: Direction,
  value: CborValue,
  error: string,
  detail?: string,
  rule?: null,
];

const BIRTH = [
  [3, 0],
  [4, 0],
  [5, []],
] as const;
const HELLO = [
  [1, 1],
  [2, 1],
  [3, REALM],
  [4, 10],
  [5, 0],
  [6, 65536],
] as const;
const bytes = (length: number): Uint8Array => new Uint8Array(length);
const text = (length: number): string => 'n'.repeat(length);
const upOp = (op: CborValue): CborValue => [2, TAG, 1, 0, [op]];
const listPage = (page: CborValue): CborValue => [4, TAG, 1, 1, 0, 0, [page]];

/** Well-formed CBOR of a wrong shape. `null` last: the CDDL cannot say it. */
const NEAR_MISSES: readonly Near[] = [
  ['no array', 'up', 0, 'BL_WIRE_SHAPE'],
  ['an empty array', 'up', [], 'BL_WIRE_MISSING'],
  ['a type that is text', 'up', ['beat'], 'BL_WIRE_SHAPE', 'type'],
  ['a type of the future', 'up', [7, 1], 'BL_WIRE_UNKNOWN_TYPE'],
  ['a type beyond 2^53', 'up', [2n ** 60n], 'BL_WIRE_RANGE', 'type'],
  ['a down message on the way up', 'up', [21, TAG, 1, 0], 'BL_WIRE_UNKNOWN_TYPE'],
  ['an up message on the way down', 'down', [0, TAG, 1, 0], 'BL_WIRE_UNKNOWN_TYPE'],
  ['a stream message on the way down', 'down', [35, TAG, 2, 0], 'BL_WIRE_UNKNOWN_TYPE'],
  ['beat of tag 0', 'up', [0, 0, 1, 1], 'BL_WIRE_RANGE', 'tag'],
  ['beat of a tag beyond 32 bits', 'up', [0, 2 ** 32, 1, 1], 'BL_WIRE_RANGE', 'tag'],
  ['beat of a negative tag', 'up', [0, -1, 1, 1], 'BL_WIRE_SHAPE', 'tag'],
  ['beat of a seq beyond 32 bits', 'up', [0, 1, 2 ** 32, 1], 'BL_WIRE_RANGE', 'seq'],
  ['beat without stamp', 'up', [0, 1, 1], 'BL_WIRE_MISSING', 'stamp'],
  ['beat of a float stamp', 'up', [0, 1, 1, 0.5], 'BL_WIRE_SHAPE', 'stamp'],
  [
    'beat of a stamp beyond 64 bits of safety',
    'up',
    [0, 1, 1, 2n ** 63n],
    'BL_WIRE_RANGE',
    'stamp',
  ],
  ['birth without a map', 'up', [1, TAG, 1], 'BL_WIRE_MISSING'],
  ['birth without digests', 'up', [1, TAG, 1, m([3, 0], [4, 0])], 'BL_WIRE_MISSING', 'digests'],
  ['birth with no version', 'up', [1, TAG, 1, m([1, []], ...BIRTH)], 'BL_WIRE_RANGE', 'versions'],
  [
    'birth with 17 versions',
    'up',
    [1, TAG, 1, m([1, Array(17).fill(1)], ...BIRTH)],
    'BL_WIRE_RANGE',
    'versions',
  ],
  [
    'birth with a realm of 7 bytes',
    'up',
    [1, TAG, 1, m([2, bytes(7)], ...BIRTH)],
    'BL_WIRE_RANGE',
    'realm',
  ],
  [
    'birth with 257 boards',
    'up',
    [
      1,
      TAG,
      1,
      m([3, 0], [4, 0], [5, Array.from({ length: LIMITS.boardsPerLink + 1 }, (_, b) => [b, 0, 0])]),
    ],
    'BL_WIRE_RANGE',
    'digests',
  ],
  [
    'birth with a short digest',
    'up',
    [1, TAG, 1, m([3, 0], [4, 0], [5, [[0, 0]]])],
    'BL_WIRE_MISSING',
    'digests[0].reported',
  ],
  [
    'birth with a board of no name',
    'up',
    [1, TAG, 1, m(...BIRTH, [6, [[0, '', 0]]])],
    'BL_WIRE_RANGE',
    'boards[0].id',
  ],
  [
    'birth with a max-message below 1,024',
    'up',
    [1, TAG, 1, m(...BIRTH, [7, LIMITS.maxMessageFloorBytes - 1])],
    'BL_WIRE_RANGE',
    'maxMessage',
  ],
  [
    'birth with a dh of 7 bytes in staging',
    'up',
    [1, TAG, 1, m(...BIRTH, [9, [[0, KH, bytes(7), 0]]])],
    'BL_WIRE_RANGE',
    'staging[0].dh',
  ],
  ['birth with `more` false', 'up', [1, TAG, 1, m(...BIRTH, [11, false])], 'BL_WIRE_RANGE', 'more'],
  ['up without operations', 'up', [2, TAG, 1, 0, []], 'BL_WIRE_RANGE', 'ops'],
  ['up with a time that is negative', 'up', [2, TAG, 1, 0, [KH], -1], 'BL_WIRE_SHAPE', 'tMs'],
  ['operation of one element', 'up', upOp([1]), 'BL_WIRE_SHAPE', 'ops[0]'],
  ['operation of four elements', 'up', upOp([1, 'n', 0, 0]), 'BL_WIRE_SHAPE', 'ops[0]'],
  [
    'operation of seven elements',
    'up',
    upOp([1, 'n', DH, 1, 0, bytes(1), 0]),
    'BL_WIRE_SHAPE',
    'ops[0]',
  ],
  ['operation that is text', 'up', upOp('n'), 'BL_WIRE_SHAPE', 'ops[0]'],
  ['deletion by a hash of 5 bytes', 'up', upOp(bytes(5)), 'BL_WIRE_RANGE', 'ops[0].kh'],
  ['put of a text kind', 'up', upOp(['pod', 'n', 0]), 'BL_WIRE_SHAPE', 'ops[0].kind'],
  ['put of no name', 'up', upOp([1, '', 0]), 'BL_WIRE_RANGE', 'ops[0].name'],
  [
    'put of a name of 513 bytes',
    'up',
    upOp([1, text(LIMITS.nameBytes + 1), 0]),
    'BL_WIRE_RANGE',
    'ops[0].name',
  ],
  ['chunk of nothing', 'up', upOp([1, 'n', DH, 1, 0, bytes(0)]), 'BL_WIRE_RANGE', 'ops[0].bytes'],
  [
    'chunk of a document of 262,145 bytes',
    'up',
    upOp([1, 'n', DH, LIMITS.documentBytes + 1, 0, bytes(1)]),
    'BL_WIRE_RANGE',
    'ops[0].total',
  ],
  [
    'chunk behind the end',
    'up',
    upOp([1, 'n', DH, 10, 10, bytes(1)]),
    'BL_WIRE_RANGE',
    'ops[0].off',
    null,
  ],
  [
    'chunk over the end',
    'up',
    upOp([1, 'n', DH, 10, 9, bytes(2)]),
    'BL_WIRE_RANGE',
    'ops[0].bytes',
    null,
  ],
  [
    'the second operation is wrong',
    'up',
    [2, TAG, 1, 0, [KH, [1, 2]]],
    'BL_WIRE_SHAPE',
    'ops[1].name',
  ],
  ['journal with a seq', 'up', [3, TAG, 1, 0, 1, 1, 0, [bytes(1)]], 'BL_WIRE_RANGE'],
  ['journal without entries', 'up', [3, TAG, 0, 0, 1, 1, 0, []], 'BL_WIRE_RANGE', 'entries'],
  [
    'journal with 17 entries',
    'up',
    [3, TAG, 0, 0, 1, 1, 0, Array(LIMITS.journalPerMessage + 1).fill(bytes(1))],
    'BL_WIRE_RANGE',
    'entries',
  ],
  [
    'journal with an entry of 2,049 bytes',
    'up',
    [3, TAG, 0, 0, 1, 1, 0, [bytes(LIMITS.journalEntryBytes + 1)]],
    'BL_WIRE_RANGE',
    'entries[0]',
  ],
  ['list of set 2', 'up', [4, TAG, 1, 1, 0, 2, [[0, 0, bytes(0)]]], 'BL_WIRE_RANGE', 'set'],
  ['list without pages', 'up', [4, TAG, 1, 1, 0, 0, []], 'BL_WIRE_RANGE', 'pages'],
  ['page of depth 9', 'up', listPage([9, 0, bytes(0)]), 'BL_WIRE_RANGE', 'pages[0].depth'],
  [
    'page of a prefix beyond its depth',
    'up',
    listPage([1, 16, bytes(0)]),
    'BL_WIRE_RANGE',
    'pages[0].prefix',
    null,
  ],
  ['page without bytes', 'up', listPage([0, 0]), 'BL_WIRE_MISSING', 'pages[0]'],
  [
    'page of half an entry',
    'up',
    listPage([0, 0, bytes(15)]),
    'BL_WIRE_RANGE',
    'pages[0].bytes',
    null,
  ],
  [
    'page of 33 entries',
    'up',
    listPage([0, 0, bytes((LIMITS.listPageDocuments + 1) * 10)]),
    'BL_WIRE_RANGE',
    'pages[0].bytes',
  ],
  [
    'page of 15 child digests',
    'up',
    listPage([0, 0, bytes(60), 1]),
    'BL_WIRE_RANGE',
    'pages[0].bytes',
  ],
  [
    'page of child digests with another mark than 1',
    'up',
    listPage([0, 0, bytes(64), 2]),
    'BL_WIRE_RANGE',
    'pages[0].children',
  ],
  ['refuse with a kh of 8 bytes', 'up', [6, TAG, 1, 0, 5, DH], 'BL_WIRE_RANGE', 'kh'],
  ['hello with a seq', 'down', [16, TAG, 1, m(...HELLO)], 'BL_WIRE_RANGE'],
  ['hello without a map', 'down', [16, TAG, 0], 'BL_WIRE_MISSING'],
  [
    'hello with session tag 0',
    'down',
    [16, TAG, 0, m([1, 0], ...HELLO.slice(1))],
    'BL_WIRE_RANGE',
    'ses',
  ],
  [
    'hello without max-message',
    'down',
    [16, TAG, 0, m(...HELLO.slice(0, 5))],
    'BL_WIRE_MISSING',
    'maxMessage',
  ],
  [
    'hello with a beat of 0 s',
    'down',
    [16, TAG, 0, m(...HELLO.slice(0, 3), [4, 0], ...HELLO.slice(4))],
    'BL_WIRE_RANGE',
    'beatS',
  ],
  ['hello whose map is an array', 'down', [16, TAG, 0, [1]], 'BL_WIRE_SHAPE'],
  ['down without mark', 'down', [17, TAG, 1, 0, [KH]], 'BL_WIRE_SHAPE', 'mark'],
  [
    'ask for a prefix of depth 9',
    'down',
    [18, TAG, 1, 0, 0, [[9, 0]]],
    'BL_WIRE_RANGE',
    'prefixes[0].depth',
  ],
  ['fetch of nothing', 'down', [19, TAG, 1, 0, []], 'BL_WIRE_RANGE', 'khs'],
  [
    'jack of a segment beyond 32 bits',
    'down',
    [20, TAG, 1, 0, 2 ** 32, 1],
    'BL_WIRE_RANGE',
    'segment',
  ],
  ['open without arguments', 'stream', [32, TAG, 2, m([1, 0], [2, 1])], 'BL_WIRE_MISSING', 'args'],
  [
    'data of 16,385 bytes',
    'stream',
    [33, TAG, 2, 0, bytes(LIMITS.streamChunkBytes + 1)],
    'BL_WIRE_RANGE',
    'bytes',
  ],
  ['end without code', 'stream', [35, TAG, 2], 'BL_WIRE_MISSING', 'code'],
];

function nearVector([name, direction, value, error, detail, rule]: Near): Vector {
  const cddl =
    rule === null || error === 'BL_WIRE_UNKNOWN_TYPE' ? undefined : `${direction}-message`;
  return {
    name,
    direction,
    ...(cddl === undefined ? {} : { cddl }),
    hex: toHex(encode(value)),
    error,
    ...(detail === undefined ? {} : { detail }),
  };
}

export const MESSAGE_ERRORS: readonly Vector[] = NEAR_MISSES.map(nearVector);
