import { createHash } from 'node:crypto';
import { shardName, shardOf } from '@boardlet/adapters/sets';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Topics } from './topics.ts';

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const topics = new Topics('f1', 16, sha256);
const shard = shardName(shardOf(sha256, 'gw-1', 16));
const wrong = shardName((shardOf(sha256, 'gw-1', 16) + 1) % 16);

test('reads link, shard and channel of a topic', () => {
  assert.equal(topics.parse(`bl/f1/${shard}/gw-1/u`), {
    link: 'gw-1',
    shard: Number.parseInt(shard, 16),
    channel: 'u',
  });
  assert.is(topics.down(1, 'gw-1', 'd'), 'bl/f1/01/gw-1/d');
});

test('drops what is no topic of a link, or whose hash does not give that shard', () => {
  for (const topic of [
    `bl/f1/${wrong}/gw-1/u`,
    `bl/f2/${shard}/gw-1/u`,
    `bl/f1/${shard}/gw-1/d`,
    `bl/f1/${shard}/gw-1/u/more`,
    `bl/f1/${shard}//u`,
    `bl/f1/${shard}/gw-1`,
    'bl/f1/',
    '',
  ])
    assert.is(topics.parse(topic), undefined, topic);
});

test('subscribes to the four channels of each owned shard', () => {
  const subscribed = topics.subscriptions([0, 10]).map((s) => s.topic);
  assert.is(subscribed.length, 8);
  assert.ok(subscribed.includes('bl/f1/0a/+/j'));
});

test.run();
