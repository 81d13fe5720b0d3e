import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  encodeConnect,
  encodeDisconnect,
  encodePuback,
  encodePublish,
  encodeSubscribe,
  PINGREQ,
} from './encode.ts';

/** Read by an independent implementation. */
function read(bytes: Uint8Array, protocolVersion: 4 | 5): Packet {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', (packet) => packets.push(packet));
  reader.on('error', (error) => {
    throw error;
  });
  assert.is(reader.parse(Buffer.from(bytes)), 0, 'bytes are left over');
  assert.is(packets.length, 1);
  return packets[0] as Packet;
}

const FIELDS = {
  clientId: 'gw-1',
  keepAliveS: 60,
  username: 'gw-1',
  password: 'sëcret',
  will: { topic: 'bl/f/0a/gw-1/w', payload: new Uint8Array([1, 2, 3]) },
  willDelayS: 30,
  receiveMaximum: 100,
  topicAliasMaximum: 8,
  maxPacketBytes: 66_560,
};

for (const level of [4, 5] as const)
  test(`CONNECT of level ${level} reads as it was meant`, () => {
    const packet = read(encodeConnect({ ...FIELDS, level }), level) as IConnectPacket;
    assert.is(packet.cmd, 'connect');
    assert.is(packet.protocolVersion, level);
    assert.is(packet.clean, true);
    assert.is(packet.clientId, 'gw-1');
    assert.is(packet.keepalive, 60);
    assert.is(packet.username, 'gw-1');
    assert.is(String(packet.password), 'sëcret');
    assert.is(packet.will?.topic, FIELDS.will.topic);
    assert.is(packet.will?.qos, 1);
    assert.is(packet.will?.retain, false);
    assert.equal([...(packet.will?.payload ?? [])], [1, 2, 3]);
    if (level === 4) return;
    assert.equal(
      { ...packet.properties },
      {
        sessionExpiryInterval: 30,
        receiveMaximum: 100,
        topicAliasMaximum: 8,
        maximumPacketSize: 66_560,
      },
    );
    assert.equal({ ...packet.will?.properties }, { willDelayInterval: 30 });
  });

test('CONNECT without will, user name and password', () => {
  const packet = read(
    encodeConnect({
      level: 5,
      clientId: '',
      keepAliveS: 0,
      willDelayS: 30,
      receiveMaximum: 1,
      topicAliasMaximum: 0,
      maxPacketBytes: 100,
    }),
    5,
  ) as IConnectPacket;
  assert.is(packet.will, undefined);
  assert.is(packet.username, undefined);
  assert.is(packet.properties?.sessionExpiryInterval, 0);
});

test('a password without a user name is left out, as 3.1.1 demands', () => {
  const { username: _, ...rest } = FIELDS;
  const packet = read(encodeConnect({ ...rest, level: 4 }), 4) as IConnectPacket;
  assert.is(packet.password, undefined);
});

test('a will over 65,535 bytes is the caller’s mistake', () => {
  const will = { topic: 'w', payload: new Uint8Array(65_536) };
  assert.throws(
    () => encodeConnect({ ...FIELDS, level: 5, will }),
    (error: { code?: string }) => error.code === 'BL_LINK_OPTIONS',
  );
});

test('SUBSCRIBE has the bytes of the reference encoder', () => {
  const subscriptions = [
    { topic: 'bl/f/0a/gw-1/d', qos: 1 as const },
    { topic: 'bl/f/0a/gw-1/r', qos: 0 as const },
  ];
  for (const protocolVersion of [4, 5] as const)
    assert.equal(
      [...encodeSubscribe(protocolVersion, 0x1234, subscriptions)],
      [
        ...generate(
          {
            cmd: 'subscribe',
            messageId: 0x1234,
            subscriptions: subscriptions.map((s) => ({ ...s, rh: 2, nl: false, rap: false })),
          },
          { protocolVersion },
        ),
      ],
    );
});

test('PUBLISH has the bytes of the reference encoder at each length of its length', () => {
  for (const size of [0, 1, 100, 127, 128, 16_000, 16_384, 70_000])
    for (const level of [4, 5] as const)
      for (const packetId of [0, 7]) {
        const payload = new Uint8Array(size).fill(9);
        const topic = 'bl/f/0a/Grüße/u';
        assert.equal(
          Buffer.from(encodePublish({ level, topic, alias: 0, packetId, payload })),
          generate(
            {
              cmd: 'publish',
              topic,
              payload: Buffer.from(payload),
              qos: packetId === 0 ? 0 : 1,
              messageId: packetId,
              dup: false,
              retain: false,
            },
            { protocolVersion: level },
          ),
          `${size} ${level} ${packetId}`,
        );
      }
});

test('an alias replaces the topic: a beat of 15 bytes takes 23 on the wire', () => {
  const payload = new Uint8Array(15);
  const first = encodePublish({
    level: 5,
    topic: 'bl/f/0a/gw-1/u',
    alias: 1,
    packetId: 0,
    payload,
  });
  const packet = read(first, 5);
  assert.is(packet.cmd === 'publish' && packet.properties?.topicAlias, 1);
  const next = encodePublish({ level: 5, topic: '', alias: 1, packetId: 0, payload });
  assert.is(next.length, 23);
});

test('PUBACK, PINGREQ and DISCONNECT', () => {
  assert.equal([...encodePuback(0x1234)], [0x40, 2, 0x12, 0x34]);
  assert.is(read(PINGREQ, 4).cmd, 'pingreq');
  assert.equal([...encodeDisconnect(4, 0x82, true)], [0xe0, 0]);
  const reasoned = read(encodeDisconnect(5, 0x82, false), 5);
  assert.is(reasoned.cmd === 'disconnect' && reasoned.reasonCode, 0x82);
  const final = read(encodeDisconnect(5, 0, true), 5);
  assert.is(final.cmd === 'disconnect' && final.reasonCode, 0);
  assert.is(final.cmd === 'disconnect' && final.properties?.['sessionExpiryInterval'], 0);
});

test.run();
