import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
// biome-ignore lint/correctness/noUndeclaredDependencies: a broker for tests only, from the workspace's own modules
import { Aedes } from 'aedes';
// biome-ignore lint/correctness/noUndeclaredDependencies: likewise
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { Certificates } from './certificates.ts';
import type { TestBroker, Transport } from './test-broker.ts';

/** Refused with return code 4. */
export const REFUSED_USER = 'nobody';

/** aedes in this process, on all four transports; it speaks 3.1.1 only. */
export async function startAedes(certificates: Certificates): Promise<TestBroker> {
  let running = await listenAll(certificates);
  return {
    name: 'aedes',
    levels: [4],
    transports: ['tcp', 'tls', 'ws', 'wss'],
    port: (transport) => running.ports[transport],
    stop: () => running.stop(),
    start: async () => {
      running = await listenAll(certificates);
    },
  };
}

interface Running {
  readonly ports: Readonly<Record<Transport, number>>;
  readonly stop: () => Promise<void>;
}

async function listenAll(certificates: Certificates): Promise<Running> {
  const broker = await Aedes.createBroker({
    authenticate: (_client, username, _password, done) => {
      if (username !== REFUSED_USER) done(null, true);
      else done(Object.assign(new Error('refused'), { returnCode: 4 as const }), false);
    },
  });
  const open = new Set<Duplex>();
  const serve = (stream: Duplex): void => {
    open.add(stream);
    stream.on('close', () => open.delete(stream));
    broker.handle(stream);
  };
  const tls = {
    ca: readFileSync(certificates.caFile),
    cert: readFileSync(certificates.serverCertFile),
    key: readFileSync(certificates.serverKeyFile),
    requestCert: true,
  };
  const servers: Readonly<Record<Transport, Server | HttpServer>> = {
    tcp: createTcpServer({ noDelay: true }, serve),
    tls: createTlsServer(tls, serve),
    ws: webSocket(createHttpServer(), serve),
    wss: webSocket(createHttpsServer(tls), serve),
  };
  const ports = { tcp: 0, tls: 0, ws: 0, wss: 0 };
  for (const transport of ['tcp', 'tls', 'ws', 'wss'] as const)
    ports[transport] = await listen(servers[transport]);
  return {
    ports,
    stop: async () => {
      const ended = Object.values(servers).map(
        (server) => new Promise((resolve) => server.close(resolve)),
      );
      for (const stream of open) stream.destroy();
      await Promise.all(ended);
      await new Promise<void>((resolve) => broker.close(() => resolve()));
    },
  };
}

function webSocket(server: HttpServer, serve: (stream: Duplex) => void): HttpServer {
  const upgrades = new WebSocketServer({ server, handleProtocols: () => 'mqtt' });
  upgrades.on('connection', (socket) => {
    const stream = createWebSocketStream(socket);
    stream.on('close', () => socket.terminate());
    serve(stream);
  });
  return server;
}

async function listen(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
