import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeEnvelope } from './protobuf.ts';

const bytes = (field: number, value: Buffer | string): Buffer => {
  const body = Buffer.from(value);
  assert.ok(body.length < 128);
  return Buffer.concat([Buffer.from([(field << 3) | 2, body.length]), body]);
};
const flag = (field: number, value: number): Buffer => Buffer.from([field << 3, value]);
const entry = (key: string, value: string): Buffer =>
  Buffer.concat([bytes(1, key), bytes(2, value)]);

function envelope(kind: string, raw: Buffer): Buffer {
  const type = Buffer.concat([bytes(1, 'v1'), bytes(2, kind)]);
  return Buffer.concat([
    Buffer.from('k8s\0'),
    bytes(1, type),
    bytes(2, raw),
    bytes(3, ''),
    bytes(4, ''),
  ]);
}

const metadata = bytes(
  1,
  Buffer.concat([bytes(1, 'cfg'), bytes(2, ''), bytes(11, entry('a', 'b'))]),
);
const configMap = envelope(
  'ConfigMap',
  Buffer.concat([metadata, bytes(2, entry('k', 'v')), bytes(3, entry('b', '\x01')), flag(4, 1)]),
);

test('a ConfigMap as kubectl sends it', () => {
  assert.equal(decodeEnvelope(configMap), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cfg', labels: { a: 'b' } },
    data: { k: 'v' },
    binaryData: { b: 'AQ==' },
    immutable: true,
  });
});

test('DeleteOptions keep a grace period of zero', () => {
  const raw = Buffer.concat([flag(1, 0), bytes(2, bytes(1, 'uid-1')), bytes(4, 'Background')]);
  assert.equal(decodeEnvelope(envelope('DeleteOptions', raw)), {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'uid-1' },
    propagationPolicy: 'Background',
  });
});

test('other kinds are refused by name', () => {
  assert.throws(
    () => decodeEnvelope(envelope('Pod', Buffer.alloc(0))),
    /Pod must be sent as application\/json/,
  );
});

/** Broken bytes give a coded error, or another object; never anything else. */
function survives(input: Buffer): void {
  try {
    assert.type(decodeEnvelope(input), 'object');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    assert.match(code, /^BL_API_(BAD_REQUEST|UNSUPPORTED_MEDIA_TYPE)$/);
  }
}

test('truncation at each byte and every flipped bit', () => {
  for (let end = 0; end < configMap.length; end++) survives(configMap.subarray(0, end));
  for (let at = 0; at < configMap.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(configMap);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      survives(flipped);
    }
  }
});

test('lengths that lie and endless numbers', () => {
  for (const tail of [
    '120a',
    '12ffffffffffffffffffff01',
    '0affffffff7f',
    '80808080808080808080808080',
  ]) {
    survives(Buffer.concat([Buffer.from('k8s\0'), Buffer.from(tail, 'hex')]));
  }
});

test.run();
