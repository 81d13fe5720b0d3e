import { readFileSync } from 'node:fs';
import {
  type CborValue,
  type Decoded,
  type DocumentKind,
  decode,
  decodeDocument,
  decodeDown,
  decodeEvent,
  decodeLogArgs,
  decodeRenewArgs,
  decodeStream,
  decodeUp,
  encode,
  encodeDocument,
  encodeEvent,
  encodeLogArgs,
  encodeMessage,
  encodeRenewArgs,
} from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderVectors, vectorUrl } from './generate-vectors.ts';
import {
  fromJson,
  type Json,
  toHex,
  toJson,
  type Vector,
  type VectorFile,
  vectorBytes,
} from './vector-format.ts';

const DIRECTIONS = { up: decodeUp, down: decodeDown, stream: decodeStream } as const;

function read(vector: Vector, bytes: Uint8Array): Decoded<unknown> {
  if (vector.direction !== undefined) return DIRECTIONS[vector.direction](bytes);
  if (vector.kind === 'event') return decodeEvent(bytes);
  if (vector.kind === 'logArgs') return decodeLogArgs(bytes);
  if (vector.kind === 'renewArgs') return decodeRenewArgs(bytes);
  if (vector.kind !== undefined) return decodeDocument(vector.kind as DocumentKind, bytes);
  return decode(bytes);
}

function write(vector: Vector): Uint8Array {
  const value = fromJson(vector.expect as Json) as never;
  if (vector.direction !== undefined) return encodeMessage(value);
  if (vector.kind === 'event') return encodeEvent(value);
  if (vector.kind === 'logArgs') return encodeLogArgs(value);
  if (vector.kind === 'renewArgs') return encodeRenewArgs(value);
  if (vector.kind !== undefined) return encodeDocument(vector.kind as DocumentKind, value);
  return encode(value);
}

const codeOf = (result: Decoded<unknown>): string => (result.ok ? 'ok' : result.code);

const files: readonly (readonly [string, VectorFile])[] = renderVectors().map(([name]) => [
  name,
  JSON.parse(readFileSync(vectorUrl(name), 'utf8')) as VectorFile,
]);
const all = files.flatMap(([, file]) => file.vectors);
const positive = all.filter((vector) => vector.error === undefined);
const negative = all.filter((vector) => vector.error !== undefined);

test('the vector files are what the generator writes', () => {
  for (const [name, text] of renderVectors())
    assert.is(readFileSync(vectorUrl(name), 'utf8'), text, name);
});

test('names are unique, and each file has positive and negative vectors', () => {
  for (const [name, { vectors }] of files) {
    assert.is(new Set(vectors.map((vector) => vector.name)).size, vectors.length, name);
    assert.ok(vectors.some((vector) => vector.error === undefined));
    assert.ok(vectors.some((vector) => vector.error !== undefined));
  }
});

test('the two messages whose bytes the protocol fixes are there', () => {
  const hexes = new Set(positive.map((vector) => vector.hex));
  assert.ok(hexes.has('84001a9a3c77e1199c401ab1947f03'));
  assert.ok(
    hexes.has('85021a9a3c77e1199c40008183057364656661756c742f70756d702d312f74656d70f94d60'),
  );
});

test('decodes every positive vector', () => {
  for (const vector of positive) {
    const result = read(vector, vectorBytes(vector));
    assert.ok(result.ok, `${vector.name}: ${codeOf(result)}`);
    assert.equal(toJson(result.value), vector.expect, vector.name);
  }
});

test('encodes every positive vector byte for byte', () => {
  for (const vector of positive.filter(({ lenient }) => lenient === undefined))
    assert.is(toHex(write(vector)), vector.hex, vector.name);
});

test('refuses every negative vector with its code and field', () => {
  for (const vector of negative) {
    const result = read(vector, vectorBytes(vector));
    assert.is(codeOf(result), vector.error, vector.name);
    if (vector.direction === undefined && vector.kind === undefined) continue;
    assert.is(result.ok ? undefined : result.detail, vector.detail, vector.name);
  }
});

test('a vector cut at any byte is truncated', () => {
  for (const vector of positive) {
    const bytes = vectorBytes(vector);
    for (let length = 0; length < bytes.length; length++)
      assert.is(
        codeOf(read(vector, bytes.subarray(0, length))),
        'BL_WIRE_TRUNCATED',
        `${vector.name} at ${length}`,
      );
  }
});

test('a byte behind a vector is refused', () => {
  for (const vector of positive) {
    const bytes = Uint8Array.of(...vectorBytes(vector), 0);
    assert.is(codeOf(read(vector, bytes)), 'BL_WIRE_TRAILING', vector.name);
  }
});

test('a vector with any bit flipped never throws, and a value that decodes has no second form', () => {
  for (const vector of positive) {
    const bytes = vectorBytes(vector);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = decode(flipped);
      if (result.ok) assert.is(toHex(encode(result.value as CborValue)), toHex(flipped));
      read(vector, flipped);
    }
  }
});

test('byte strings are plain views of the input, also of a Buffer', () => {
  const input = Buffer.from('4401020304', 'hex');
  const result = decode(input);
  assert.ok(result.ok);
  assert.is(Object.getPrototypeOf(result.value), Uint8Array.prototype);
  assert.is((result.value as Uint8Array).buffer, input.buffer);
});

test.run();
