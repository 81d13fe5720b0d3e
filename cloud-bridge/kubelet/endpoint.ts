/** The part of the kubelet's HTTPS API that boards answer through the bridge: container logs. One endpoint for all
 * nodes; the pod says which board. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { END_CODES, encodeLogArgs, STREAM_TYPES } from '@boardlet/adapters/wire';
import type { Clock, Logger } from '../kube/index.ts';
import type { BoardStream, SessionServer } from '../session/contract.ts';
import { type LogRequest, parseLogRequest } from './log-request.ts';

export interface KubeletEndpointOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string };
  /** May this client certificate's CN read logs? */
  readonly allowed: (commonName: string) => boolean;
  readonly sessions: Pick<SessionServer, 'openStream' | 'online'>;
  /** The board that runs a pod of the API; undefined for a pod that is not ours. */
  readonly boardOf: (namespace: string, pod: string) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}
export interface KubeletEndpoint {
  readonly start: () => Promise<{ readonly host: string; readonly port: number }>;
  /** PEM; for later connections, those that stand stay. */
  readonly setCertificate: (certificate: { readonly cert: string; readonly key: string }) => void;
  readonly stop: () => Promise<void>;
}

type Asked = Extract<LogRequest, { readonly ok: true }>;

/** Log streams open at once over the whole bridge; beyond it 429. */
const MAX_STREAMS = 512;

const STATUS_OF_END: ReadonlyMap<number, readonly [number, string]> = new Map([
  [END_CODES.notFound, [404, 'the board has no log of this container']],
  [END_CODES.refused, [403, 'the board refuses']],
  [END_CODES.busy, [429, 'the board has too many streams open']],
  [END_CODES.tooMuch, [429, 'the board has too many streams open']],
  [END_CODES.invalid, [400, 'the board does not understand the request']],
]);

function fail(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
}

function commonName(request: IncomingMessage): string {
  const subject = (request.socket as TLSSocket).getPeerCertificate().subject;
  const cn: unknown = subject?.CN;
  return typeof cn === 'string' ? cn : '';
}

/** A request target is whatever the client wrote (RFC 9112 §3.2): `//` and the like are no URL. */
function urlOf(target: string): URL | undefined {
  const base = 'https://bridge';
  return target.startsWith('/') && URL.canParse(target, base) ? new URL(target, base) : undefined;
}

class Endpoint implements KubeletEndpoint {
  readonly #options: KubeletEndpointOptions;
  readonly #server: Server;
  #streams = 0;

  constructor(options: KubeletEndpointOptions) {
    this.#options = options;
    this.#server = createServer(this.#tls(options.tls), (request, response) =>
      this.#serve(request, response),
    );
  }

  readonly setCertificate: KubeletEndpoint['setCertificate'] = (certificate) =>
    this.#server.setSecureContext(this.#tls(certificate));

  #tls({ cert, key }: { readonly cert: string; readonly key: string }): ServerOptions {
    const ca = this.#options.tls.clientCa;
    return { cert, key, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' };
  }

  readonly start = (): Promise<{ readonly host: string; readonly port: number }> => {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve({ host, port: (this.#server.address() as AddressInfo).port });
      });
    });
  };

  readonly stop = (): Promise<void> => {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  };

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/healthz') {
      response.end('ok');
      return;
    }
    if (!this.#options.allowed(commonName(request))) {
      fail(response, 403, 'this client may not use the kubelet endpoint');
      return;
    }
    const url = urlOf(request.url ?? '');
    if (url === undefined) {
      fail(response, 400, 'the request target is not a path');
      return;
    }
    if (/^\/(exec|attach|portForward)\//.test(url.pathname)) {
      fail(response, 501, 'exec, attach and port-forward are not served yet');
      return;
    }
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      fail(response, 405, 'GET only');
      return;
    }
    this.#logs(url, response);
  }

  #logs(url: URL, response: ServerResponse): void {
    const parsed = parseLogRequest(url.pathname, url.searchParams, this.#options.clock.unixMs());
    if (!parsed.ok) {
      fail(response, parsed.status, parsed.message);
      return;
    }
    this.#options.boardOf(parsed.namespace, parsed.pod).then(
      (board) => this.#open(board, parsed, response),
      (error: Error) => fail(response, 404, error.message),
    );
  }

  #open(board: string | undefined, parsed: Asked, response: ServerResponse): void {
    // Gone while the pod was looked up: its `close` has been, so a stream opened now would never be ended.
    if (response.closed || response.destroyed) return;
    if (board === undefined)
      fail(response, 404, `pod ${parsed.args.pod} is on none of this bridge's boards`);
    else if (!this.#options.sessions.online(board))
      fail(response, 503, `board ${board} is not connected`);
    else if (this.#streams >= MAX_STREAMS) fail(response, 429, 'too many log streams are open');
    else this.#stream(board, encodeLogArgs(parsed.args), response);
  }

  #stream(board: string, args: Uint8Array, response: ServerResponse): void {
    let ended = false;
    let stream: BoardStream | undefined;
    const onEnd = (code: number): void => {
      if (ended) return;
      ended = true;
      this.#streams -= 1;
      this.#finish(response, code);
    };
    const onData = (bytes: Uint8Array): void => {
      if (ended) return;
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
      // Copied: the bytes belong to the link's buffer for the length of this call only.
      if (!response.write(Uint8Array.from(bytes))) stream?.pause();
    };
    this.#streams += 1;
    stream = this.#options.sessions.openStream(board, STREAM_TYPES.log, args, { onData, onEnd });
    if (stream === undefined) {
      onEnd(END_CODES.busy);
      return;
    }
    response.on('drain', () => stream?.resume());
    response.on('close', () => {
      if (ended) return;
      ended = true;
      this.#streams -= 1;
      // An abort: half-closed (`ok`), the board would go on sending, and a followed log would keep its place for ever.
      stream?.end(END_CODES.refused);
    });
  }

  #finish(response: ServerResponse, code: number): void {
    if (code === END_CODES.ok) {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
      response.end();
      return;
    }
    const [status, message] = STATUS_OF_END.get(code) ?? [502, 'the stream to the board broke'];
    this.#options.log.info('kubelet.log-failed', { code, status });
    fail(response, status, message);
  }
}

export function createKubeletEndpoint(options: KubeletEndpointOptions): KubeletEndpoint {
  return new Endpoint(options);
}
