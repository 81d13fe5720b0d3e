import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOrCreateAuthority } from '../../trust/index.ts';
import type { LogRequest } from '../contract.ts';
import { str } from '../json.ts';
import { sampleNode, samplePod } from '../test-support/samples.ts';
import { startServer, type TestServer } from '../test-support/server.ts';

const PODS = '/api/v1/namespaces/default/pods';
const two = {
  nodeName: 'n1',
  containers: [
    { name: 'a', image: 'i' },
    { name: 'b', image: 'i' },
  ],
};

async function* lines(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    await Promise.resolve();
    yield Buffer.from(text);
  }
}

test('an in-process source gets the options and is streamed', async () => {
  const server = await startServer();
  try {
    await server.call('POST', PODS, samplePod('p', { nodeName: 'n1' }));
    let asked: LogRequest | undefined;
    server.api.setLogSource((request) => {
      asked = request;
      return lines('one\n', 'two\n');
    });
    const query =
      'follow=true&timestamps=true&previous=true&sinceSeconds=5&tailLines=0&limitBytes=9';
    const answer = await server.call('GET', `${PODS}/p/log?${query}`);
    assert.is(answer.text, 'one\ntwo\n');
    assert.match(String(answer.headers['content-type']), 'text/plain');
    const { signal: _signal, ...options } = asked ?? {};
    assert.equal(options, {
      namespace: 'default',
      pod: 'p',
      container: 'main',
      node: 'n1',
      follow: true,
      previous: true,
      timestamps: true,
      sinceSeconds: 5,
      tailLines: 0,
      limitBytes: 9,
    });
  } finally {
    await server.close();
  }
});

test('wrong questions get 400 or 404 and a source that fails 500', async () => {
  const server = await startServer({ limits: { logStreams: 1 } });
  try {
    await server.call('POST', PODS, samplePod('p', two));
    await server.call('POST', PODS, samplePod('unbound', { schedulerName: 'other' }));
    server.api.setLogSource(() => {
      throw new Error('no such file');
    });
    for (const [path, status, text] of [
      ['p/log', 400, 'choose one of: \\[a b\\]'],
      ['p/log?container=c', 400, 'container c is not valid for pod p'],
      ['p/log?container=a&tailLines=-1', 400, 'tailLines'],
      ['p/log?container=a&sinceTime=soon', 400, 'sinceTime'],
      ['p/log?container=a&sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 400, 'at most one'],
      ['unbound/log', 400, 'does not have a host assigned'],
      ['none/log', 404, 'not found'],
      ['p/log?container=a', 500, 'no such file'],
    ] as const) {
      const answer = await server.call('GET', `${PODS}/${path}`);
      assert.is(answer.status, status, path);
      assert.match(str(answer.body, 'message'), new RegExp(text));
    }
  } finally {
    await server.close();
  }
});

interface Kubelet {
  readonly server: Server;
  readonly urls: string[];
  readonly port: number;
}
/** A stand-in for a node's kubelet endpoint: HTTPS that demands a client certificate of the CA. */
async function startKubelet(
  host: TestServer,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Kubelet> {
  const authority = await loadOrCreateAuthority(join(host.dir, 'pki'));
  const own = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 600 });
  const urls: string[] = [];
  const server = createServer(
    { cert: own.chain, key: own.key, ca: host.caPem, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      urls.push(request.url ?? '');
      answer(request, response);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, urls, port: (server.address() as AddressInfo).port };
}

test("without a source the log comes from the node's kubelet endpoint, by client certificate", async () => {
  const dir = mkdtempSync(join(tmpdir(), 'boardlet-log-'));
  const authority = await loadOrCreateAuthority(join(dir, 'pki'));
  const own = await authority.issueOwn('api.kubelet-client', 600, ['system:masters']);
  const kubeletClient = { cert: own.chain, key: own.key, ca: authority.caPem() };
  const server = await startServer({ dir, kubeletClient });
  const kubelet = await startKubelet(server, (request, response) => {
    if (request.url?.endsWith('/missing')) response.writeHead(404).end('container is not there');
    else response.end('from the board\n');
  });
  try {
    const daemonEndpoints = { kubeletEndpoint: { Port: kubelet.port } };
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
    await server.call(
      'POST',
      '/api/v1/nodes',
      sampleNode('n1', { status: { addresses, daemonEndpoints } }),
    );
    await server.call('POST', PODS, samplePod('p', two));
    const containers = [{ name: 'missing', image: 'i' }];
    await server.call('POST', PODS, samplePod('q', { nodeName: 'n1', containers }));
    const answer = await server.call('GET', `${PODS}/p/log?container=a&follow=true&tailLines=3`);
    assert.is(answer.text, 'from the board\n');
    assert.equal(kubelet.urls, ['/containerLogs/default/p/a?follow=true&tailLines=3']);
    const missing = await server.call('GET', `${PODS}/q/log`);
    assert.is(missing.status, 404);
    assert.is(str(missing.body, 'message'), 'container is not there');
    kubelet.server.close();
    kubelet.server.closeAllConnections();
    const down = await server.call('GET', `${PODS}/p/log?container=a`);
    assert.is(down.status, 500);
    assert.match(str(down.body, 'message'), 'ECONNREFUSED');
  } finally {
    kubelet.server.close();
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a followed log ends at the source when the reader hangs up', async () => {
  const server = await startServer();
  try {
    await server.call('POST', PODS, samplePod('p', { nodeName: 'n1' }));
    const ended = new Promise<boolean>((resolve) => {
      server.api.setLogSource(async function* (request) {
        yield Buffer.from('x\n');
        await new Promise((stop) => request.signal.addEventListener('abort', stop));
        resolve(request.signal.aborted);
      });
    });
    const reader = await server.watch(`${PODS}/p/log?follow=true`);
    await once(reader.response, 'readable');
    reader.close();
    assert.is(await ended, true);
  } finally {
    await server.close();
  }
});

test.run();
