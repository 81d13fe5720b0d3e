import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatValue, MAX_VALUE_BYTES, parseValue, type ValueRule } from './values.ts';

const good: readonly [ValueRule, string, unknown][] = [
  [{ type: 'INT' }, '42', 42],
  [{ type: 'INT' }, '-7', -7],
  [{ type: 'INT' }, '9007199254740993', 9007199254740993n],
  [{ type: 'FLOAT' }, '21.5', 21.5],
  [{ type: 'DOUBLE' }, '1e3', 1000],
  [{ type: 'BOOLEAN' }, 'true', true],
  [{ type: 'STRING' }, '', ''],
  [{ type: 'INT', minimum: 100, maximum: 60000 }, '100', 100],
];
for (const [rule, text, value] of good) {
  test(`takes ${rule.type} "${text}"`, () => {
    assert.equal(parseValue(rule, text), { ok: true, value });
  });
}

const refused: readonly [ValueRule, string, RegExp][] = [
  [{ type: 'INT' }, '4.2', /not an integer/],
  [{ type: 'INT' }, '', /not an integer/],
  [{ type: 'INT' }, '9223372036854775808', /64 bits/],
  [{ type: 'FLOAT' }, 'warm', /not a number/],
  [{ type: 'FLOAT' }, 'Infinity', /not a number/],
  [{ type: 'BOOLEAN' }, 'yes', /true or false/],
  [{ type: 'BYTES' }, 'a', /base64/],
  [{ type: 'STREAM' }, 'x', /STREAM/],
  [{ type: 'INT', minimum: 100 }, '99', /minimum 100/],
  [{ type: 'DOUBLE', maximum: 1.5 }, '1.6', /maximum 1.5/],
  [{ type: 'STRING' }, 'x'.repeat(MAX_VALUE_BYTES + 1), /longer/],
];
for (const [rule, text, message] of refused) {
  test(`refuses ${rule.type} "${text.slice(0, 20)}" with a reason`, () => {
    const parsed = parseValue(rule, text);
    assert.is(parsed.ok, false);
    if (!parsed.ok) assert.match(parsed.message, message);
  });
}

test('formats what it parses back to the same text', () => {
  assert.is(formatValue(21.5), '21.5');
  assert.is(formatValue(true), 'true');
  assert.is(formatValue(9007199254740993n), '9007199254740993');
  assert.is(formatValue(new Uint8Array([1, 2, 255])), 'AQL/');
});

test.run();
