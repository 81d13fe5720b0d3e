import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeEnvelope } from './protobuf.ts';

/** A tag or length as a varint of one or two bytes. */
const varint = (value: number): Buffer =>
  Buffer.from(value < 128 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
const bytes = (field: number, value: Buffer | string): Buffer => {
  const body = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
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
    () => decodeEnvelope(envelope('Deployment', Buffer.alloc(0))),
    /Deployment must be sent as application\/json/,
  );
  // A part of a kind is not a kind.
  assert.throws(
    () => decodeEnvelope(envelope('PodSpec', Buffer.alloc(0))),
    /PodSpec must be sent as application\/json/,
  );
});

const message = (field: number, ...parts: readonly Buffer[]): Buffer =>
  bytes(field, Buffer.concat(parts));
const MINUS_ONE = Buffer.from('ffffffffffffffffff01', 'hex');

test('inlined messages, times, quantities, ports, negative numbers; zeros where JSON has them', () => {
  const container = message(
    2,
    bytes(1, 'main'),
    bytes(2, ''),
    bytes(3, ''),
    message(8, message(1, bytes(1, 'cpu'), message(2, bytes(1, '100m')))),
    // The probe's handler has no name in JSON.
    message(11, message(1, message(3, message(1, flag(1, 1), bytes(3, 'web'))))),
  );
  const volume = message(1, bytes(1, 'v'), message(2, message(2, bytes(1, ''))));
  const toleration = message(22, bytes(1, 'k'), Buffer.from([5 << 3]), MINUS_ONE);
  const created = message(8, Buffer.from([0x08, 0x80, 0xa3, 0x05]));
  const raw = Buffer.concat([
    message(1, bytes(1, 'p'), created),
    message(2, volume, container, flag(4, 0), flag(11, 0), toleration),
  ]);
  assert.equal(decodeEnvelope(envelope('Pod', raw)), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', creationTimestamp: '1970-01-02T00:00:00Z' },
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          command: [''],
          resources: { limits: { cpu: '100m' } },
          readinessProbe: { tcpSocket: { port: 'web' } },
        },
      ],
      terminationGracePeriodSeconds: 0,
      tolerations: [{ key: 'k', tolerationSeconds: -1 }],
    },
  });
});

test('a message nested in itself without end is refused', () => {
  let inner: Buffer = Buffer.alloc(0);
  for (let depth = 0; depth < 40 && inner.length < 120; depth++) inner = message(2, inner);
  survives(envelope('Pod', inner));
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
