import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isBoardletError } from '../../wire/errors.ts';
import { type Recorder, record } from '../contract/recorder.ts';
import type { LinkOptions } from '../link.ts';
import { parseLinkUrl } from '../link-url.ts';
import { classifyError } from './classify-error.ts';
import { clientOptions } from './client-options.ts';
import { loadPeer } from './load-mqtt.ts';
import { createMqttLink } from './mqtt-link.ts';

/** Plays one broker connection after another: each item answers a CONNECT. */
async function withBroker(
  answers: readonly ((socket: Socket) => void)[],
  protocol: LinkOptions['protocol'],
  body: (recorder: Recorder, connects: Buffer[]) => Promise<void>,
): Promise<void> {
  const connects: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const answer = answers[Math.min(sockets.size, answers.length) - 1];
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes) => {
      connects.push(bytes);
      answer?.(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const recorder = record((handlers) =>
    createMqttLink({
      urls: [`mqtt://127.0.0.1:${port}`],
      clientId: 'c',
      protocol,
      keepAliveS: 30,
      subscriptions: [],
      will: () => undefined,
      handlers,
    }),
  );
  recorder.link.start();
  try {
    await body(recorder, connects);
  } finally {
    recorder.link.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const send =
  (...bytes: number[]) =>
  (socket: Socket): void => {
    socket.write(Uint8Array.from(bytes));
  };
/** Level in a CONNECT with a short remaining length. */
const levelOf = (connect: Buffer | undefined): number | undefined => connect?.[8];

for (const [what, refusal] of [
  ['in the form of 3.1.1', send(0x20, 2, 0, 1)],
  ['in its own form', send(0x20, 3, 0, 0x84, 0)],
  ['by hanging up', (socket: Socket) => socket.end()],
] as const)
  test(`falls back to 3.1.1 where level 5 is refused ${what}`, () =>
    withBroker([refusal, send(0x20, 2, 0, 0)], 'auto', async (recorder, connects) => {
      await recorder.until('up', () => recorder.ups.length > 0);
      assert.equal(connects.map(levelOf), [5, 4]);
      assert.is(recorder.ups[0]?.protocolLevel, 4);
      assert.equal(recorder.downs, []);
    }));

for (const [what, answer, code] of [
  ['garbage', send(0x48, 0x54, 0x54, 0x50), 'BL_LINK_PROTOCOL'],
  ['refused credentials', send(0x20, 2, 0, 4), 'BL_LINK_CREDENTIALS'],
  ['QoS 2', send(0x20, 2, 0, 0, 0x34, 5, 0, 1, 0x64, 0, 1), 'BL_LINK_PROTOCOL'],
] as const)
  test(`${what} from the broker has its code`, () =>
    withBroker([answer], 4, async (recorder) => {
      await recorder.until('down', () => recorder.downs.length > 0);
      assert.is(recorder.downs[0]?.code, code, recorder.downs[0]?.detail);
    }));

test('a taken-over session of level 5 has its code', () =>
  withBroker([send(0x20, 3, 0, 0, 0, 0xe0, 2, 0x8e, 0)], 5, async (recorder) => {
    await recorder.until('down', () => recorder.downs.length > 0);
    assert.is(recorder.downs[0]?.code, 'BL_LINK_TAKEN_OVER');
  }));

test('a missing package is told with what to install', async () => {
  try {
    await loadPeer(() => Promise.reject(new Error('Cannot find package')));
    assert.unreachable();
  } catch (error) {
    assert.ok(isBoardletError(error, 'BL_LINK_MISSING_PEER'));
    assert.match(String(error), /npm install mqtt/);
  }
  assert.is(await loadPeer(() => Promise.resolve(7)), 7);
});

const coded = (code: string | number): Error => Object.assign(new Error('text'), { code });
for (const [what, error, code] of [
  ['a closed port', coded('ECONNREFUSED'), 'BL_LINK_UNREACHABLE'],
  ['an unknown CA', coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), 'BL_LINK_TLS'],
  ['another name', coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'BL_LINK_TLS'],
  ['a refused certificate', coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'BL_LINK_TLS'],
  ['a number', coded(0x87), 'BL_LINK_CREDENTIALS'],
  ['a refused upgrade', new Error('Unexpected server response: 404'), 'BL_LINK_HANDSHAKE'],
  ['a silent broker', new Error('connack timeout'), 'BL_LINK_TIMEOUT'],
  ['a dead broker', new Error('Keepalive timeout'), 'BL_LINK_PEER_DEAD'],
] as const)
  test(`${what} is ${code}`, () => assert.is(classifyError(error, 5).code, code));

test('the package is told not to queue and not to reconnect; the will waits as long as the session', () => {
  const attempt = { url: parseLinkUrl('mqtt://h'), level: 5 as const };
  const options = clientOptions(attempt, {
    urls: ['mqtt://h'],
    clientId: 'c',
    protocol: 5,
    keepAliveS: 30,
    subscriptions: [],
    will: () => ({ topic: 'w', payload: new Uint8Array([1]) }),
    handlers: { onUp: () => {}, onDown: () => {}, onMessage: () => {}, onDrain: () => {} },
  });
  assert.is(options.queueQoSZero, false);
  assert.is(options.reconnectPeriod, 0);
  assert.is(options.clean, true);
  assert.is(options.properties?.sessionExpiryInterval, 30);
  assert.is(options.will?.properties?.willDelayInterval, 30);
  assert.is(options.will?.retain, false);
});

test.run();
