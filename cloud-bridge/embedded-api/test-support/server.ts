import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrCreateAuthority } from '../../trust/index.ts';
import { createApiOn } from '../api.ts';
import type { EmbeddedApi, EmbeddedApiOptions } from '../contract.ts';
import type { Json, JsonObject } from '../json.ts';
import { at } from '../json.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { type Disk, openDisk } from '../store/disk.ts';
import { readWatch, type WatchReader } from './watch-reader.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: Json;
}
export interface CallOptions {
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
}

export interface TestServer {
  readonly api: EmbeddedApi;
  readonly dir: string;
  readonly url: string;
  readonly caPem: string;
  readonly admin: { readonly chain: string; readonly key: string };
  readonly call: (
    method: string,
    path: string,
    body?: Json | string | Buffer,
    options?: CallOptions,
  ) => Promise<Answer>;
  readonly watch: (path: string, accept?: string) => Promise<WatchReader>;
  readonly kubeconfig: string;
  readonly close: () => Promise<void>;
}

/** A running API over a folder of its own, with an admin's client certificate. */
export async function startServer(
  options: Partial<EmbeddedApiOptions> & {
    readonly dir?: string;
    readonly disk?: (dataDir: string) => Disk;
  } = {},
): Promise<TestServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'boardlet-api-'));
  const authority = await loadOrCreateAuthority(join(dir, 'pki'));
  const server = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 3600 });
  const admin = await authority.issueOwn('api.admin', 3600, ['system:masters']);
  const caPem = authority.caPem();
  const dataDir = join(dir, 'data');
  const all: EmbeddedApiOptions = {
    dataDir,
    tls: { cert: server.chain, key: server.key, clientCa: caPem },
    ...options,
  };
  const api = createApiOn(all, () => (options.disk ?? openDisk)(dataDir));
  const { url } = await api.start();
  const kubeconfig = join(dir, 'kubeconfig');
  writeKubeconfig(kubeconfig, { server: url, caPem, certPem: admin.chain, keyPem: admin.key });
  const agent = new Agent({ keepAlive: true, ca: caPem, cert: admin.chain, key: admin.key });
  const stranger = new Agent({ ca: caPem });
  const call: TestServer['call'] = (method, path, body, more = {}) =>
    send(more.anonymous === true ? stranger : agent, url + path, { method, body, ...more });
  return {
    api,
    dir,
    url,
    caPem,
    admin,
    kubeconfig,
    call,
    watch: (path, accept) => readWatch({ url: url + path, caPem, admin, accept }),
    close: async () => {
      agent.destroy();
      await api.stop();
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Sent extends CallOptions {
  readonly method: string;
  readonly body: Json | string | Buffer | undefined;
}

function encode(body: Json | string | Buffer | undefined): string | Buffer | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body;
  return JSON.stringify(body);
}

function send(agent: Agent, url: string, sent: Sent): Promise<Answer> {
  const bytes = encode(sent.body);
  const headers: Record<string, string> = { ...sent.headers };
  if (bytes !== undefined) {
    headers['content-type'] = sent.type ?? 'application/json';
    // Node gives a DELETE no Content-Length of its own.
    headers['content-length'] = String(Buffer.byteLength(bytes));
  }
  if (sent.accept !== undefined) headers['accept'] = sent.accept;
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, { agent, method: sent.method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const json = /^application\/json/.test(response.headers['content-type'] ?? '');
        const body: Json = json ? (JSON.parse(text) as Json) : null;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

export const MERGE = { type: 'application/merge-patch+json' } as const;
export const STRATEGIC = { type: 'application/strategic-merge-patch+json' } as const;
export const JSON_PATCH = { type: 'application/json-patch+json' } as const;

/** The items of a list answer. */
export function items(answer: Answer): JsonObject[] {
  const found = at(answer.body, 'items');
  return Array.isArray(found) ? (found as JsonObject[]) : [];
}

/** Asks until the answer satisfies, at most for `limitMs`. */
export async function eventually<T>(
  ask: () => Promise<T>,
  good: (value: T) => boolean,
  limitMs = 10_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (good(value)) return value;
    if (Date.now() > end) throw new Error(`not reached: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
