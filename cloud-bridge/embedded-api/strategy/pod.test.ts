import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, type Json, type JsonObject, list, num, str } from '../json.ts';
import { sampleNode, samplePod } from '../test-support/samples.ts';
import { MERGE, STRATEGIC, startServer, type TestServer } from '../test-support/server.ts';

const PODS = '/api/v1/namespaces/default/pods';
let server: TestServer;
test.before(async () => {
  server = await startServer();
  // Not Ready, so that the binder leaves the pods of these tests alone.
  await server.call('POST', '/api/v1/nodes', sampleNode('n1', { status: {} }));
  await server.call('POST', '/apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: 'wasm' },
    handler: 'wasm',
    scheduling: {
      nodeSelector: { os: 'boardlet' },
      tolerations: [{ key: 'board', operator: 'Exists' }],
    },
  });
});
test.after(() => server.close());

const make = async (
  name: string,
  spec: JsonObject = {},
  metadata: JsonObject = {},
): Promise<Json> => {
  const made = await server.call('POST', PODS, samplePod(name, spec, metadata));
  assert.is(made.status, 201, made.text);
  return made.body;
};

test('a bare pod gets the defaults of a real server', async () => {
  const pod = await make('bare');
  assert.is(str(pod, 'spec', 'restartPolicy'), 'Always');
  assert.is(num(pod, 'spec', 'terminationGracePeriodSeconds'), 30);
  assert.is(str(pod, 'spec', 'serviceAccountName'), 'default');
  assert.is(str(pod, 'status', 'phase'), 'Pending');
  assert.is(str(pod, 'status', 'qosClass'), 'BestEffort');
  const [container] = list(pod, 'spec', 'containers');
  assert.is(str(container, 'terminationMessagePath'), '/dev/termination-log');
  assert.is(str(container, 'imagePullPolicy'), 'Always');
  assert.is(at(pod, 'spec', 'volumes'), undefined);
  const tolerations = list(pod, 'spec', 'tolerations').map(
    (item) => `${str(item, 'key')} ${num(item, 'tolerationSeconds')}`,
  );
  assert.equal(tolerations, [
    'node.kubernetes.io/not-ready 300',
    'node.kubernetes.io/unreachable 300',
  ]);
});

test('qosClass follows requests and limits', async () => {
  const container = (resources: JsonObject): JsonObject => ({
    containers: [{ name: 'm', image: 'i', resources }],
  });
  const all = { cpu: '1', memory: '1Mi' };
  assert.is(str(await make('q1', container({ limits: all })), 'status', 'qosClass'), 'Guaranteed');
  assert.is(
    str(await make('q2', container({ requests: { cpu: '1' } })), 'status', 'qosClass'),
    'Burstable',
  );
});

test('a RuntimeClass lends its selector and tolerations; a missing one is 403', async () => {
  const pod = await make('rc', { runtimeClassName: 'wasm', nodeSelector: { a: 'b' } });
  assert.equal(at(pod, 'spec', 'nodeSelector'), { a: 'b', os: 'boardlet' });
  assert.is(str(list(pod, 'spec', 'tolerations')[0], 'key'), 'board');
  const missing = await server.call('POST', PODS, samplePod('rc2', { runtimeClassName: 'nope' }));
  assert.is(missing.status, 403);
  assert.match(str(missing.body, 'message'), 'RuntimeClass "nope" not found');
});

test('a pod without a node goes at once', async () => {
  await make('unbound');
  const gone = await server.call('DELETE', `${PODS}/unbound`);
  assert.is(str(gone.body, 'kind'), 'Pod');
  assert.is((await server.call('GET', `${PODS}/unbound`)).status, 404);
});

test('a pod on a node terminates within its grace, which may only get shorter', async () => {
  const pod = await make('graceful', { nodeName: 'n1', terminationGracePeriodSeconds: 20 });
  const first = await server.call('DELETE', `${PODS}/graceful`, {
    propagationPolicy: 'Background',
  });
  assert.is(first.status, 200, first.text);
  assert.is(num(first.body, 'metadata', 'deletionGracePeriodSeconds'), 20);
  const ends = Date.parse(str(first.body, 'metadata', 'deletionTimestamp'));
  assert.ok(Math.abs(ends - Date.now() - 20_000) < 5_000);
  const longer = await server.call('DELETE', `${PODS}/graceful`, { gracePeriodSeconds: 60 });
  assert.is(num(longer.body, 'metadata', 'deletionGracePeriodSeconds'), 20);
  const shorter = await server.call('DELETE', `${PODS}/graceful`, { gracePeriodSeconds: 5 });
  assert.is(num(shorter.body, 'metadata', 'deletionGracePeriodSeconds'), 5);
  const other = { gracePeriodSeconds: 0, preconditions: { uid: 'another' } };
  assert.is((await server.call('DELETE', `${PODS}/graceful`, other)).status, 409);
  const uid = str(pod, 'metadata', 'uid');
  const end = await server.call('DELETE', `${PODS}/graceful`, {
    gracePeriodSeconds: 0,
    preconditions: { uid },
  });
  assert.is(end.status, 200);
  assert.is((await server.call('GET', `${PODS}/graceful`)).status, 404);
});

test('binding puts a pod on a node once', async () => {
  await make('bind', { schedulerName: 'mine' });
  const body = { metadata: { name: 'bind' }, target: { kind: 'Node', name: 'n1' } };
  assert.is((await server.call('POST', `${PODS}/bind/binding`, body)).status, 201);
  const pod = await server.call('GET', `${PODS}/bind`);
  assert.is(str(pod.body, 'spec', 'nodeName'), 'n1');
  assert.is(str(list(pod.body, 'status', 'conditions')[0], 'type'), 'PodScheduled');
  const again = await server.call('POST', `${PODS}/bind/binding`, body);
  assert.is(again.status, 409);
  assert.match(str(again.body, 'message'), 'already assigned to node "n1"');
});

test('the spec is immutable but for images, more tolerations and their seconds', async () => {
  const pod = await make('fixed', { nodeName: 'n1' });
  const change = (patch: JsonObject): Promise<{ status: number }> =>
    server.call('PATCH', `${PODS}/fixed`, patch, STRATEGIC);
  assert.is(
    (await change({ spec: { containers: [{ name: 'main', image: 'other' }] } })).status,
    200,
  );
  assert.is(
    (await change({ spec: { containers: [{ name: 'main', command: ['x'] }] } })).status,
    422,
  );
  assert.is((await change({ spec: { nodeName: 'n2' } })).status, 422);
  const tolerations = list(pod, 'spec', 'tolerations');
  const forever = tolerations.map((item) => ({ ...(item as JsonObject), tolerationSeconds: null }));
  assert.is((await change({ spec: { tolerations: forever } })).status, 200);
  assert.is(
    (await change({ spec: { tolerations: [...forever, { key: 'k', operator: 'Exists' }] } }))
      .status,
    200,
  );
  assert.is((await change({ spec: { tolerations: [] } })).status, 422);
});

test('the mirror annotation is for pods with a node and never changes', async () => {
  const annotations = { 'kubernetes.io/config.mirror': 'abc' };
  const homeless = await server.call('POST', PODS, samplePod('m0', {}, { annotations }));
  assert.is(homeless.status, 422);
  await make('m1', { nodeName: 'n1' }, { annotations });
  const patch = { metadata: { annotations: { 'kubernetes.io/config.mirror': null } } };
  assert.is((await server.call('PATCH', `${PODS}/m1`, patch, MERGE)).status, 422);
});

test('status patches merge conditions by type', async () => {
  await make('cond', { nodeName: 'n1' });
  const patch = (type: string, status: string): JsonObject => ({
    status: { phase: 'Running', conditions: [{ type, status }] },
  });
  await server.call('PATCH', `${PODS}/cond/status`, patch('Ready', 'False'), STRATEGIC);
  await server.call('PATCH', `${PODS}/cond/status`, patch('Initialized', 'True'), STRATEGIC);
  const last = await server.call('PATCH', `${PODS}/cond/status`, patch('Ready', 'True'), STRATEGIC);
  const conditions = list(last.body, 'status', 'conditions').map(
    (item) => `${str(item, 'type')}=${str(item, 'status')}`,
  );
  assert.equal(conditions, ['Ready=True', 'Initialized=True']);
});

test('exec, attach and portforward are a coded 501', async () => {
  for (const name of ['exec', 'attach', 'portforward']) {
    const answer = await server.call('POST', `${PODS}/cond/${name}`);
    assert.is(answer.status, 501);
    assert.is(str(answer.body, 'reason'), 'NotImplemented');
  }
});

test.run();
