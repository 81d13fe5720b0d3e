/** docs/wire.md and the examples in boardlet.cddl hold what the codec writes. */
import { readFileSync } from 'node:fs';
import {
  decodeMessage,
  encodeMessage,
  LIMITS,
  MESSAGES,
  WIRE_ERRORS,
} from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, vectorBytes } from './vector-format.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const page = read('docs/wire.md');
const cddl = read('adapters/wire/boardlet.cddl');

interface Example {
  readonly hex: string;
  readonly size: number;
}

/** Blocks ```cbor N bytes: hexadecimal up to `;` in each line. */
const examples: readonly Example[] = [...page.matchAll(/```cbor (\d+) bytes\n(.*?)```/gs)].map(
  ([, size, body]) => ({
    size: Number(size),
    hex: (body ?? '').replace(/;.*$/gm, '').replace(/\s/g, ''),
  }),
);

function typeOf(hex: string): string {
  const bytes = vectorBytes({ hex });
  const result = decodeMessage(bytes);
  assert.ok(result.ok, `${hex}: ${result.ok ? '' : result.code}`);
  assert.is(toHex(encodeMessage(result.value)), hex, 'in the form that the encoder writes');
  return result.value.type;
}

test('every worked example on the page is a message, of the size that it says', () => {
  for (const { hex, size } of examples) {
    typeOf(hex);
    assert.is(hex.length / 2, size, hex);
  }
});

test('the page works out every type of message', () => {
  const shown = new Set(examples.map(({ hex }) => typeOf(hex)));
  assert.equal([...shown].sort(), Object.keys(MESSAGES).sort());
});

test('the page lists every error with its number, and the limits', () => {
  const numbers = (JSON.parse(read('adapters/wire/registry.json')) as Record<string, object>)[
    'wireErrors'
  ];
  for (const [name, number] of Object.entries(numbers ?? {})) {
    const code = WIRE_ERRORS[name as keyof typeof WIRE_ERRORS];
    assert.ok(page.includes(`| \`${code}\` | ${number} |`), code);
  }
  for (const limit of [LIMITS.messageBytes, LIMITS.documentBytes, LIMITS.streamChunkBytes])
    assert.ok(page.includes(limit.toLocaleString('en-US')), `${limit}`);
});

test('the examples in boardlet.cddl are of the rule below them', () => {
  const found = [...cddl.matchAll(/Example: ([0-9a-f]+)\n(?:;.*\n)*([a-z-]+) = /g)];
  assert.ok(found.length >= 5);
  for (const [, hex, rule] of found) assert.is(typeOf(hex ?? ''), rule);
  assert.is(found.length + 1, cddl.split('Example: ').length - 1, 'death has two');
});

test('boardlet.cddl has a rule for every message', () => {
  for (const [type, number] of Object.entries(MESSAGES))
    assert.match(cddl, new RegExp(`^${type} = \\[${number}, `, 'm'));
});

test.run();
