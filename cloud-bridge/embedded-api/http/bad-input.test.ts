import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, str } from '../json.ts';
import {
  JSON_PATCH,
  MERGE,
  STRATEGIC,
  startServer,
  type TestServer,
} from '../test-support/server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
let server: TestServer;
test.before(async () => {
  server = await startServer();
  await server.call('POST', MAPS, { metadata: { name: 'a' }, data: { k: 'v' } });
});
test.after(() => server.close());

test('a body above 3 MiB is 413, an object above 1.5 MiB too, and the server lives on', async () => {
  const huge = Buffer.alloc(3 * 1024 * 1024 + 1, 0x20);
  const answer = await server.call('POST', MAPS, huge);
  assert.is(answer.status, 413);
  assert.is(str(answer.body, 'reason'), 'RequestEntityTooLarge');
  const crd = {
    metadata: { name: 'b', annotations: { a: 'x'.repeat(200_000) } },
    data: { k: 'y'.repeat(1_400_000) },
  };
  assert.is((await server.call('POST', MAPS, crd)).status, 413);
  const big = { metadata: { name: 'c' }, data: { k: 'y'.repeat(1_900_000) } };
  assert.is((await server.call('POST', MAPS, big)).status, 422);
  assert.is((await server.call('GET', `${MAPS}/a`)).status, 200);
});

test('a body one byte under the limit is read', async () => {
  const text = JSON.stringify({ metadata: { name: 'padded' } });
  const padded = text + ' '.repeat(3 * 1024 * 1024 - text.length);
  assert.is((await server.call('POST', MAPS, padded)).status, 201);
});

const bodies: readonly [string, string, number][] = [
  ['nothing', '', 400],
  ['half an object', '{"metadata":', 400],
  ['an array', '[]', 400],
  ['null', 'null', 400],
  ['a deep nest', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 400],
  ['a very deep nest', '['.repeat(1_000_000), 400],
  ['a prototype', '{"__proto__":{"x":1},"metadata":{"name":"p"}}', 400],
  ['metadata of the wrong type', '{"metadata":[]}', 400],
  ['another kind', '{"kind":"Pod","metadata":{"name":"k"}}', 400],
  ['another version', '{"apiVersion":"v2","metadata":{"name":"k"}}', 400],
  ['another namespace', '{"metadata":{"name":"k","namespace":"other"}}', 400],
  ['a resourceVersion', '{"metadata":{"name":"k","resourceVersion":"5"}}', 400],
];
for (const [what, body, status] of bodies) {
  test(`a POST of ${what} is ${status}`, async () => {
    const answer = await server.call('POST', MAPS, body);
    assert.is(answer.status, status, answer.text);
    assert.is(str(answer.body, 'kind'), 'Status');
  });
}

test('prototypes stay clean', () => {
  assert.is(at({}, 'x'), undefined);
  assert.is(Object.hasOwn(Object.prototype, 'x'), false);
});

const patches: readonly [string, { readonly type: string }, string, number][] = [
  ['a JSON patch that is an object', JSON_PATCH, '{}', 400],
  ['a JSON patch with an unknown operation', JSON_PATCH, '[{"op":"grow","path":"/data"}]', 400],
  [
    'a JSON patch into a prototype',
    JSON_PATCH,
    '[{"op":"add","path":"/__proto__/x","value":1}]',
    400,
  ],
  [
    'a JSON patch whose test fails',
    JSON_PATCH,
    '[{"op":"test","path":"/data/k","value":"w"}]',
    422,
  ],
  ['a JSON patch to nowhere', JSON_PATCH, '[{"op":"remove","path":"/data/none"}]', 422],
  [
    'a JSON patch of everything by a string',
    JSON_PATCH,
    '[{"op":"replace","path":"","value":"x"}]',
    400,
  ],
  [
    'a JSON patch into what it made a string',
    JSON_PATCH,
    '[{"op":"replace","path":"","value":"x"},{"op":"add","path":"/metadata","value":0}]',
    422,
  ],
  [
    'a JSON patch that doubles a part again and again',
    JSON_PATCH,
    JSON.stringify(
      Array.from({ length: 40 }, (_, n) => ({ op: 'copy', from: '/data', path: `/data/c${n}` })),
    ),
    413,
  ],
  ['a merge patch that is a list', MERGE, '[]', 400],
  ['a strategic patch with an unknown directive', STRATEGIC, '{"$patch":"grow"}', 400],
  ['a patch of the name', MERGE, '{"metadata":{"name":"other"}}', 400],
  [
    'a patch with an old resourceVersion',
    MERGE,
    '{"metadata":{"resourceVersion":"1"},"data":{"k":"z"}}',
    409,
  ],
  ['a patch with another uid', MERGE, '{"metadata":{"uid":"x"},"data":{"k":"z"}}', 409],
  ['an apply patch', { type: 'application/apply-patch+yaml' }, 'a: b', 415],
  ['a patch of no known type', { type: 'text/plain' }, '{}', 415],
];
for (const [what, type, body, status] of patches) {
  test(`${what} is ${status} and changes nothing`, async () => {
    const answer = await server.call('PATCH', `${MAPS}/a`, body, type);
    assert.is(answer.status, status, answer.text);
    assert.is(str((await server.call('GET', `${MAPS}/a`)).body, 'data', 'k'), 'v');
  });
}

const paths: readonly [string, string, number][] = [
  ['GET', '/api/v1/unknowns', 404],
  ['GET', '/apis/no.such.group/v1/things', 404],
  ['GET', '/api/v1/namespaces/default/nodes', 404],
  ['GET', '/api/v1/pods/name', 404],
  ['GET', '/api/v1/namespaces/%zz/pods', 404],
  ['GET', '/nothing', 404],
  ['POST', '/nothing', 405],
  ['PUT', '/api/v1/namespaces/default/configmaps', 405],
  ['GET', '/healthz/etcd', 404],
  ['POST', '/api/v1/namespaces/default/serviceaccounts/default/token', 501],
];
for (const [method, path, status] of paths) {
  test(`${method} ${path} is ${status}`, async () => {
    const answer = await server.call(method, path);
    assert.is(answer.status, status);
  });
}

test('an Accept that cannot be met is 406, protobuf with JSON beside it gets JSON', async () => {
  assert.is(
    (await server.call('GET', MAPS, undefined, { accept: 'application/yaml' })).status,
    406,
  );
  const both = await server.call('GET', MAPS, undefined, {
    accept: 'application/vnd.kubernetes.protobuf,application/json',
  });
  assert.is(both.status, 200);
  assert.match(String(both.headers['content-type']), /^application\/json/);
});

test('bodies of other media types and encodings are 415', async () => {
  const body = '{"metadata":{"name":"m"}}';
  assert.is((await server.call('POST', MAPS, body, { type: 'text/plain' })).status, 415);
  const packed = await server.call('POST', MAPS, body, { headers: { 'content-encoding': 'gzip' } });
  assert.is(packed.status, 415);
});

test.run();
