import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { END_CODES } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BoardStream } from '../session/contract.ts';
import { loadOrCreateAuthority } from '../trust/index.ts';
import { makeRequest } from '../trust/testing/openssl-request.ts';
import { createKubeletEndpoint } from './endpoint.ts';

interface Credentials {
  readonly cert: string;
  readonly key: string;
}

const root = mkdtempSync(join(tmpdir(), 'kubelet-'));
const authority = await loadOrCreateAuthority(root);
const ca = authority.caPem();
const server = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 600 });
const own = await authority.issueOwn('api.kubelet-client', 600);
const api: Credentials = { cert: own.chain, key: own.key };
const asked = makeRequest('p256', 'x');
const board: Credentials = {
  cert: (await authority.issueClient(asked.csr, 'pump-1', 600)).chain,
  key: asked.key,
};

const streams: { readonly ended: number[] }[] = [];
let lookup: () => Promise<string | undefined> = () => Promise.resolve('pump-1');
const silent = (): void => undefined;
const endpoint = createKubeletEndpoint({
  host: '127.0.0.1',
  port: 0,
  tls: { cert: server.chain, key: server.key, clientCa: ca },
  allowed: (name) => name.startsWith('api.'),
  boardOf: () => lookup(),
  sessions: {
    online: () => true,
    openStream: (_board, _type, _args, handlers): BoardStream => {
      const ended: number[] = [];
      streams.push({ ended });
      handlers.onData(Buffer.from('a line\n'));
      return {
        write: () => false,
        pause: silent,
        resume: silent,
        end: (code) => ended.push(code),
      } as BoardStream;
    },
  },
  clock: { unixMs: () => Date.now(), monotonicMs: () => performance.now() },
  log: { debug: silent, info: silent, warn: silent, error: silent },
});
const { port } = await endpoint.start();

function open(as: Credentials | undefined, target: string, method = 'GET'): TLSSocket {
  const socket = connect({ host: '127.0.0.1', port, ca, ...as }, () =>
    socket.write(`${method} ${target} HTTP/1.1\r\nhost: bridge\r\nconnection: close\r\n\r\n`),
  );
  socket.on('error', () => socket.destroy());
  return socket;
}

/** The status line's number; 0 for a connection that ended without one. */
function statusOf(as: Credentials | undefined, target: string, method = 'GET'): Promise<number> {
  return new Promise((resolve) => {
    const socket = open(as, target, method);
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
      if (status === undefined) return;
      resolve(Number(status));
      socket.destroy();
    });
    socket.on('close', () => resolve(0));
  });
}
const LOGS = '/containerLogs/default/hello/main';

test('only the API server reads logs: no board, no server certificate, and nobody without one', async () => {
  assert.is(await statusOf(api, LOGS), 200);
  assert.is(await statusOf(board, LOGS), 403);
  assert.is(await statusOf(undefined, LOGS), 0);
  const { chain, key } = await authority.issueServer({ names: ['api.example'], lifetimeS: 600 });
  assert.is(await statusOf({ cert: chain, key }, LOGS), 0);
});

test('a request target that is no path is refused, whoever sends it, and the endpoint goes on', async () => {
  for (const target of ['//', '/\\', 'http://[', 'http://bridge/', '*', '//a:b@c:99999/']) {
    assert.is(await statusOf(board, target), 403, target);
    assert.ok([400, 404].includes(await statusOf(api, target)), target);
  }
  assert.is(await statusOf(api, LOGS), 200);
});

test('paths that only look like a container, and other methods, are refused', async () => {
  for (const path of ['/../x', '/a/b', '/a/b/c/d', '/a/%2e%2e/c', '/A/b/c', '/a/b/c%00']) {
    assert.is(await statusOf(api, `/containerLogs${path}`), 404, path);
  }
  assert.is(await statusOf(api, '/exec/default/hello/main', 'POST'), 501);
  assert.is(await statusOf(api, LOGS, 'DELETE'), 405);
});

test('a client that leaves while its pod is looked up leaves no stream open', async () => {
  let found: (board: string) => void = silent;
  const looking = new Promise<void>((started) => {
    lookup = () =>
      new Promise((resolve) => {
        found = resolve;
        started();
      });
  });
  const before = streams.length;
  const socket = open(api, `${LOGS}?follow=true`);
  await looking;
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy();
  await gone;
  // The endpoint has seen the end of it once it has served another connection.
  lookup = () => Promise.resolve('pump-1');
  assert.is(await statusOf(api, LOGS), 200);
  found('pump-1');
  assert.is(await statusOf(api, LOGS), 200);
  assert.is(streams.length, before + 2);
});

test('a client that leaves a log ends the stream for the board too: a half-close would leave it open there', async () => {
  const before = streams.length;
  const socket = open(api, `${LOGS}?follow=true`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  // Closing is seen in order: once others have been served, this one's end has been heard.
  while (streams[before]?.ended.length === 0) assert.is(await statusOf(api, LOGS), 200);
  assert.equal(
    streams[before]?.ended.filter((code) => code === END_CODES.ok),
    [],
  );
});

test.after(async () => {
  await endpoint.stop();
  rmSync(root, { recursive: true });
});
test.run();
