import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeDocument } from './document-codec.ts';
import { isBoardletError } from './errors.ts';
import { decodeDown, decodeMessage, decodeUp, encodeMessage } from './message-codec.ts';
import type { Message, Up } from './messages.ts';
import { LIMITS } from './registry.ts';

const TAG = 0x9a3c77e1;
const KH = new Uint8Array(6);
const unencodable = (error: unknown): boolean => isBoardletError(error, 'BL_WIRE_UNENCODABLE');
const up = (ops: Up['ops']): Up => ({ type: 'up', tag: TAG, seq: 1, b: 0, ops });

test('a body travels as the bytes that it is', () => {
  const body = encodeDocument('pod', {
    uid: 'u',
    runtime: 'process',
    graceS: 30,
    restart: 'Always',
    containers: [],
  });
  const bytes = encodeMessage(up([{ op: 'put', kind: 1, name: 'a/b', body }]));
  const result = decodeUp(bytes);
  assert.ok(result.ok && result.value.type === 'up');
  const [op] = result.value.ops;
  assert.ok(op?.op === 'put');
  assert.equal(op.body, body);
  assert.is(op.body.buffer, bytes.buffer, 'a view, not a copy');
});

test('refuses to encode a message with a field missing or out of range', () => {
  const chunk = {
    op: 'chunk',
    kind: 1,
    name: 'n',
    dh: new Uint8Array(8),
    total: 10,
    off: 0,
  } as const;
  const bad: readonly unknown[] = [
    { type: 'nonsense', tag: TAG },
    { type: 'beat', tag: 0, seq: 1, stamp: 1 },
    { type: 'beat', tag: TAG, seq: -1, stamp: 1 },
    { type: 'beat', tag: TAG, seq: 1.5, stamp: 1 },
    { type: 'beat', tag: TAG, seq: 1 },
    { type: 'beat', tag: TAG, seq: 1, stamp: 2 ** 32 },
    { type: 'beat', tag: TAG, seq: 1, stamp: Number.NaN },
    up([]),
    up([{ op: 'put', kind: 1, name: '', body: KH }]),
    up([{ op: 'put', kind: 1, name: 'n', body: new Uint8Array() }]),
    up([{ op: 'put', kind: 1, name: 'ü'.repeat(LIMITS.nameBytes / 2 + 1), body: KH }]),
    up([{ op: 'put', kind: 1, name: 'n', body: new Uint8Array(LIMITS.documentBytes + 1) }]),
    up([{ op: 'delete-hash', kh: new Uint8Array(5) }]),
    up([{ ...chunk, bytes: new Uint8Array(11) }]),
    up([{ ...chunk, bytes: new Uint8Array() }]),
    { type: 'refuse', tag: TAG, seq: 1, b: 0, code: 5, dh: new Uint8Array(8) },
    { type: 'ask', tag: TAG, seq: 1, b: 0, set: 2, prefixes: [] },
    { type: 'ask', tag: TAG, seq: 1, b: 0, set: 0, prefixes: [{ depth: 1, prefix: 16 }] },
    { type: 'ask', tag: TAG, seq: 1, b: 0, set: 0, prefixes: [{ depth: 9, prefix: 0 }] },
    {
      type: 'list',
      tag: TAG,
      seq: 1,
      dseq: 0,
      b: 0,
      set: 0,
      pages: [{ depth: 0, prefix: 0, bytes: new Uint8Array(11), children: false }],
    },
    { type: 'birth', tag: TAG, seq: 1, mark: 0, uptimeMs: 0 },
    { type: 'open', tag: TAG, id: 1, b: 0, streamType: 1, args: new Uint8Array() },
    { type: 'data', tag: TAG, id: 1, off: 0, bytes: new Uint8Array(LIMITS.streamChunkBytes + 1) },
  ];
  for (const message of bad)
    assert.throws(() => encodeMessage(message as Message), unencodable, JSON.stringify(message));
});

test('an absent field and one that is undefined are the same', () => {
  const message = { type: 'beat', tag: TAG, seq: 1, stamp: 1, dseq: undefined } as unknown;
  const result = decodeUp(encodeMessage(message as Message));
  assert.ok(result.ok);
  assert.equal(Object.keys(result.value), ['type', 'tag', 'seq', 'stamp']);
});

test('a message longer than a page of 64 KiB is written, and read where the limit allows', () => {
  const body = encodeDocument('twinDesired', 'x'.repeat(70_000));
  const bytes = encodeMessage(up([{ op: 'put', kind: 4, name: 'n', body }]));
  const refused = decodeUp(bytes);
  assert.is(refused.ok ? '' : refused.code, 'BL_WIRE_TOO_LONG');
  assert.ok(decodeUp(bytes, { maxBytes: 100_000 }).ok);
});

test('each direction takes its own messages; refuse goes both ways', () => {
  const refuse = encodeMessage({ type: 'refuse', tag: TAG, seq: 1, b: 0, code: 6 });
  assert.ok(decodeUp(refuse).ok);
  assert.ok(decodeDown(refuse).ok);
  const drop = encodeMessage({ type: 'drop', tag: TAG, seq: 1, b: 0 });
  const result = decodeUp(drop);
  assert.is(result.ok ? '' : result.code, 'BL_WIRE_UNKNOWN_TYPE');
  assert.ok(decodeMessage(drop).ok);
});

test('the beat does not grow with the boards, and stays within 24 bytes at its largest', () => {
  const max = 0xffffffff;
  const bytes = encodeMessage({ type: 'beat', tag: max, seq: max, stamp: max, dseq: max });
  assert.ok(bytes.length <= 24, `${bytes.length}`);
});

test.run();
