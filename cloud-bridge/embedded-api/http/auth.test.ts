import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOrCreateAuthority } from '../../trust/index.ts';
import { at, str } from '../json.ts';
import { startServer, type TestServer } from '../test-support/server.ts';

let server: TestServer;
test.before(async () => {
  server = await startServer({
    tokens: new Map([
      ['secret-admin', { name: 'root', groups: ['system:masters'] }],
      ['secret-nobody', { name: 'nobody', groups: ['people'] }],
    ]),
  });
});
test.after(() => server.close());

const bearer = (token: string) => ({
  anonymous: true,
  headers: { authorization: `Bearer ${token}` },
});

/** Status of a GET with another client certificate. */
function statusWith(chain: string, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${server.url}/api/v1/nodes`,
      { agent: false, ca: server.caPem, cert: chain, key },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('without a credential only health and version are open', async () => {
  for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
    assert.is((await server.call('GET', path, undefined, { anonymous: true })).status, 200, path);
  }
  for (const path of ['/api', '/apis', '/api/v1/nodes', '/openapi/v3', '/healthzz', '/']) {
    const answer = await server.call('GET', path, undefined, { anonymous: true });
    assert.is(answer.status, 401, path);
    assert.is(str(answer.body, 'reason'), 'Unauthorized');
  }
});

test('a bearer token of an admin may everything, of others nothing, an unknown one is 401', async () => {
  assert.is(
    (await server.call('GET', '/api/v1/nodes', undefined, bearer('secret-admin'))).status,
    200,
  );
  const other = await server.call('GET', '/api/v1/nodes', undefined, bearer('secret-nobody'));
  assert.is(other.status, 403);
  assert.match(str(other.body, 'message'), 'nobody');
  for (const token of ['wrong', '', 'secret-admin2']) {
    assert.is((await server.call('GET', '/version', undefined, bearer(token))).status, 401);
  }
});

test("a certificate of the CA without the admins' group may nothing, one of another CA is nobody", async () => {
  const own = await loadOrCreateAuthority(join(server.dir, 'pki'));
  const plain = await own.issueOwn('bridge.test', 600, ['boards']);
  assert.is(await statusWith(plain.chain, plain.key), 403);
  const other = await loadOrCreateAuthority(join(server.dir, 'other-pki'));
  const foreign = await other.issueOwn('api.admin', 600, ['system:masters']);
  assert.is(await statusWith(foreign.chain, foreign.key), 401);
});

test('impersonation is refused, not ignored', async () => {
  const answer = await server.call('GET', '/api/v1/nodes', undefined, {
    headers: { 'impersonate-user': 'system:node:n1' },
  });
  assert.is(answer.status, 403);
  assert.match(str(answer.body, 'message'), 'impersonation');
});

test('access reviews answer for the asker, for others and for tokens', async () => {
  const authz = '/apis/authorization.k8s.io/v1';
  const self = await server.call('POST', `${authz}/selfsubjectaccessreviews`, {
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  });
  assert.is(at(self.body, 'status', 'allowed'), true);
  const board = await server.call('POST', `${authz}/subjectaccessreviews`, {
    spec: { user: 'pump-1', groups: ['system:authenticated'] },
  });
  assert.is(at(board.body, 'status', 'allowed'), false);
  const reviews = '/apis/authentication.k8s.io/v1/tokenreviews';
  const known = await server.call('POST', reviews, { spec: { token: 'secret-admin' } });
  assert.is(str(known.body, 'status', 'user', 'username'), 'root');
  const unknown = await server.call('POST', reviews, { spec: { token: 'x' } });
  assert.is(at(unknown.body, 'status', 'authenticated'), false);
});

test.run();
