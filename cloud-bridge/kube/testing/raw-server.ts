/** A bare HTTP server on loopback whose answers a test scripts: what a well-behaved API would never do must be seen too. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Seen {
  readonly method: string;
  /** Path and query, decoded. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
export interface RawServer {
  readonly url: string;
  readonly seen: Seen[];
  readonly sockets: Set<Socket>;
  readonly close: () => Promise<void>;
}
export type Answering = (request: Seen, response: ServerResponse, n: number) => void;

export async function openRawServer(answer: Answering): Promise<RawServer> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url: decodeURIComponent(url), headers, body };
      seen.push(one);
      answer(one, response, seen.length);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function sendStatus(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: 'no' };
  sendJson(response, code, body, headers);
}

/** Resolves when `test` holds; looks after each turn of the event loop. */
export async function until(test: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const startedMs = Date.now();
  while (!test()) {
    if (Date.now() - startedMs > limitMs) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
