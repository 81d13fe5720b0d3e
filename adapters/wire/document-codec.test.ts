import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encode } from './codec.ts';
import {
  decodeDocument,
  decodeEvent,
  decodeLogArgs,
  documentKind,
  encodeDocument,
  encodeEvent,
  encodeLogArgs,
} from './document-codec.ts';
import type { EventEntry, PodDocument, StaticPodDocument } from './documents.ts';
import { isBoardletError } from './errors.ts';
import { KINDS, LIMITS } from './registry.ts';
import type { CborValue, Decoded } from './value.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const codeOf = (result: Decoded<unknown>): string => (result.ok ? 'ok' : result.code);
const unencodable = (error: unknown): boolean => isBoardletError(error, 'BL_WIRE_UNENCODABLE');

const POD: PodDocument = {
  uid: '0f8fad5b-d9cb-469f-a165-70867728950e',
  runtime: 'process',
  graceS: 30,
  restart: 'Always',
  containers: [{ name: 'app', image: 'boardlet.dev/host' }],
};
const STATIC: StaticPodDocument = { hash: 'h', pod: POD, labels: {}, annotations: {} };
const EVENT: EventEntry = {
  warning: false,
  reason: 'r',
  message: 'm',
  about: 'node',
  name: '-',
  unixMs: 1,
};

test('a uid that is a canonical UUID takes 16 bytes, any other is text', () => {
  const uidOf = (uid: string): string => hex(encodeDocument('pod', { ...POD, uid })).slice(4, 8);
  assert.is(uidOf(POD.uid), '500f');
  assert.is(uidOf(POD.uid.toUpperCase()), '7824');
  assert.is(uidOf('static-1'), '6873');
});

test('equal documents have equal bytes, whatever the order of their properties', () => {
  const shuffled = Object.fromEntries(Object.entries(POD).reverse()) as unknown as PodDocument;
  assert.is(hex(encodeDocument('pod', shuffled)), hex(encodeDocument('pod', POD)));
  const labels = (pairs: readonly [string, string][]): string =>
    hex(encodeDocument('staticPod', { ...STATIC, labels: Object.fromEntries(pairs) }));
  assert.is(
    labels([
      ['b', '1'],
      ['a', '2'],
    ]),
    labels([
      ['a', '2'],
      ['b', '1'],
    ]),
  );
});

test('a label named __proto__ from outside is a label and nothing else', () => {
  const labels = JSON.parse('{"__proto__":"x","a":"b"}') as Record<string, string>;
  const result = decodeDocument('staticPod', encodeDocument('staticPod', { ...STATIC, labels }));
  assert.ok(result.ok);
  assert.equal(Object.keys(result.value.labels).sort(), ['__proto__', 'a']);
  assert.is(Object.getPrototypeOf(result.value.labels), Object.prototype);
  assert.is(({} as Record<string, unknown>)['x'], undefined);
});

test('a fault names the path of its field', () => {
  const container = (image: CborValue): CborValue =>
    new Map([
      [1, 'app'],
      [2, image],
    ]);
  const bytes = encode(
    new Map<number, CborValue>([
      [1, 'u'],
      [2, 'process'],
      [3, 30],
      [4, 0],
      [5, [container('a'), container(7)]],
    ]),
  );
  const result = decodeDocument('pod', bytes);
  assert.is(codeOf(result), 'BL_WIRE_SHAPE');
  assert.is(result.ok ? '' : result.detail, 'containers[1].image');
});

test('refuses to encode what a reader would refuse', () => {
  const pod =
    (change: object): (() => void) =>
    () => {
      encodeDocument('pod', { ...POD, ...change });
    };
  const bad: readonly (() => void)[] = [
    pod({ uid: undefined }),
    pod({ graceS: -1 }),
    pod({ graceS: 1.5 }),
    pod({ restart: 'Sometimes' }),
    pod({ restart: 'toString' }),
    pod({ containers: [{ name: 'a' }] }),
    pod({ runtime: 'a\ud800' }),
    () => encodeDocument('twinDesired', null as unknown as string),
    () => encodeDocument('twin', { value: [1] as unknown as number }),
    () => encodeEvent({ ...EVENT, message: 'x'.repeat(LIMITS.journalEntryBytes) }),
    () => encodeEvent({ ...EVENT, unixMs: -1 }),
  ];
  for (const encodeBad of bad) assert.throws(encodeBad, unencodable);
});

test('a document over 256 KiB is refused with its size, and one at the limit is not', () => {
  const text = (length: number): string => 'x'.repeat(length);
  assert.is(
    encodeDocument('twinDesired', text(LIMITS.documentBytes - 5)).length,
    LIMITS.documentBytes,
  );
  try {
    encodeDocument('twinDesired', text(2_000_000));
    assert.unreachable();
  } catch (error) {
    assert.ok(unencodable(error));
    assert.equal((error as { details?: unknown }).details, {
      bytes: 2_000_005,
      limit: LIMITS.documentBytes,
    });
  }
});

test('a twin is its bare value until a desired value was applied', () => {
  assert.is(hex(encodeDocument('twin', { value: 21.5 })), 'f94d60');
  assert.is(hex(encodeDocument('twin', { value: 39, observedDesired: 40 })), '8218271828');
  assert.is(hex(encodeDocument('twin', { value: false, observedDesired: false })), '82f4f4');
});

test('a limit beyond 2^53 is read as the nearest number', () => {
  const device = new Map<number, CborValue>([
    [1, 'p'],
    [2, null],
    [
      3,
      [
        new Map<number, CborValue>([
          [1, 'n'],
          [2, 0],
          [3, true],
          [5, 2n ** 63n - 1n],
          [7, 'p'],
          [8, null],
          [9, 0],
          [10, 0],
          [11, true],
        ]),
      ],
    ],
  ]);
  const result = decodeDocument('device', encode(device));
  assert.ok(result.ok);
  assert.is(result.value.properties[0]?.maximum, 2 ** 63);
});

test('kinds have names where this version knows their bodies', () => {
  assert.is(documentKind(KINDS.pod), 'pod');
  assert.is(documentKind(KINDS.deviceStatus), 'deviceStatus');
  assert.is(documentKind(KINDS.secret), undefined);
  assert.is(documentKind(99), undefined);
});

test('journal entries and log arguments come back as they went', () => {
  const entry = decodeEvent(encodeEvent(EVENT));
  assert.equal(entry, { ok: true, value: EVENT });
  const args = {
    pod: 'a/b',
    container: 'c',
    follow: false,
    previous: true,
    timestamps: true,
    sinceMs: 5,
  };
  assert.equal(decodeLogArgs(encodeLogArgs(args)), { ok: true, value: args });
});

test.run();
