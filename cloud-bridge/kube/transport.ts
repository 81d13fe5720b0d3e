/** HTTP towards the API on undici with keep-alive: the one file that knows undici. */
import { Pool } from 'undici';
import type { KubeConfig } from './config.ts';
import { createCredentials } from './credentials.ts';
import { errorOfAnswer, KubeError, parseRetryAfter } from './errors.ts';
import type { Clock, Logger } from './host.ts';

export interface TransportOptions {
  readonly config: KubeConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Sockets for requests; watches have sockets of their own. */
  readonly connections: number;
  /** Until the answer's headers have come, and between parts of its body. */
  readonly requestTimeoutMs: number;
}
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export interface Request {
  readonly method: Method;
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}
export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}
export interface Transport {
  /** Any answer; throws `BL_KUBE_UNREACHABLE`, `BL_KUBE_ABORTED` or `BL_KUBE_TOO_LARGE` when none came. */
  readonly request: (request: Request) => Promise<Answer>;
  /** An answer whose body flows until it ends; throws the answer's error when it is not a success. */
  readonly stream: (
    request: Request,
    onData: (bytes: Uint8Array) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A page of 500 pods is below 20 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
/** A dead peer behind a silent NAT is noticed by the kernel's probes. */
const TCP_PROBE_MS = 15_000;
const AGENT = 'boardlet-bridge';

function connectOptions(config: KubeConfig): NonNullable<Pool.Options['connect']> {
  return {
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: TCP_PROBE_MS,
    rejectUnauthorized: config.insecure !== true,
    ...(config.ca === undefined ? {} : { ca: config.ca }),
    ...(config.cert === undefined ? {} : { cert: config.cert }),
    ...(config.key === undefined ? {} : { key: config.key }),
    ...(config.serverName === undefined ? {} : { servername: config.serverName }),
  };
}

/** A server that did not answer in time may be at work still: that is no broken connection. */
const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function undiciCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function wrap(error: unknown, what: string, signal: AbortSignal | undefined): KubeError {
  if (error instanceof KubeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (signal?.aborted === true)
    return new KubeError('BL_KUBE_ABORTED', `${what}: aborted`, { cause: error });
  const code = undiciCode(error);
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return new KubeError('BL_KUBE_TOO_LARGE', `${what}: the answer is larger than 64 MiB`, {
      cause: error,
    });
  return new KubeError('BL_KUBE_UNREACHABLE', `${what}: ${message || code}`, {
    cause: error,
    details: { reset: !TIMEOUTS.has(code) },
  });
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function openPools(options: TransportOptions, origin: string): { requests: Pool; streams: Pool } {
  const shared = {
    connect: connectOptions(options.config),
    keepAliveTimeout: KEEP_ALIVE_MS,
    pipelining: 1,
    headersTimeout: options.requestTimeoutMs,
  } as const;
  const requests = new Pool(origin, {
    ...shared,
    connections: options.connections,
    maxResponseSize: MAX_ANSWER_BYTES,
    bodyTimeout: options.requestTimeoutMs,
  });
  return { requests, streams: new Pool(origin, { ...shared, bodyTimeout: 0 }) };
}

/** A transport to `config.server`; connects when first used. */
export function createTransport(options: TransportOptions): Transport {
  const { config, clock, log } = options;
  const url = new URL(config.server);
  const base = url.pathname.replace(/\/+$/, '');
  const credentials = createCredentials(config, clock, log);
  const { requests, streams } = openPools(options, url.origin);
  const headersOf = (request: Request): Record<string, string> => {
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': AGENT };
    const authorization = credentials.authorization();
    if (authorization !== undefined) headers['authorization'] = authorization;
    if (request.body !== undefined)
      headers['content-type'] = request.contentType ?? 'application/json';
    return request.headers === undefined ? headers : { ...headers, ...request.headers };
  };
  const send = async (pool: Pool, request: Request, signal: AbortSignal | undefined) => {
    const answer = await pool.request({
      method: request.method,
      path: base + request.path,
      headers: headersOf(request),
      body: request.body ?? null,
      signal: signal ?? null,
    });
    if (answer.statusCode === 401) credentials.expire();
    const retryAfter = parseRetryAfter(header(answer.headers['retry-after']), clock.unixMs());
    return { status: answer.statusCode, retryAfterMs: retryAfter, stream: answer.body };
  };
  return {
    request: async (request) => {
      try {
        const answer = await send(requests, request, request.signal);
        const body = await answer.stream.text();
        return { status: answer.status, retryAfterMs: answer.retryAfterMs, body };
      } catch (error) {
        throw wrap(error, `${request.method} ${request.path}`, request.signal);
      }
    },
    stream: async (request, onData, signal) => {
      const what = `${request.method} ${request.path}`;
      try {
        const answer = await send(streams, request, signal);
        if (answer.status >= 300) {
          const body = await boundedText(answer.stream);
          throw errorOfAnswer(answer.status, body, answer.retryAfterMs, what);
        }
        for await (const chunk of answer.stream) onData(chunk as Uint8Array);
      } catch (error) {
        throw wrap(error, what, signal);
      }
    },
    close: async () => {
      await Promise.all([requests.destroy(), streams.destroy()]);
    },
  };
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size >= MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8', 0, MAX_ERROR_BYTES);
}
