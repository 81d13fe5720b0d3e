import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { BoardletError } from '@boardlet/adapters/wire';
import type { ApiAddress, ServerTls } from '../contract.ts';
import type { Services } from '../services.ts';
import { ANONYMOUS } from './auth.ts';
import { type Call, sendFault } from './call.ts';
import { route } from './router.ts';

/** A TLS handshake or a request's headers take no longer. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** A body of 3 MiB over a slow line. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Above the idle time of common clients, so that they close first and never write into a closing socket. */
const KEEP_ALIVE_MS = 120_000;

function toCall(request: IncomingMessage, response: ServerResponse): Call {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  return {
    request,
    response,
    method: request.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    user: ANONYMOUS,
  };
}

async function serve(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const call = toCall(request, response);
  try {
    const user = services.auth.identify(request, call.path);
    await route(services, { ...call, user });
  } catch (error) {
    // What is left of the body must be read, or the connection cannot be used again.
    request.resume();
    const fault = sendFault(call, error);
    if (fault.status === 500) {
      services.logger.error('api.internal', {
        path: call.path.slice(0, 200),
        error: String(error),
      });
    }
  }
}

export interface HttpsListener {
  readonly address: ApiAddress;
  readonly close: () => Promise<void>;
}

/** HTTPS over HTTP/1.1. Throws `BL_API_LISTEN`. */
export async function listen(
  services: Services,
  tls: ServerTls,
  where: { readonly host: string; readonly port: number },
): Promise<HttpsListener> {
  const server = createServer(
    {
      cert: tls.cert,
      key: tls.key,
      ca: tls.clientCa,
      requestCert: true,
      // Anonymous callers may ask for health and version; the authenticator refuses them all else.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    },
    (request, response) => {
      void serve(services, request, response);
    },
  );
  server.maxConnections = services.limits.connections;
  server.on('tlsClientError', (error) => {
    services.logger.debug('api.tls', { error: error.message });
  });
  await bind(server, where);
  const { port } = server.address() as AddressInfo;
  const shown = where.host.includes(':') ? `[${where.host}]` : where.host;
  return {
    address: { url: `https://${shown}:${port}`, host: where.host, port },
    close: () => close(server),
  };
}

function bind(server: Server, where: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const text = `cannot listen on ${where.host}:${where.port}: ${cause.message}`;
      reject(new BoardletError('BL_API_LISTEN', text, { cause }));
    });
    server.listen(where.port, where.host, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
