/** `POST /v1/join` over HTTPS: the only door that opens without a certificate. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { BoardletError, isBoardletError } from '@boardlet/adapters/wire';
import type { Enrolment, JoinRequest, JoinServer, Log } from './contract.ts';
import { createTokenBuckets, type TokenBuckets } from './token-bucket.ts';

const BODY_MAX_BYTES = 16 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 256;
/** Of one address: a join takes a fraction of a second, so a site behind one address seldom has more at once. */
const CONNECTIONS_OF_ADDRESS_MAX = 32;
/** How often Node looks for requests that are over their time; its own 30 s would leave silent connections open as long. */
const TIMEOUT_CHECK_MS = 1000;
/** Boards of one site share an address, so a burst of honest joins passes; wrong ones cost more. */
const ATTEMPTS = { burst: 60, perSecond: 1, maxKeys: 10_000 };
const FAILURE_COST = 5;

const STATUS_OF: Readonly<Record<string, number>> = {
  BL_TRUST_BAD_REQUEST: 400,
  BL_TRUST_BAD_CSR: 400,
  BL_TRUST_BOARD_NAME: 400,
  BL_TRUST_TOKEN: 401,
  BL_TRUST_NOT_FOUND: 404,
  BL_TRUST_METHOD: 405,
  BL_TRUST_BOARD_TAKEN: 409,
  BL_TRUST_TOO_LARGE: 413,
  BL_TRUST_TOO_MANY: 429,
};

export interface JoinServerOptions {
  readonly enrolment: Pick<Enrolment, 'join'>;
  /** PEM: leaf, then CA, so that a board can find the CA by its hash. */
  readonly certificate: { readonly chain: string; readonly key: string };
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly log: Log;
  /** Attempts of one address: default 60 at once, then one a second. */
  readonly attempts?: { readonly burst: number; readonly perSecond: number };
  /** Milliseconds, monotonic. Default `performance.now`. */
  readonly monotonicMs?: () => number;
}

/** Resolves when it listens; rejects with `BL_TRUST_LISTEN`. */
export function createJoinServer(options: JoinServerOptions): Promise<JoinServer> {
  const { certificate, host, port } = options;
  const nowMs = options.monotonicMs ?? (() => performance.now());
  const buckets = createTokenBuckets({ ...ATTEMPTS, ...options.attempts, nowMs });
  const server = createServer({
    cert: certificate.chain,
    key: certificate.key,
    minVersion: 'TLSv1.2',
    handshakeTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    maxHeaderSize: BODY_MAX_BYTES,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
  server.maxConnections = CONNECTIONS_MAX;
  limitAddresses(server);
  server.on('request', (request, response) => {
    handle(options, buckets, request)
      .then((result) => send(response, 200, result))
      .catch((error: unknown) => refuse(options.log, request, response, error));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new BoardletError('BL_TRUST_LISTEN', `cannot listen on ${host}:${port}`, { cause })),
    );
    server.listen(port, host, () => resolve(opened(server, host)));
  });
}

/** Before TLS, so that one stranger can neither hold all connections nor make us pay for its handshakes. */
function limitAddresses(server: Server): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = open.get(address) ?? 0;
    if (count >= CONNECTIONS_OF_ADDRESS_MAX) {
      socket.destroy();
      return;
    }
    open.set(address, count + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

function opened(server: Server, host: string): JoinServer {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    setCertificate: ({ chain, key }) => server.setSecureContext({ cert: chain, key }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  options: JoinServerOptions,
  buckets: TokenBuckets,
  request: IncomingMessage,
): Promise<unknown> {
  const path = request.url?.split('?', 1)[0];
  if (path === '/healthz' && request.method === 'GET') return { ok: true };
  if (path !== '/v1/join') throw new BoardletError('BL_TRUST_NOT_FOUND', 'there is no such path');
  if (request.method !== 'POST') throw new BoardletError('BL_TRUST_METHOD', 'join by POST');
  const address = request.socket.remoteAddress ?? '';
  if (!buckets.take(address)) {
    throw new BoardletError('BL_TRUST_TOO_MANY', 'too many attempts from this address; wait');
  }
  try {
    return await options.enrolment.join(parseRequest(await readBody(request)));
  } catch (error) {
    buckets.take(address, FAILURE_COST - 1);
    throw error;
  }
}

function readBody(request: IncomingMessage): Promise<string> {
  const tooLarge = new BoardletError('BL_TRUST_TOO_LARGE', `the limit is ${BODY_MAX_BYTES} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) {
    return Promise.reject(tooLarge);
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_MAX_BYTES) reject(tooLarge);
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}

function parseRequest(text: string): JoinRequest {
  const bad = (what: string): BoardletError => new BoardletError('BL_TRUST_BAD_REQUEST', what);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('the body is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw bad('the body is not a JSON object');
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { token, csr, board, hostname } = fields;
  if (typeof token !== 'string') throw bad('token: a string is required');
  if (typeof csr !== 'string') throw bad('csr: a string is required');
  if (board !== undefined && typeof board !== 'string') throw bad('board: not a string');
  if (hostname !== undefined && typeof hostname !== 'string') throw bad('hostname: not a string');
  return {
    token,
    csr,
    ...(board === undefined ? {} : { board }),
    ...(hostname === undefined ? {} : { hostname }),
  };
}

function refuse(
  log: Log,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const code = isBoardletError(error) ? error.code : 'BL_INTERNAL';
  const status = STATUS_OF[code] ?? 503;
  const address = request.socket.remoteAddress;
  log.warn('trust.join-refused', { code, address });
  // What failed inside is the operator's to know, not a stranger's.
  const message =
    status === 503 || !(error instanceof Error)
      ? 'the bridge cannot answer now; try again'
      : error.message;
  if (status === 413) response.setHeader('connection', 'close');
  if (status === 429 || status === 503) response.setHeader('retry-after', '10');
  const shown = status === 503 ? 'BL_TRUST_UNAVAILABLE' : code;
  send(response, status, { code: shown, message });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
