import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, list } from '../json.ts';
import { startServer, type TestServer } from '../test-support/server.ts';

let server: TestServer;
test.before(async () => {
  server = await startServer();
});
test.after(() => server.close());

test('the root names the paths that are served', async () => {
  const paths = list((await server.call('GET', '/')).body, 'paths');
  for (const path of ['/api/v1', '/apis/coordination.k8s.io', '/openapi/v3', '/version']) {
    assert.ok(paths.includes(path), path);
  }
});

test('health is told to all, with its checks when asked', async () => {
  for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping']) {
    const answer = await server.call('GET', path, undefined, { anonymous: true });
    assert.equal([answer.status, answer.text], [200, 'ok']);
  }
  const verbose = await server.call('GET', '/readyz?verbose');
  assert.is(verbose.text, '[+]ping ok\nreadyz check passed\n');
});

test('OpenAPI v2 is there and empty, as JSON and as the protobuf that kubectl asks for', async () => {
  const plain = await server.call('GET', '/openapi/v2');
  assert.equal([plain.status, at(plain.body, 'paths')], [200, {}]);
  const packed = await server.call('GET', '/openapi/v2', undefined, {
    accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  });
  assert.match(String(packed.headers['content-type']), 'spec.v2.v1.0+protobuf');
  assert.is(packed.text.slice(0, 5), '\n\x032.0');
});

test.run();
