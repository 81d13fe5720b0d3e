import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createKubeClient } from './client.ts';
import type { WatchingClient } from './contract.ts';
import { isKubeError } from './errors.ts';
import { DEVICES, NODES, PODS } from './resources.ts';
import {
  type Answering,
  openRawServer,
  type RawServer,
  sendJson,
  sendStatus,
} from './testing/raw-server.ts';

async function using(
  answer: Answering,
  work: (client: WatchingClient, server: RawServer) => Promise<void>,
): Promise<void> {
  const server = await openRawServer(answer);
  const client = createKubeClient({ config: { server: server.url, token: 't0ken' } });
  try {
    await work(client, server);
  } finally {
    await client.close();
    await server.close();
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return isKubeError(error) ? error.code : `not ours: ${String(error)}`;
  }
  return 'no error';
}

const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', resourceVersion: '7' } };

test('follows continue pages and asks for the version only on the first', async () => {
  await using(
    (request, response) => {
      const more = !request.url.includes('continue=');
      const items = [{ metadata: { name: more ? 'a' : 'b' } }];
      sendJson(response, 200, {
        metadata: { resourceVersion: '9', ...(more ? { continue: 'tok=' } : {}) },
        items,
      });
    },
    async (client, server) => {
      const list = await client.list(PODS, {
        fieldSelector: 'spec.nodeName!=',
        notOlderThan: '5',
      });
      assert.equal(
        list.items.map((item) => [item.metadata.name, item.kind, item.apiVersion]),
        [
          ['a', 'Pod', 'v1'],
          ['b', 'Pod', 'v1'],
        ],
      );
      assert.is(list.resourceVersion, '9');
      assert.equal(
        server.seen.map((request) => request.url),
        [
          '/api/v1/pods?limit=500&fieldSelector=spec.nodeName!=&resourceVersion=5&resourceVersionMatch=NotOlderThan',
          '/api/v1/pods?limit=500&continue=tok=&fieldSelector=spec.nodeName!=',
        ],
      );
      assert.is(server.seen[0]?.headers['authorization'], 'Bearer t0ken');
    },
  );
});

test('starts a list again when its continue token expired, and gives up after three', async () => {
  let expired = 0;
  await using(
    (request, response) => {
      if (request.url.includes('continue=') && expired++ < 1)
        return sendStatus(response, 410, 'Expired');
      const first = !request.url.includes('continue=');
      const name = first ? 'a' : 'b';
      sendJson(response, 200, {
        metadata: { resourceVersion: '3', ...(first ? { continue: 'x' } : {}) },
        items: [{ metadata: { name } }],
      });
    },
    async (client) => {
      const list = await client.list(NODES);
      assert.equal(
        list.items.map((item) => item.metadata.name),
        ['a', 'b'],
      );
      expired = -100;
      assert.is(await codeOf(client.list(NODES)), 'BL_KUBE_EXPIRED');
    },
  );
});

test('waits out 429 with Retry-After, unless told to throw at once', async () => {
  await using(
    (_request, response, n) => {
      if (n % 2 === 1) sendStatus(response, 429, 'TooManyRequests', { 'retry-after': '1' });
      else sendJson(response, 200, node);
    },
    async (client, server) => {
      assert.is((await client.replace(NODES, node)).metadata.resourceVersion, '7');
      assert.is(server.seen.length, 2);
      try {
        await client.replace(NODES, node, { retry: false });
        assert.unreachable();
      } catch (error) {
        assert.ok(isKubeError(error, 'BL_KUBE_TOO_MANY_REQUESTS'));
        assert.is(error.retryAfterMs, 1000);
        assert.is(error.status, 429);
      }
    },
  );
});

test('repeats a GET whose connection was reset, and never a write', async () => {
  await using(
    (_request, response, n) => {
      if (n === 1 || n >= 3) response.socket?.resetAndDestroy();
      else sendJson(response, 200, node);
    },
    async (client, server) => {
      assert.is((await client.get(NODES, '', 'a')).metadata.name, 'a');
      assert.is(server.seen.length, 2);
      assert.is(await codeOf(client.create(NODES, node)), 'BL_KUBE_UNREACHABLE');
      assert.is(server.seen.length, 3);
    },
  );
});

test('names the answer by its reason, or by its HTTP status', async () => {
  const table: readonly (readonly [number, unknown, string])[] = [
    [404, { kind: 'Status', reason: 'NotFound' }, 'BL_KUBE_NOT_FOUND'],
    [409, { kind: 'Status', reason: 'AlreadyExists' }, 'BL_KUBE_ALREADY_EXISTS'],
    [409, { kind: 'Status', reason: 'Conflict' }, 'BL_KUBE_CONFLICT'],
    [410, { kind: 'Status', reason: 'Gone' }, 'BL_KUBE_EXPIRED'],
    [422, { kind: 'Status', reason: 'Invalid' }, 'BL_KUBE_INVALID'],
    [500, { kind: 'Status', reason: '../../etc\n' }, 'BL_KUBE_INTERNAL_ERROR'],
    [403, 'a page of a proxy', 'BL_KUBE_FORBIDDEN'],
    [418, {}, 'BL_KUBE_HTTP_418'],
    [200, [], 'no error'],
  ];
  for (const [status, body, code] of table)
    await using(
      (_request, response) => sendJson(response, status, body),
      async (client) => assert.is(await codeOf(client.get(NODES, '', 'a')), code),
    );
  await using(
    (_request, response) => response.end('<html>'),
    async (client) => assert.is(await codeOf(client.get(NODES, '', 'a')), 'BL_KUBE_BAD_ANSWER'),
  );
});

test('sends each patch type, the status subresource and preconditions as the API wants them', async () => {
  await using(
    (_request, response) => sendJson(response, 200, node),
    async (client, server) => {
      await client.patch(PODS, 'ns', 'p', 'strategic', { a: 1 }, { subresource: 'status' });
      await client.patch(DEVICES, 'ns', 'd', 'merge', {});
      await client.patch(NODES, '', 'n', 'json', []);
      await client.patch(NODES, '', 'n', 'apply', {}, { fieldManager: 'bl' });
      await client.remove(PODS, 'ns', 'p', { graceS: 0, uid: 'u' });
      assert.equal(
        server.seen.map((r) => [r.method, r.url, r.headers['content-type']]),
        [
          [
            'PATCH',
            '/api/v1/namespaces/ns/pods/p/status',
            'application/strategic-merge-patch+json',
          ],
          [
            'PATCH',
            '/apis/devices.kubeedge.io/v1beta1/namespaces/ns/devices/d',
            'application/merge-patch+json',
          ],
          ['PATCH', '/api/v1/nodes/n', 'application/json-patch+json'],
          ['PATCH', '/api/v1/nodes/n?fieldManager=bl&force=true', 'application/apply-patch+yaml'],
          ['DELETE', '/api/v1/namespaces/ns/pods/p', 'application/json'],
        ],
      );
      assert.equal(JSON.parse(server.seen[4]?.body ?? ''), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        gracePeriodSeconds: 0,
        preconditions: { uid: 'u' },
      });
    },
  );
});

test('keeps its connections open between requests', async () => {
  await using(
    (_request, response) => sendJson(response, 200, node),
    async (client, server) => {
      for (let i = 0; i < 50; i++) await client.get(NODES, '', 'a');
      assert.ok(server.sockets.size <= 2, `${server.sockets.size} connections`);
    },
  );
});

test('stops waiting when the caller aborts', async () => {
  await using(
    () => undefined,
    async (client) => {
      const abort = new AbortController();
      const pending = codeOf(client.get(NODES, '', 'a', { signal: abort.signal }));
      setImmediate(() => abort.abort());
      assert.is(await pending, 'BL_KUBE_ABORTED');
    },
  );
});

test('says unreachable when nobody listens', async () => {
  const server = await openRawServer(() => undefined);
  await server.close();
  const client = createKubeClient({ config: { server: server.url } });
  assert.is(await codeOf(client.get(NODES, '', 'a')), 'BL_KUBE_UNREACHABLE');
  await client.close();
});

test.run();
