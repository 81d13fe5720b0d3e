import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KubeObject } from './contract.ts';
import { isKubeError } from './errors.ts';
import { createLineReader, readWatchLine } from './watch.ts';

const TEXT = '{"a":"é😀"}\n\n{"b":2}\n{"c":"0123456789"}\n';
const BYTES = new TextEncoder().encode(TEXT);
const LINES = ['{"a":"é😀"}', '{"b":2}', '{"c":"0123456789"}'];

function read(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.push(chunk);
  assert.is(reader.rest(), 0);
  return lines;
}

test('cuts the same lines whole, byte by byte and at every split', () => {
  assert.equal(read([BYTES]), LINES);
  assert.equal(read([...BYTES].map((byte) => Uint8Array.of(byte))), LINES);
  for (let i = 0; i <= BYTES.length; i++)
    assert.equal(read([BYTES.slice(0, i), BYTES.slice(i)]), LINES);
});

test('keeps no reference to a chunk that its owner reuses', () => {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  const chunk = new TextEncoder().encode('{"x":');
  reader.push(chunk);
  chunk.fill(0);
  reader.push(new TextEncoder().encode('1}\n'));
  assert.equal(lines, ['{"x":1}']);
});

test('refuses a line one byte over the limit, in one piece or in many', () => {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line), 4);
  reader.push(new TextEncoder().encode('1234\n'));
  assert.equal(lines, ['1234']);
  for (const chunks of [['12345\n'], ['12', '345']]) {
    const small = createLineReader(() => undefined, 4);
    try {
      for (const chunk of chunks) small.push(new TextEncoder().encode(chunk));
      assert.unreachable();
    } catch (error) {
      assert.ok(isKubeError(error, 'BL_KUBE_TOO_LARGE'));
    }
  }
});

test('tells how much of a line was cut off', () => {
  const reader = createLineReader(() => undefined);
  reader.push(new TextEncoder().encode('{}\n{"type"'));
  assert.is(reader.rest(), 7);
});

test('hands on events and names what is none', () => {
  const seen: [string, KubeObject][] = [];
  const handlers = {
    onEvent: (type: string, object: KubeObject) => seen.push([type, object]),
    onActivity: () => undefined,
  };
  readWatchLine('{"type":"ADDED","object":{"metadata":{"name":"a"}}}', handlers);
  readWatchLine('{"type":"FUTURE","object":{"metadata":{"name":"a"}}}', handlers);
  assert.equal(
    seen.map(([type, object]) => [type, object.metadata.name]),
    [['ADDED', 'a']],
  );
  const table: readonly (readonly [string, string])[] = [
    ['{"type":"ADDED"', 'BL_KUBE_BAD_ANSWER'],
    ['null', 'BL_KUBE_BAD_ANSWER'],
    ['{"type":"ADDED","object":null}', 'BL_KUBE_BAD_ANSWER'],
    ['{"type":"ADDED","object":{"metadata":7}}', 'BL_KUBE_BAD_ANSWER'],
    ['{"type":"ERROR","object":{"kind":"Status","code":410}}', 'BL_KUBE_EXPIRED'],
    [
      '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}',
      'BL_KUBE_EXPIRED',
    ],
    ['{"type":"ERROR"}', 'BL_KUBE_INTERNAL_ERROR'],
  ];
  for (const [line, code] of table) {
    try {
      readWatchLine(line, handlers);
      assert.unreachable(line);
    } catch (error) {
      assert.ok(isKubeError(error, code), line);
    }
  }
});

test('says what is wrong with any damaged byte, and throws nothing else', () => {
  const event = '{"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"7"}}}\n';
  const good = new TextEncoder().encode(event);
  const handlers = { onEvent: () => undefined, onActivity: () => undefined };
  for (let i = 0; i < good.length; i++)
    for (let bit = 0; bit < 8; bit++) {
      const bad = good.slice();
      bad[i] = (bad[i] ?? 0) ^ (1 << bit);
      const lines: string[] = [];
      const reader = createLineReader((line) => lines.push(line));
      reader.push(bad);
      for (const line of lines)
        try {
          readWatchLine(line, handlers);
        } catch (error) {
          assert.ok(isKubeError(error), `${i}.${bit}: ${String(error)}`);
        }
    }
});

test.run();
