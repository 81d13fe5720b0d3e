/** Sockets: TLS and WebSocket servers that hand on each connection with the name its certificate proves. */
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, TLSSocket, Server as TlsServer } from 'node:tls';
import { BoardletError } from '@boardlet/adapters/wire';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { BrokerTls, ListenerOptions } from './contract.ts';
import { CONNECT_TIMEOUT_MS } from './limits.ts';

const WEBSOCKET_PATH = '/mqtt';
/** RFC 6455 subprotocol that MQTT 3.1.1 §6 demands. */
const SUBPROTOCOL = 'mqtt';
/** A WebSocket message may carry several MQTT packets; each is bounded by itself afterwards. */
const WEBSOCKET_MESSAGE_BYTES = 1024 * 1024;

export interface Peer {
  readonly address: string;
  /** True: a certificate of the CA was verified. False: a plain listener. */
  readonly verified: boolean;
  /** The certificate's CN. */
  readonly cn?: string;
  /** Unix ms at which the certificate ends. */
  readonly expiresMs?: number;
}
export interface ListenerHandlers {
  /** False: no more now; the socket is closed before it costs a handshake. */
  readonly admitSocket: (address: string) => boolean;
  readonly onConnection: (stream: Duplex, peer: Peer) => void;
  readonly onHandshakeError: (address: string, error: Error) => void;
}
export interface Listener {
  readonly url: string;
  readonly setCertificate: (certificate: { readonly cert: string; readonly key: string }) => void;
  readonly close: () => Promise<void>;
}

/** Resolves when it listens. Throws `BL_BROKER_LISTEN`, `BL_BROKER_PLAIN` and `BL_BROKER_NO_TLS`. */
export async function openListener(
  options: ListenerOptions,
  tls: BrokerTls | undefined,
  handlers: ListenerHandlers,
): Promise<Listener> {
  checkPlain(options);
  const server = createServer(options, tls, handlers);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    if (!handlers.admitSocket(socket.remoteAddress ?? '')) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', (error: Error, socket: TLSSocket) =>
    handlers.onHandshakeError(socket.remoteAddress ?? '', error),
  );
  const port = await listen(server, options);
  return {
    url: urlOf(options, port),
    setCertificate: (certificate) => {
      if (server instanceof TlsServer && tls !== undefined) {
        server.setSecureContext({ ...tlsOptions(tls), ...certificate });
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function checkPlain({ kind, host }: ListenerOptions): void {
  if (kind === 'tls' || kind === 'wss') return;
  if (host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)) return;
  throw new BoardletError(
    'BL_BROKER_PLAIN',
    `a ${kind} listener believes every name, so it opens on loopback only, not on ${host}`,
  );
}

function tlsOptions(tls: BrokerTls): {
  ca: string;
  cert: string;
  key: string;
  requestCert: true;
  rejectUnauthorized: true;
  minVersion: 'TLSv1.2';
  handshakeTimeout: number;
  noDelay: true;
} {
  const { ca, cert, key } = tls;
  return {
    ca,
    cert,
    key,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: CONNECT_TIMEOUT_MS,
    noDelay: true,
  };
}

function createServer(
  { kind }: ListenerOptions,
  tls: BrokerTls | undefined,
  handlers: ListenerHandlers,
): Server {
  const plain = (socket: Socket): void => handlers.onConnection(socket, peerOf(socket));
  if (kind === 'tcp') return createTcpServer({ noDelay: true }, plain);
  if (kind === 'ws') return serveWebSocket(createHttpServer({ noDelay: true }), handlers);
  if (tls === undefined) {
    throw new BoardletError('BL_BROKER_NO_TLS', `a ${kind} listener needs a certificate`);
  }
  if (kind === 'tls') return createTlsServer(tlsOptions(tls), plain);
  return serveWebSocket(createHttpsServer(tlsOptions(tls)), handlers);
}

function serveWebSocket(
  server: ReturnType<typeof createHttpServer> | ReturnType<typeof createHttpsServer>,
  handlers: ListenerHandlers,
): Server {
  server.headersTimeout = CONNECT_TIMEOUT_MS;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: WEBSOCKET_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  server.on('request', (_, response) => {
    response.writeHead(404);
    response.end();
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.url?.split('?', 1)[0] !== WEBSOCKET_PATH) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    const peer = peerOf(socket);
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      handlers.onConnection(createWebSocketStream(webSocket), peer),
    );
  });
  return server;
}

function peerOf(socket: Socket): Peer {
  const address = socket.remoteAddress ?? '';
  if (!(socket instanceof TLSSocket)) return { address, verified: false };
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  const cn: unknown = subject?.CN;
  if (!socket.authorized || typeof cn !== 'string') return { address, verified: true };
  return { address, verified: true, cn, expiresMs: Date.parse(validTo) };
}

function listen(server: Server, { host, port }: ListenerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new BoardletError('BL_BROKER_LISTEN', `cannot listen on ${host}:${port}`, { cause })),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function urlOf({ kind, host }: ListenerOptions, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  if (kind === 'tls' || kind === 'tcp')
    return `${kind === 'tls' ? 'mqtts' : 'mqtt'}://${name}:${port}`;
  return `${kind}://${name}:${port}${WEBSOCKET_PATH}`;
}
