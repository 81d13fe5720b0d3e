import { generate, type Packet } from 'mqtt-packet';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../contract/seeded-random.ts';
import {
  type Body,
  createTopicReader,
  decodeConnack,
  decodeDisconnect,
  decodePuback,
  decodePublish,
  decodeSuback,
} from './decode.ts';
import { readUtf8 } from './utf8.ts';

/** Made by an independent implementation; the body starts after head and length, inside a larger piece. */
function make(
  packet: Packet,
  protocolVersion: 4 | 5,
): { readonly head: number; readonly body: Body } {
  const wire = generate(packet, { protocolVersion });
  let lengthBytes = 1;
  while ((wire[lengthBytes] ?? 0) >= 0x80) lengthBytes += 1;
  const bytes = new Uint8Array(wire.length + 7).fill(0xee);
  bytes.set(wire, 3);
  return { head: wire[0] ?? 0, body: { bytes, start: 4 + lengthBytes, end: 3 + wire.length } };
}

const cut = ({ bytes, start }: Body, length: number): Body => ({
  bytes,
  start,
  end: start + length,
});
const sizeOf = ({ start, end }: Body): number => end - start;

const CONNACK = make(
  {
    cmd: 'connack',
    reasonCode: 0,
    sessionPresent: false,
    properties: {
      receiveMaximum: 20,
      topicAliasMaximum: 10,
      maximumPacketSize: 100_000,
      serverKeepAlive: 33,
      maximumQoS: 1,
      reasonString: 'hello',
      assignedClientIdentifier: 'x',
      userProperties: { a: 'b' },
      wildcardSubscriptionAvailable: true,
    },
  },
  5,
);
const PUBLISH = make(
  {
    cmd: 'publish',
    topic: 'bl/f/0a/a/d',
    payload: Buffer.from('hello'),
    qos: 1,
    messageId: 500,
    dup: false,
    retain: false,
    properties: {
      topicAlias: 3,
      contentType: 'x',
      subscriptionIdentifier: 300,
      correlationData: Buffer.from('c'),
    },
  },
  5,
);

test('reads what a CONNACK allows', () => {
  const connack = decodeConnack(CONNACK.body, 5);
  assert.is(connack?.code, 0);
  assert.is(connack?.properties.receiveMaximum, 20);
  assert.is(connack?.properties.topicAliasMaximum, 10);
  assert.is(connack?.properties.maximumPacketSize, 100_000);
  assert.is(connack?.properties.serverKeepAliveS, 33);
  assert.is(connack?.properties.reason, 'hello');
});

test('a refusal of 3.1.1 is read in answer to level 5, an acceptance is not', () => {
  const answer = (code: number): Body => ({ bytes: new Uint8Array([0, code]), start: 0, end: 2 });
  assert.is(decodeConnack(answer(1), 5)?.code, 1);
  assert.is(decodeConnack(answer(0), 5), undefined);
  assert.is(decodeConnack(answer(0), 4)?.code, 0);
});

test('reads a PUBLISH with properties around its payload', () => {
  const publish = decodePublish(PUBLISH.head, PUBLISH.body, 5, readUtf8);
  assert.is(publish?.topic, 'bl/f/0a/a/d');
  assert.is(publish?.alias, 3);
  assert.is(publish?.qos, 1);
  assert.is(publish?.packetId, 500);
  const { bytes, end } = PUBLISH.body;
  assert.is(Buffer.from(bytes.slice(publish?.payloadStart, end)).toString(), 'hello');
});

test('refuses each truncation of a CONNACK and of a PUBLISH’s head', () => {
  for (let length = 0; length < sizeOf(CONNACK.body); length++)
    assert.is(decodeConnack(cut(CONNACK.body, length), 5), undefined, `CONNACK ${length}`);
  const headBytes = sizeOf(PUBLISH.body) - 'hello'.length;
  for (let length = 0; length < headBytes; length++)
    assert.is(
      decodePublish(PUBLISH.head, cut(PUBLISH.body, length), 5, readUtf8),
      undefined,
      `PUBLISH ${length}`,
    );
});

test('a flipped bit never throws and never reads past the packet', () => {
  for (const { head, body } of [CONNACK, PUBLISH])
    for (let bit = 8 * body.start; bit < 8 * body.end; bit++) {
      const bytes = body.bytes.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const flipped = { ...body, bytes };
      const publish = decodePublish(head, flipped, 5, readUtf8);
      if (publish !== undefined) assert.ok(publish.payloadStart <= body.end);
      decodeConnack(flipped, 5);
      decodeSuback(flipped, 5, 2);
      decodePuback(flipped, 5);
      decodeDisconnect(flipped);
    }
});

test('noise never throws', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const below = seededRandom(seed);
    const bytes = Uint8Array.from({ length: below(40) }, () => below(256));
    const body = { bytes, start: 0, end: bytes.length };
    for (const level of [4, 5] as const) {
      const publish = decodePublish(below(256), body, level, readUtf8);
      if (publish !== undefined) assert.ok(publish.payloadStart <= body.end, `seed ${seed}`);
      decodeConnack(body, level);
      decodeSuback(body, level, 1);
      decodePuback(body, level);
      decodeDisconnect(body);
    }
  }
});

const BROKEN: readonly [string, number, number[]][] = [
  ['QoS 3', 0x36, [0, 1, 0x61, 0, 1, 0]],
  ['packet identifier 0', 0x32, [0, 1, 0x61, 0, 0, 0]],
  ['neither topic nor alias', 0x30, [0, 0, 0]],
  ['alias 0', 0x30, [0, 1, 0x61, 3, 0x23, 0, 0]],
  ['an unknown property', 0x30, [0, 1, 0x61, 2, 0x7f, 0]],
  ['a property over the end of its list', 0x30, [0, 1, 0x61, 2, 0x23, 0, 1]],
  ['a property list over the end of the packet', 0x30, [0, 1, 0x61, 9, 0x23, 0, 1]],
  ['a topic that is no UTF-8', 0x30, [0, 1, 0xff, 0]],
  ['a topic with U+0000', 0x30, [0, 1, 0x00, 0]],
];
for (const [what, head, bytes] of BROKEN)
  test(`refuses a PUBLISH with ${what}`, () => {
    const body = { bytes: new Uint8Array(bytes), start: 0, end: bytes.length };
    assert.is(decodePublish(head, body, 5, readUtf8), undefined);
  });

test('names the subscription that was refused', () => {
  const suback = make({ cmd: 'suback', messageId: 9, granted: [1, 0x80] }, 4);
  assert.equal(decodeSuback(suback.body, 4, 2), { packetId: 9, failed: 1 });
  const granted = make(
    { cmd: 'suback', messageId: 9, granted: [1, 0], properties: { reasonString: 'r' } },
    5,
  );
  assert.equal(decodeSuback(granted.body, 5, 2), { packetId: 9, failed: -1 });
  assert.is(decodeSuback(granted.body, 5, 3), undefined);
});

test('reads PUBACK with and without a reason', () => {
  assert.equal(decodePuback(make({ cmd: 'puback', messageId: 7 }, 4).body, 4), {
    packetId: 7,
    ok: true,
  });
  const refused = make({ cmd: 'puback', messageId: 7, reasonCode: 0x87 }, 5);
  assert.equal(decodePuback(refused.body, 5), { packetId: 7, ok: false });
  const nobody = make({ cmd: 'puback', messageId: 7, reasonCode: 0x10 }, 5);
  assert.equal(decodePuback(nobody.body, 5), { packetId: 7, ok: true });
});

test('reads why the broker disconnects', () => {
  const { body } = make(
    { cmd: 'disconnect', reasonCode: 0x8e, properties: { reasonString: 'twin' } },
    5,
  );
  assert.equal(decodeDisconnect(body), { code: 0x8e, reason: 'twin' });
  assert.equal(decodeDisconnect({ bytes: new Uint8Array(0), start: 0, end: 0 }), {
    code: 0,
    reason: undefined,
  });
});

test('a repeated topic is the same string, a changed one is not', () => {
  const read = createTopicReader();
  const bytes = new Uint8Array(Buffer.from('abcabdab'));
  assert.is(read(bytes, 0, 3), 'abc');
  assert.is(read(bytes, 0, 3), 'abc');
  assert.is(read(bytes, 3, 6), 'abd');
  assert.is(read(bytes, 6, 8), 'ab');
  assert.is(read(bytes, 0, 0), '');
});

test.run();
