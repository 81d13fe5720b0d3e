import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecordingLog, type RecordingLog } from '../trust/testing/recording-log.ts';
import { createBroker } from './broker.ts';
import type { Broker, BrokerLimits } from './contract.ts';
import { closed, connectAs, createTestPki, publishOrClose, subscribe } from './testing/clients.ts';

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
const reasons = (log: RecordingLog): unknown[] =>
  log.lines.filter((l) => l.event === 'broker.busy').map((l) => l['reason']);

/** A connection without a certificate, until the broker ends it. */
function knock(url: string, withTls: boolean): Promise<void> {
  const where = { host: '127.0.0.1', port: Number(new URL(url).port) };
  return new Promise((resolve) => {
    const socket = withTls
      ? connectTls({ ...where, rejectUnauthorized: false })
      : connectTcp(where, () => socket.end('GET / HTTP/1.1\r\n\r\n'));
    socket.on('error', () => socket.destroy());
    socket.on('data', () => undefined);
    socket.on('close', () => resolve());
  });
}

test('an address that only knocks is turned away before TLS, and others still come in', () =>
  withBroker({ strangerBurst: 6, strangersPerS: 0.001, connectBurst: 10 }, async (_, url, log) => {
    for (let n = 0; n < 40; n += 1) await knock(url, n % 2 === 0);
    // Of the ten that all may open at once, four are left for others.
    assert.equal([...new Set(reasons(log))], ['address']);
    const link = await pki.link('honest');
    const here = await connectAs(url, link).catch(() => 'refused');
    assert.is(here, 'refused');
    // The whole of 127.0.0.0/8 is loopback: another address.
    const there = await connectAs(url, link, { localAddress: '127.0.0.2' } as object);
    assert.is(await publishOrClose(there, `${TREE}/honest/u`), 'acknowledged');
    await there.endAsync(true);
  }));

test('an address whose clients have names comes as often as it likes', () =>
  withBroker({ strangerBurst: 2, strangersPerS: 0.001 }, async (_, url, log) => {
    for (let n = 0; n < 6; n += 1) {
      await (await connectAs(url, await pki.link(`honest-${n}`))).endAsync(true);
    }
    assert.equal(reasons(log), []);
  }));

test('a link that subscribes without end is ended, and gets none beyond its bound', () =>
  withBroker({ filters: 8 }, async (broker, url, log) => {
    const client = await connectAs(url, await pki.link('hostile'));
    const ended = closed(client);
    for (let n = 0; n < 8; n += 1) {
      assert.is(await subscribe(client, `bl/f${n}/+/hostile/d`), 1);
      assert.is(await subscribe(client, `bl/f${n}/+/hostile/d`), 1);
    }
    client.subscribe(Array.from({ length: 500 }, (_, n) => `bl/g${n}/+/hostile/d`));
    await ended;
    assert.is(log.lines.filter((l) => l.event === 'broker.too-many-filters').length, 1);
    assert.is(broker.metrics().denied, 1);
  }));

test("asking for others' topics without end ends the connection too", () =>
  withBroker({ filters: 8 }, async (_, url) => {
    const client = await connectAs(url, await pki.link('hostile'));
    const ended = closed(client);
    for (let n = 0; n < 8; n += 1) assert.is(await subscribe(client, `bl/+/+/other-${n}/d`), 128);
    client.subscribe('#');
    await ended;
  }));

test('topics that only look like its own are refused', () =>
  withBroker({ filters: 100 }, async (_, url) => {
    const client = await connectAs(url, await pki.link('hostile'));
    const filters = [
      '$share/g/bl/plant/0a/hostile/d',
      'bl/plant/0a/hostile/d/',
      '/bl/plant/0a/hostile/d',
      'bl//0a/hostile/d',
      'bl/plant/0a/../hostile/d',
      'bl/plant/0a/hostile/../honest/d',
      'bl/plant/0a/HOSTILE/d',
      'bl/plant/0a/h\u043estile/d',
      'bl/plant/0a/hostile\u200b/d',
      'bl/plant/0a/+/d',
      'bl/plant/0a/hostile/+',
      `bl/${'a'.repeat(300)}/0a/hostile/d`,
    ];
    for (const filter of filters) assert.is(await subscribe(client, filter), 128, filter);
    await client.endAsync(true);
  }));

test('a client without a keep-alive, or with too long a one, is refused', () =>
  withBroker({}, async (_, url) => {
    const link = await pki.link('honest');
    for (const keepalive of [0, 601]) {
      assert.is(await connectAs(url, link, { keepalive }).catch(() => 'refused'), 'refused');
    }
  }));

test.after(() => pki.remove());
test.run();
