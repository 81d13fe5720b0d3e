import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLeanLink } from '@boardlet/adapters/link/lean';
import { Aedes } from 'aedes';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { nodeCrypto } from './crypto.ts';
import { createNodeSockets } from './sockets.ts';
import { nodeTimers } from './timers.ts';

test('the lean link runs on these sockets: a WebSocket to a broker, messages both ways, and an orderly end', async () => {
  const broker = await Aedes.createBroker();
  const server = createServer();
  const upgrades = new WebSocketServer({ server, handleProtocols: () => 'mqtt' });
  upgrades.on('connection', (socket) => broker.handle(createWebSocketStream(socket)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const count = 200;
  const got = await new Promise<number[]>((resolve) => {
    const sizes: number[] = [];
    let sent = 0;
    const send = (): void => {
      while (sent < count && link.publish('t', new Uint8Array(sent * 100), 1)) sent += 1;
    };
    const link = createLeanLink({
      urls: [`ws://127.0.0.1:${port}`],
      clientId: 'gw-1',
      protocol: 'auto',
      keepAliveS: 30,
      subscriptions: [{ topic: 't', qos: 1 }],
      will: () => undefined,
      sockets: createNodeSockets(),
      timers: nodeTimers,
      clock: { monotonicMs: () => performance.now() },
      random: nodeCrypto.random,
      handlers: {
        onUp: send,
        onDrain: send,
        onDown: (code, detail) => assert.unreachable(`${code} ${detail}`),
        onMessage: (_topic, payload) => {
          sizes.push(payload.length);
          if (sizes.length < count) return;
          link.close();
          resolve(sizes);
        },
      },
    });
    link.start();
  });
  assert.equal(
    got,
    Array.from({ length: count }, (_, i) => i * 100),
  );
  await new Promise<void>((resolve) => broker.close(() => resolve()));
  await new Promise((resolve) => server.close(resolve));
});

test.run();
