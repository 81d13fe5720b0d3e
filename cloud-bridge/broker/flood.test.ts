import { connect as connectTls } from 'node:tls';
import type { MqttClient } from 'mqtt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecordingLog, type RecordingLog } from '../trust/testing/recording-log.ts';
import { createBroker } from './broker.ts';
import type { Broker, BrokerLimits } from './contract.ts';
import {
  closed,
  connectAs,
  createTestPki,
  observe,
  publishOrClose,
  subscribe,
} from './testing/clients.ts';

const pki = await createTestPki();
const TREE = 'bl/plant/0a';

async function withBroker(
  limits: Partial<BrokerLimits>,
  work: (broker: Broker, url: string, log: RecordingLog) => Promise<void>,
): Promise<void> {
  const log = createRecordingLog();
  const listeners = [{ kind: 'tls', host: '127.0.0.1', port: 0 }] as const;
  const broker = await createBroker({ listeners, tls: pki.server, limits, log });
  try {
    await work(broker, broker.urls[0] ?? '', log);
  } finally {
    await broker.close();
  }
}
const codes = (log: RecordingLog): unknown[] =>
  log.lines.filter((l) => l.event === 'broker.disconnected').map((l) => l['code']);

/** Publishes QoS 0 as fast as the socket takes it, until the connection ends. */
async function flood(client: MqttClient, topic: string, payload: Buffer): Promise<void> {
  let open = true;
  client.once('close', () => {
    open = false;
  });
  while (open) {
    for (let n = 0; n < 100; n += 1) client.publish(topic, payload, { qos: 0 });
    if (client.stream.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        client.stream.once('drain', resolve);
        client.once('close', () => resolve());
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a flood is throttled, then ended and shown, while others are served', () =>
  withBroker({ packetBurst: 200, packetsPerS: 100, floodMs: 400 }, async (broker, url, log) => {
    const bridge = await connectAs(url, await pki.bridge('bridge.main'));
    const seen = observe(bridge);
    await subscribe(bridge, 'bl/#');
    const honest = await connectAs(url, await pki.link('honest'));
    const hostile = await connectAs(url, await pki.link('hostile'));
    const ended = flood(hostile, `${TREE}/hostile/u`, Buffer.alloc(10));
    for (let n = 0; n < 20; n += 1) {
      assert.is(await publishOrClose(honest, `${TREE}/honest/u`), 'acknowledged');
    }
    await ended;
    assert.equal(codes(log), ['BL_BROKER_FLOOD']);
    const shown = log.lines.find((l) => l.event === 'broker.throttled');
    assert.is(shown?.['client'], 'hostile');
    assert.is(broker.metrics().floodDisconnects, 1);
    await publishOrClose(honest, `${TREE}/honest/j`);
    await seen.until(`${TREE}/honest/j`);
    assert.is(seen.topics.filter((t) => t === `${TREE}/honest/u`).length, 20);
    for (const client of [bridge, honest]) await client.endAsync(true);
  }));

test('a client that sends more than its rate, but not for long, only waits', () =>
  withBroker({ packetBurst: 50, packetsPerS: 500, floodMs: 5000 }, async (broker, url, log) => {
    const client = await connectAs(url, await pki.link('honest'));
    const sent = Array.from({ length: 200 }, () => publishOrClose(client, `${TREE}/honest/u`));
    const outcomes = new Set(await Promise.all(sent));
    assert.equal([...outcomes], ['acknowledged']);
    assert.ok(broker.metrics().throttled > 0);
    assert.equal(codes(log), []);
    await client.endAsync(true);
  }));

test('a subscriber that does not read is dropped at its bound and holds nobody up', () =>
  withBroker({ queuedBytes: 200_000 }, async (broker, url) => {
    const slow = await connectAs(url, await pki.link('slow'));
    assert.is(await subscribe(slow, 'bl/+/+/slow/d'), 1);
    const ended = closed(slow);
    slow.stream.pause();
    const reader = await connectAs(url, await pki.link('reader'));
    await subscribe(reader, 'bl/+/+/reader/d');
    const got = observe(reader);
    const bridge = await connectAs(url, await pki.bridge('bridge.main'));
    const payload = Buffer.alloc(50_000);
    while (broker.metrics().slowDisconnects === 0) {
      await publishOrClose(bridge, `${TREE}/slow/d`, { payload });
    }
    await publishOrClose(bridge, `${TREE}/reader/d`);
    await got.until(`${TREE}/reader/d`);
    slow.stream.resume();
    await ended;
    for (const client of [bridge, reader]) await client.endAsync(true);
  }));

test('a name that connects too often is refused for a while, others are not', () =>
  withBroker({ nameBurst: 3, namePerS: 0.001 }, async (_, url) => {
    const link = await pki.link('honest');
    for (let n = 0; n < 3; n += 1) await (await connectAs(url, link)).endAsync(true);
    const fourth = await connectAs(url, link).catch((error: Error) => error.message);
    assert.match(String(fourth), /Server unavailable/);
    await (await connectAs(url, await pki.link('hostile'))).endAsync(true);
  }));

test('above the greatest number of clients a connection is closed at once', () =>
  withBroker({ clients: 1 }, async (broker, url) => {
    const first = await connectAs(url, await pki.link('honest'));
    const second = await connectAs(url, await pki.link('hostile')).catch(() => 'refused');
    assert.is(second, 'refused');
    assert.is(broker.metrics().clients, 1);
    assert.ok(first.connected);
    await first.endAsync(true);
  }));

test('rubbish, and a CONNECT that is too long, end the connection before anything is kept', () =>
  withBroker({}, async (_, url, log) => {
    const link = await pki.link('hostile');
    await new Promise<void>((resolve) => {
      const { ca, cert, key } = link;
      const socket = connectTls({
        port: Number(new URL(url).port),
        host: '127.0.0.1',
        ca,
        cert,
        key,
      });
      socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => resolve());
    });
    const will = {
      topic: `${TREE}/hostile/w`,
      payload: Buffer.alloc(8000),
      qos: 0 as const,
      retain: false,
    };
    const outcome = await connectAs(url, link, { will }).catch(() => 'refused');
    assert.is(outcome, 'refused');
    assert.equal(codes(log), ['BL_BROKER_NOT_MQTT', 'BL_BROKER_TOO_LARGE']);
  }));

test('a connection ends with its certificate', async () => {
  let offsetMs = 0;
  const log = createRecordingLog();
  const broker = await createBroker({
    listeners: [{ kind: 'tls', host: '127.0.0.1', port: 0 }],
    tls: pki.server,
    log,
    expiryCheckMs: 10,
    clock: { unixMs: () => Date.now() + offsetMs, monotonicMs: () => performance.now() },
  });
  const client = await connectAs(broker.urls[0] ?? '', await pki.link('honest'));
  const ended = closed(client);
  offsetMs = 2 * 3600 * 1000;
  await ended;
  assert.is(broker.metrics().expiredDisconnects, 1);
  await broker.close();
});

test('a new server certificate serves the next connection', () =>
  withBroker({}, async (broker, url) => {
    const names = ['127.0.0.1', 'second.example'];
    const { chain, key } = await pki.authority.issueServer({ names, lifetimeS: 600 });
    broker.setCertificate({ cert: chain, key });
    const { ca, cert, key: own } = await pki.link('honest');
    const alternatives = await new Promise<string | undefined>((resolve, reject) => {
      const port = Number(new URL(url).port);
      const socket = connectTls({ port, host: '127.0.0.1', ca, cert, key: own }, () => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    assert.match(alternatives ?? '', /second\.example/);
  }));

test('an unknown port or a taken one is a coded error', async () => {
  await withBroker({}, async (_, url) => {
    const listeners = [
      { kind: 'tls', host: '127.0.0.1', port: Number(new URL(url).port) },
    ] as const;
    const second = createBroker({ listeners, tls: pki.server, log: createRecordingLog() });
    assert.is(await second.catch((e: object) => Reflect.get(e, 'code')), 'BL_BROKER_LISTEN');
  });
});

test.after(() => pki.remove());

test.run();
