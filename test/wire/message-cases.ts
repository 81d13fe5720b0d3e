/** The messages that the vectors hold. */
import {
  encodeDocument,
  encodeEvent,
  encodeLogArgs,
  LIMITS,
  type Message,
} from '@boardlet/adapters/wire';
import { EVENT, LOG_ARGS, POD } from './document-cases.ts';

const TAG = 0x9a3c77e1;
const STAMP = 0xb1947f03;
const KH = Uint8Array.of(0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6);
const DH = Uint8Array.of(0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8);
const REALM = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const TWIN = 'default/pump-1/temp';
const fence = { tag: TAG, seq: 40000, b: 0 } as const;

export type Direction = 'up' | 'down' | 'stream';
export type MessageCase = readonly [name: string, direction: Direction, message: Message];

export const MESSAGE_CASES: readonly MessageCase[] = [
  ['beat, idle', 'up', { type: 'beat', tag: TAG, seq: 40000, stamp: STAMP }],
  [
    'beat that acknowledges',
    'up',
    { type: 'beat', tag: TAG, seq: 40000, stamp: STAMP, dseq: 4000 },
  ],
  [
    'beat with every field at its maximum',
    'up',
    { type: 'beat', tag: 0xffffffff, seq: 0xffffffff, stamp: 0xffffffff, dseq: 0xffffffff },
  ],
  [
    'birth of a link that was just started, one board',
    'up',
    {
      type: 'birth',
      tag: TAG,
      seq: 1,
      versions: [1],
      realm: REALM,
      mark: 0,
      uptimeMs: 123456,
      digests: [{ b: 0, desired: STAMP, reported: 0 }],
      boards: [{ b: 0, id: 'press-17', boots: 3 }],
      maxMessage: 65536,
      kindsRead: 0b1010010,
    },
  ],
  [
    'birth that answers a hello',
    'up',
    {
      type: 'birth',
      tag: TAG,
      seq: 1,
      mark: 5812345,
      uptimeMs: 123456,
      digests: [{ b: 0, desired: STAMP, reported: STAMP }],
    },
  ],
  [
    'birth in parts, with a transfer that goes on',
    'up',
    {
      type: 'birth',
      tag: TAG,
      seq: 2,
      mark: 5812345,
      uptimeMs: 123456,
      digests: [
        { b: 0, desired: 1, reported: 2 },
        { b: 37, desired: 3, reported: 4 },
      ],
      staging: [{ b: 37, kh: KH, dh: DH, have: 131072 }],
      dseq: 7,
      more: true,
    },
  ],
  [
    'up with a twin, short float',
    'up',
    {
      type: 'up',
      ...fence,
      ops: [{ op: 'put', kind: 5, name: TWIN, body: encodeDocument('twin', { value: 21.5 }) }],
    },
  ],
  [
    'up with a twin, double, and a time, of board 37',
    'up',
    {
      type: 'up',
      ...fence,
      b: 37,
      ops: [{ op: 'put', kind: 5, name: TWIN, body: encodeDocument('twin', { value: 21.537 }) }],
      tMs: 123456789,
    },
  ],
  [
    'up with every operation',
    'up',
    {
      type: 'up',
      ...fence,
      ops: [
        {
          op: 'put',
          kind: 11,
          name: 'default/pump-1',
          body: encodeDocument('deviceStatus', { state: 'online' }),
        },
        { op: 'delete', kind: 5, name: TWIN },
        { op: 'delete-hash', kh: KH },
        {
          op: 'chunk',
          kind: 8,
          name: '-',
          dh: DH,
          total: 200000,
          off: 65000,
          bytes: Uint8Array.of(1, 2, 3),
        },
      ],
    },
  ],
  [
    'journal, one event',
    'up',
    {
      type: 'journal',
      tag: TAG,
      b: 0,
      segment: STAMP,
      first: 17,
      lost: 0,
      entries: [encodeEvent(EVENT)],
    },
  ],
  [
    'journal that lost entries',
    'up',
    {
      type: 'journal',
      tag: TAG,
      b: 2,
      segment: 1,
      first: 1024,
      lost: 12,
      entries: [new Uint8Array(), Uint8Array.of(0xa0)],
    },
  ],
  [
    'list, entries',
    'up',
    {
      type: 'list',
      tag: TAG,
      seq: 3,
      dseq: 2,
      b: 0,
      set: 1,
      pages: [
        {
          depth: 0,
          prefix: 0,
          bytes: Uint8Array.from({ length: 20 }, (_, i) => i),
          children: false,
        },
      ],
    },
  ],
  [
    'list, an empty range and one of child digests',
    'up',
    {
      type: 'list',
      tag: TAG,
      seq: 3,
      dseq: 2,
      b: 0,
      set: 0,
      pages: [
        { depth: 8, prefix: 0xffffffff, bytes: new Uint8Array(), children: false },
        {
          depth: 1,
          prefix: 15,
          bytes: Uint8Array.from({ length: 64 }, (_, i) => i),
          children: true,
        },
      ],
    },
  ],
  [
    'list, a full page',
    'up',
    {
      type: 'list',
      tag: TAG,
      seq: 3,
      dseq: 2,
      b: 0,
      set: 0,
      pages: [
        {
          depth: 1,
          prefix: 0,
          bytes: new Uint8Array(LIMITS.listPageDocuments * 10),
          children: false,
        },
      ],
    },
  ],
  ['death, the will', 'up', { type: 'death', tag: TAG }],
  ['death, a goodbye', 'up', { type: 'death', tag: TAG, reason: 1 }],
  ['refuse of a document', 'up', { type: 'refuse', ...fence, code: 5, kh: KH, dh: DH }],
  ['refuse of a hello: wrong realm', 'up', { type: 'refuse', ...fence, code: 1 }],
  ['refuse of a fetch', 'up', { type: 'refuse', ...fence, code: 6, kh: KH }],
  ['refuse, down: not mine', 'down', { type: 'refuse', ...fence, b: 4, code: 6 }],
  [
    'hello',
    'down',
    {
      type: 'hello',
      echo: TAG,
      ses: STAMP,
      version: 1,
      realm: REALM,
      beatS: 10,
      paceMs: 1000,
      maxMessage: 65536,
    },
  ],
  [
    'hello that asks for a birth',
    'down',
    {
      type: 'hello',
      echo: 0,
      ses: STAMP,
      version: 1,
      realm: REALM,
      beatS: 1,
      paceMs: 0,
      maxMessage: 1024,
      kindsRead: 0b101100100100,
      want: 0b111000110,
      unixMs: 1767225600000,
    },
  ],
  [
    'down with a wanted twin value',
    'down',
    {
      type: 'down',
      ...fence,
      mark: 5812345,
      ops: [
        {
          op: 'put',
          kind: 4,
          name: 'default/pump-1/setpoint',
          body: encodeDocument('twinDesired', 40),
        },
      ],
    },
  ],
  [
    'down with a pod',
    'down',
    {
      type: 'down',
      ...fence,
      mark: 5812345,
      ops: [
        {
          op: 'put',
          kind: 1,
          name: 'default/web-7c9d4b6f5-x2x7q',
          body: encodeDocument('pod', POD),
        },
      ],
    },
  ],
  [
    'down with a deletion by name',
    'down',
    {
      type: 'down',
      ...fence,
      mark: 5812345,
      ops: [{ op: 'delete', kind: 1, name: 'default/web-7c9d4b6f5-x2x7q' }],
    },
  ],
  [
    'down with a deletion by hash',
    'down',
    { type: 'down', ...fence, mark: 5812345, ops: [{ op: 'delete-hash', kh: KH }] },
  ],
  [
    'down with the last chunk of the largest document',
    'down',
    {
      type: 'down',
      ...fence,
      mark: 9007199254740991,
      ops: [
        {
          op: 'chunk',
          kind: 3,
          name: 'default/reader-config',
          dh: DH,
          total: 262144,
          off: 262143,
          bytes: Uint8Array.of(0),
        },
      ],
    },
  ],
  ['ask for the state', 'down', { type: 'ask', ...fence, set: 0, prefixes: [] }],
  [
    'ask for the root',
    'down',
    { type: 'ask', ...fence, set: 1, prefixes: [{ depth: 0, prefix: 0 }] },
  ],
  [
    'ask for a level',
    'down',
    {
      type: 'ask',
      ...fence,
      set: 1,
      prefixes: [
        { depth: 1, prefix: 15 },
        { depth: 8, prefix: 0xffffffff },
      ],
    },
  ],
  ['fetch', 'down', { type: 'fetch', ...fence, khs: [KH, Uint8Array.of(0, 0, 0, 0, 0, 1)] }],
  ['jack', 'down', { type: 'jack', ...fence, segment: STAMP, n: 17 }],
  ['drop', 'down', { type: 'drop', ...fence, b: 255 }],
  [
    'open a log',
    'stream',
    { type: 'open', tag: TAG, id: 2, b: 0, streamType: 1, args: encodeLogArgs(LOG_ARGS) },
  ],
  [
    'data',
    'stream',
    { type: 'data', tag: TAG, id: 2, off: 4096, bytes: Uint8Array.of(0x68, 0x69, 0x0a) },
  ],
  [
    'data, the empty half-close',
    'stream',
    { type: 'data', tag: TAG, id: 2, off: 4099, bytes: new Uint8Array() },
  ],
  ['credit', 'stream', { type: 'credit', tag: TAG, id: 2, ack: 8192, limit: 139264 }],
  ['end', 'stream', { type: 'end', tag: TAG, id: 2, code: 0 }],
];
