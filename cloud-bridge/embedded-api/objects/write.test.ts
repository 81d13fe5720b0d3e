import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, dict, list, num, str } from '../json.ts';
import { sampleNode, samplePod } from '../test-support/samples.ts';
import { MERGE, startServer, type TestServer } from '../test-support/server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
let server: TestServer;
test.before(async () => {
  server = await startServer();
});
test.after(() => server.close());

test('create gives uid, times and a resourceVersion, and refuses a second of that name', async () => {
  const made = await server.call('POST', MAPS, { metadata: { name: 'a' }, data: { k: 'v' } });
  assert.is(made.status, 201);
  assert.match(str(made.body, 'metadata', 'uid'), /^[0-9a-f-]{36}$/);
  assert.match(
    str(made.body, 'metadata', 'creationTimestamp'),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  );
  const again = await server.call('POST', MAPS, { metadata: { name: 'a' } });
  assert.is(again.status, 409);
  assert.is(str(again.body, 'reason'), 'AlreadyExists');
  assert.is(str(again.body, 'message'), 'configmaps "a" already exists');
});

test('an update with an old resourceVersion is a conflict, one without is taken', async () => {
  const made = await server.call('POST', MAPS, { metadata: { name: 'rv' }, data: { k: '1' } });
  const object = dict(made.body);
  const put = await server.call('PUT', `${MAPS}/rv`, { ...object, data: { k: '2' } });
  assert.is(put.status, 200);
  const before = Number(str(made.body, 'metadata', 'resourceVersion'));
  assert.ok(Number(str(put.body, 'metadata', 'resourceVersion')) > before);
  const stale = await server.call('PUT', `${MAPS}/rv`, { ...object, data: { k: '3' } });
  assert.is(stale.status, 409);
  assert.is(str(stale.body, 'reason'), 'Conflict');
  const blind = await server.call('PUT', `${MAPS}/rv`, {
    metadata: { name: 'rv' },
    data: { k: '4' },
  });
  assert.is(blind.status, 200);
  assert.is(str(blind.body, 'metadata', 'uid'), str(made.body, 'metadata', 'uid'));
});

test('an update that changes nothing keeps the resourceVersion', async () => {
  const made = await server.call('POST', MAPS, { metadata: { name: 'same' }, data: { k: '1' } });
  const put = await server.call('PUT', `${MAPS}/same`, made.body);
  assert.is(
    str(put.body, 'metadata', 'resourceVersion'),
    str(made.body, 'metadata', 'resourceVersion'),
  );
});

test('a lease must be updated with its resourceVersion', async () => {
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const made = await server.call('POST', path, {
    metadata: { name: 'n1' },
    spec: { holderIdentity: 'n1', leaseDurationSeconds: 40 },
  });
  assert.is(made.status, 201);
  const blind = await server.call('PUT', `${path}/n1`, {
    metadata: { name: 'n1' },
    spec: { holderIdentity: 'n2' },
  });
  assert.is(blind.status, 422);
  assert.match(str(blind.body, 'message'), 'must be specified for an update');
  const patched = await server.call(
    'PATCH',
    `${path}/n1`,
    { spec: { holderIdentity: 'n2' } },
    MERGE,
  );
  assert.is(patched.status, 200);
});

test('dryRun answers as if and stores nothing', async () => {
  const dry = await server.call('POST', `${MAPS}?dryRun=All`, { metadata: { name: 'dry' } });
  assert.is(dry.status, 201);
  assert.is((await server.call('GET', `${MAPS}/dry`)).status, 404);
  assert.is(
    (await server.call('POST', `${MAPS}?dryRun=Some`, { metadata: { name: 'd' } })).status,
    400,
  );
});

test('generateName makes up distinct names', async () => {
  const names = new Set<string>();
  for (let count = 0; count < 5; count++) {
    const made = await server.call('POST', MAPS, { metadata: { generateName: 'gen-' } });
    names.add(str(made.body, 'metadata', 'name'));
  }
  assert.is(names.size, 5);
  for (const name of names) assert.match(name, /^gen-[a-z0-9]{5}$/);
});

const badObjects: readonly [string, string, Parameters<TestServer['call']>[2], number, string][] = [
  ['an upper-case name', MAPS, { metadata: { name: 'Big' } }, 422, 'metadata.name'],
  ['no name', MAPS, { metadata: {} }, 422, 'metadata.name'],
  ['a bad label', MAPS, { metadata: { name: 'l', labels: { a: 'b c' } } }, 422, 'metadata.labels'],
  [
    'a bad finalizer',
    MAPS,
    { metadata: { name: 'f', finalizers: ['no good'] } },
    422,
    'metadata.finalizers[0]',
  ],
  [
    'an owner without uid',
    MAPS,
    { metadata: { name: 'o', ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'x' }] } },
    422,
    'metadata.ownerReferences[0].uid',
  ],
  [
    'a pod without containers',
    '/api/v1/namespaces/default/pods',
    { metadata: { name: 'p' }, spec: {} },
    422,
    'spec.containers',
  ],
  [
    'a bad taint',
    '/api/v1/nodes',
    { metadata: { name: 'n' }, spec: { taints: [{ key: 'a', effect: 'Sometimes' }] } },
    422,
    'spec.taints[0].effect',
  ],
  [
    'bad base64',
    '/api/v1/namespaces/default/secrets',
    { metadata: { name: 's' }, data: { k: '%%' } },
    422,
    'data[k]',
  ],
];
for (const [what, path, body, status, field] of badObjects) {
  test(`refuses ${what} with the field's path`, async () => {
    const answer = await server.call('POST', path, body ?? null);
    assert.is(answer.status, status);
    assert.is(str(list(answer.body, 'details', 'causes')[0], 'field'), field);
    assert.match(str(answer.body, 'message'), field);
  });
}

test('a wrong type in a built-in kind is 400 and names the field', async () => {
  const pod = samplePod('typed', { terminationGracePeriodSeconds: 'soon' });
  const answer = await server.call('POST', '/api/v1/namespaces/default/pods', pod);
  assert.is(answer.status, 400);
  assert.match(str(answer.body, 'message'), 'spec.terminationGracePeriodSeconds');
});

test('unknown fields are refused, warned of or dropped as fieldValidation says', async () => {
  const body = { metadata: { name: 'uf' }, data: { a: 'b' }, dat: { c: 'd' } };
  const strict = await server.call('POST', `${MAPS}?fieldValidation=Strict`, body);
  assert.is(strict.status, 400);
  assert.match(str(strict.body, 'message'), 'strict decoding error: unknown field "dat"');
  const warn = await server.call('POST', `${MAPS}?fieldValidation=Warn`, body);
  assert.is(warn.status, 201);
  assert.match(String(warn.headers['warning']), 'unknown field');
  assert.is(at(warn.body, 'dat'), undefined);
  const ignore = await server.call('PUT', `${MAPS}/uf?fieldValidation=Ignore`, body);
  assert.is(ignore.headers['warning'], undefined);
});

test('status is apart from the rest', async () => {
  await server.call('POST', '/api/v1/nodes', sampleNode('st'));
  const main = await server.call(
    'PATCH',
    '/api/v1/nodes/st',
    { status: { phase: 'x' }, spec: { unschedulable: true } },
    MERGE,
  );
  assert.is(at(main.body, 'status', 'phase'), undefined);
  assert.is(at(main.body, 'spec', 'unschedulable'), true);
  const status = await server.call(
    'PATCH',
    '/api/v1/nodes/st/status',
    { status: { phase: 'x' }, spec: { unschedulable: false } },
    MERGE,
  );
  assert.is(at(status.body, 'status', 'phase'), 'x');
  assert.is(at(status.body, 'spec', 'unschedulable'), true);
  assert.is((await server.call('GET', `${MAPS}/a/status`)).status, 404);
});

test('generation rises with the spec and not with labels or status', async () => {
  const path = '/api/v1/namespaces/default/pods';
  const made = await server.call('POST', path, samplePod('gen'));
  assert.is(num(made.body, 'metadata', 'generation'), 1);
  const labelled = await server.call(
    'PATCH',
    `${path}/gen`,
    { metadata: { labels: { a: 'b' } } },
    MERGE,
  );
  assert.is(num(labelled.body, 'metadata', 'generation'), 1);
  const image = await server.call(
    'PATCH',
    `${path}/gen`,
    { spec: { activeDeadlineSeconds: 9 } },
    MERGE,
  );
  assert.is(num(image.body, 'metadata', 'generation'), 2);
});

test('immutable config maps, secret types and namespaced objects without a namespace are refused', async () => {
  await server.call('POST', MAPS, { metadata: { name: 'imm' }, data: { a: '1' }, immutable: true });
  const changed = await server.call('PATCH', `${MAPS}/imm`, { data: { a: '2' } }, MERGE);
  assert.is(changed.status, 422);
  const nowhere = await server.call('POST', '/api/v1/namespaces/nowhere/configmaps', {
    metadata: { name: 'x' },
  });
  assert.is(nowhere.status, 404);
  assert.is(str(nowhere.body, 'message'), 'namespaces "nowhere" not found');
  assert.is(
    (await server.call('POST', '/api/v1/configmaps', { metadata: { name: 'x' } })).status,
    405,
  );
});

test('stringData of a secret becomes data', async () => {
  const path = '/api/v1/namespaces/default/secrets';
  const made = await server.call('POST', path, {
    metadata: { name: 'sd' },
    stringData: { k: 'ü' },
  });
  assert.equal(dict(made.body, 'data'), { k: Buffer.from('ü').toString('base64') });
  assert.is(at(made.body, 'stringData'), undefined);
  assert.is(str(made.body, 'type'), 'Opaque');
});

test('both versions of Event show the same object', async () => {
  const path = '/api/v1/namespaces/default/events';
  await server.call('POST', path, {
    metadata: { name: 'ev' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    message: 'hello',
    reason: 'Because',
    count: 3,
  });
  const newer = '/apis/events.k8s.io/v1/namespaces/default/events/ev';
  const seen = await server.call('GET', newer);
  assert.is(str(seen.body, 'apiVersion'), 'events.k8s.io/v1');
  assert.is(str(seen.body, 'note'), 'hello');
  assert.is(str(seen.body, 'regarding', 'name'), 'p');
  assert.is(num(seen.body, 'deprecatedCount'), 3);
  await server.call('PATCH', newer, { note: 'again' }, MERGE);
  assert.is(str((await server.call('GET', `${path}/ev`)).body, 'message'), 'again');
});

test.run();
