import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mqtt5Bytes, syncCost } from './sync-cost.ts';

test('counts MQTT 5 headers as the protocol page does', () => {
  assert.is(mqtt5Bytes(15, 0), 23);
  assert.is(mqtt5Bytes(262, 1), 273);
});

test('repair costs a few hundred bytes for one lost change, however large the set', () => {
  const small = syncCost(10, 1);
  const large = syncCost(1000, 1);
  assert.ok(small.bytes < 500, `${small.bytes} B`);
  assert.ok(large.bytes < 800, `${large.bytes} B`);
  assert.is(small.rounds, 1);
  assert.ok(large.rounds <= 4);
});

test('sends no document again that was not lost', () => {
  const none = syncCost(100, 10).documentBytes;
  assert.ok(none > 10 * 20 && none < 10 * 80, `${none} B`);
});

test.run();
