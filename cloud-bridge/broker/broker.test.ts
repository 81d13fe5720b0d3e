import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecordingLog } from '../trust/testing/recording-log.ts';
import { createBroker } from './broker.ts';
import { connectAs, createTestPki, open, publishOrClose, subscribe } from './testing/clients.ts';
import { addHostileCases } from './testing/hostile-cases.ts';

const pki = await createTestPki();
const log = createRecordingLog();
const broker = await createBroker({
  listeners: [
    { kind: 'tls', host: '127.0.0.1', port: 0 },
    { kind: 'wss', host: '127.0.0.1', port: 0 },
    { kind: 'tcp', host: '127.0.0.1', port: 0 },
    { kind: 'ws', host: '127.0.0.1', port: 0 },
  ],
  tls: pki.server,
  limits: { nameBurst: 1000 },
  log,
});
const [tls = '', wss = '', tcp = '', ws = ''] = broker.urls;

addHostileCases(test, () => ({ url: tls, pki }));
addHostileCases(test, () => ({ url: wss, pki }));

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'connected',
    (error: Error) => error.message,
  );

test('each refusal of a CONNECT has the return code of its reason, and is shown', async () => {
  const link = await pki.link('pump-1');
  const will = { payload: Buffer.alloc(1), qos: 1 as const, retain: false };
  const bad = [
    [{ clientId: 'pump-2' }, /Identifier rejected/, 'client-id-is-not-the-certificates'],
    [{ clientId: '' }, /Identifier rejected|Not authorized/, 'client-id-is-not-the-certificates'],
    [{ username: 'pump-2' }, /Bad username/, 'user-is-not-the-certificates'],
    [{ clean: false }, /Not authorized/, 'session-is-not-clean'],
    [
      { will: { ...will, topic: 'bl/plant/0a/pump-1/u' } },
      /Not authorized/,
      'will-topic-is-not-its-own',
    ],
    [
      { will: { ...will, topic: 'bl/plant/0a/pump-1/w', retain: true } },
      /Not authorized/,
      'will-is-retained-or-qos-2',
    ],
  ] as const;
  for (const [options, message, reason] of bad) {
    assert.match(await messageOf(connectAs(tls, link, options)), message, reason);
    assert.is(log.lines.findLast((l) => l.event === 'broker.refused')?.['reason'], reason);
  }
});

test('MQTT 5 is refused with the code that tells a client to fall back', async () => {
  const link = await pki.link('pump-1');
  assert.match(await messageOf(connectAs(tls, link, { protocolVersion: 5 })), /protocol version/i);
});

test('a link that publishes where it may not is disconnected and shown', async () => {
  const link = await pki.link('pump-1');
  const client = await connectAs(tls, link);
  assert.is(await publishOrClose(client, 'bl/plant/0a/pump-2/u'), 'closed');
  const line = log.lines.findLast((l) => l.event === 'broker.publish-denied');
  assert.is(line?.['client'], 'pump-1');
  assert.is(line?.['topic'], 'bl/plant/0a/pump-2/u');
  assert.ok(broker.metrics().denied > 0);
});

test("QoS 2 is refused both ways, and the broker's own topics are closed to all", async () => {
  const client = await connectAs(tls, await pki.link('pump-1'));
  assert.is(await subscribe(client, 'bl/+/+/pump-1/d', 2), 128);
  assert.is(await subscribe(client, '$SYS/#'), 128);
  assert.is(await publishOrClose(client, 'bl/plant/0a/pump-1/u', { qos: 2 }), 'closed');
  const bridge = await connectAs(tls, await pki.bridge('bridge.main'));
  assert.is(await subscribe(bridge, '$SYS/#'), 128);
  assert.is(await subscribe(bridge, '#'), 128);
  await bridge.endAsync(true);
});

test("certificates that are ours but no client's get no connection", async () => {
  const own = await pki.bridge('api.admin');
  assert.match(await messageOf(connectAs(tls, own)), /Not authorized/);
});

test('plain listeners open on loopback only and keep the same rights', async () => {
  for (const url of [tcp, ws]) {
    const client = await open(url, { clientId: 'pump-1', username: 'pump-1' });
    assert.is(await publishOrClose(client, 'bl/plant/0a/pump-1/u'), 'acknowledged');
    assert.is(await publishOrClose(client, 'bl/plant/0a/pump-2/u'), 'closed');
  }
  const outside = createBroker({ listeners: [{ kind: 'tcp', host: '0.0.0.0', port: 0 }], log });
  assert.match(await messageOf(outside), /loopback only/);
});

test('neither keys nor certificates appear in the log', () => {
  assert.not(log.text().includes('BEGIN'));
});

test.after(async () => {
  await broker.close();
  pki.remove();
});

test.run();
