import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, type JsonObject, list, str } from '../json.ts';
import { sampleNode, samplePod } from '../test-support/samples.ts';
import { eventually, items, MERGE, startServer, type TestServer } from '../test-support/server.ts';

const PODS = '/api/v1/namespaces/default/pods';
const MAPS = '/api/v1/namespaces/default/configmaps';
const NODES = '/api/v1/nodes';
let server: TestServer;
test.before(async () => {
  server = await startServer({ limits: { eventTtlMs: 3_600_000 } });
});
test.after(() => server.close());

const goes = (path: string): Promise<unknown> =>
  eventually(
    () => server.call('GET', path),
    (answer) => answer.status === 404,
  );
const node = async (name: string, more: JsonObject = {}): Promise<string> => {
  const made = await server.call('POST', NODES, sampleNode(name, more));
  assert.is(made.status, 201, made.text);
  return str(made.body, 'metadata', 'uid');
};
const owner = (name: string, uid: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  name,
  uid,
});
const bound = async (name: string): Promise<string> => {
  const pod = await eventually(
    () => server.call('GET', `${PODS}/${name}`),
    (answer) => str(answer.body, 'spec', 'nodeName') !== '',
  );
  return str(pod.body, 'spec', 'nodeName');
};
const failure = async (name: string): Promise<string> => {
  const pod = await eventually(
    () => server.call('GET', `${PODS}/${name}`),
    (answer) => list(answer.body, 'status', 'conditions').length > 0,
  );
  return str(list(pod.body, 'status', 'conditions')[0], 'message');
};

test('the default namespaces and their service accounts are there', async () => {
  for (const name of [
    'default',
    'kube-system',
    'kube-public',
    'kube-node-lease',
    'boardlet-system',
  ]) {
    assert.is((await server.call('GET', `/api/v1/namespaces/${name}`)).status, 200);
    assert.is(
      (await server.call('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)).status,
      200,
    );
  }
  assert.is((await server.call('DELETE', '/api/v1/namespaces/default')).status, 403);
});

test('without a node a pod waits and says so', async () => {
  await server.call('POST', PODS, samplePod('early'));
  assert.is(await failure('early'), 'no nodes available to schedule pods');
  const events = await eventually(
    () =>
      server.call('GET', '/api/v1/namespaces/default/events?fieldSelector=reason=FailedScheduling'),
    (answer) => items(answer).length > 0,
  );
  assert.is(str(items(events)[0], 'involvedObject', 'name'), 'early');
  await node('b1');
  assert.is(await bound('early'), 'b1');
});

test('a pod goes to the least loaded node that fits', async () => {
  await node('b2');
  await server.call('POST', PODS, samplePod('second'));
  assert.is(await bound('second'), 'b2');
});

const unfit: readonly [string, JsonObject, RegExp][] = [
  ['selector', { nodeSelector: { zone: 'x' } }, /didn't match Pod's node affinity\/selector/],
  [
    'cpu',
    { containers: [{ name: 'm', image: 'i', resources: { requests: { cpu: '3' } } }] },
    /Insufficient cpu/,
  ],
  [
    'gpu',
    { containers: [{ name: 'm', image: 'i', resources: { limits: { 'x.dev/gpu': '1' } } }] },
    /Insufficient x.dev\/gpu/,
  ],
];
for (const [name, spec, reason] of unfit) {
  test(`a pod that no node fits says why: ${name}`, async () => {
    await server.call('POST', PODS, samplePod(`unfit-${name}`, spec));
    assert.match(await failure(`unfit-${name}`), reason);
  });
}

test('taints, cordons and affinity are followed, and a change of the node wakes waiting pods', async () => {
  await node('b3', {
    metadata: { name: 'b3', labels: { zone: 'z' } },
    spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
  });
  const terms = [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['z'] }] }];
  const affinity = {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  };
  await server.call('POST', PODS, samplePod('picky', { affinity }));
  assert.match(await failure('picky'), /untolerated taint\(s\) \{k: v\}/);
  await server.call('PATCH', `${NODES}/b3`, { spec: { taints: null, unschedulable: true } }, MERGE);
  await eventually(
    () => failure('picky'),
    (text) => /unschedulable/.test(text),
  );
  await server.call('PATCH', `${NODES}/b3`, { spec: { unschedulable: null } }, MERGE);
  assert.is(await bound('picky'), 'b3');
});

test("an owner's end takes its dependents, whole or only the reference", async () => {
  const one = await node('o1');
  const two = await node('o2');
  const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  await server.call('POST', lease, {
    metadata: { name: 'o1', ownerReferences: [owner('o1', one)] },
  });
  const both = { name: 'both', ownerReferences: [owner('o1', one), owner('o2', two)] };
  await server.call('POST', MAPS, { metadata: both });
  await server.call('DELETE', `${NODES}/o1`);
  await goes(`${lease}/o1`);
  const left = await eventually(
    () => server.call('GET', `${MAPS}/both`),
    (answer) => list(answer.body, 'metadata', 'ownerReferences').length === 1,
  );
  assert.is(str(list(left.body, 'metadata', 'ownerReferences')[0], 'name'), 'o2');
  await server.call('POST', MAPS, {
    metadata: { name: 'late', ownerReferences: [owner('o1', one)] },
  });
  await goes(`${MAPS}/late`);
});

test('mirror pods go with their node, other pods of it when it is deleted after its end', async () => {
  const uid = await node('m1');
  const annotations = { 'kubernetes.io/config.mirror': 'x' };
  const metadata = { annotations, ownerReferences: [{ ...owner('m1', uid), controller: true }] };
  await server.call('POST', PODS, samplePod('mirror', { nodeName: 'm1' }, metadata));
  await server.call('POST', PODS, samplePod('plain', { nodeName: 'm1' }));
  await server.call('DELETE', `${NODES}/m1`);
  await goes(`${PODS}/mirror`);
  await server.call('DELETE', `${PODS}/plain`);
  assert.is((await server.call('GET', `${PODS}/plain`)).status, 404);
});

test('finalizers hold an object until the last is gone', async () => {
  await server.call('POST', MAPS, { metadata: { name: 'held', finalizers: ['a.dev/b'] } });
  const held = await server.call('DELETE', `${MAPS}/held`);
  assert.is.not(str(held.body, 'metadata', 'deletionTimestamp'), '');
  const more = await server.call(
    'PATCH',
    `${MAPS}/held`,
    { metadata: { finalizers: ['a.dev/b', 'c.dev/d'] } },
    MERGE,
  );
  assert.is(more.status, 422);
  await server.call('PATCH', `${MAPS}/held`, { metadata: { finalizers: null } }, MERGE);
  await goes(`${MAPS}/held`);
});

test('foreground deletion waits for dependents, orphaning lets them live', async () => {
  for (const [policy, survives] of [
    ['Foreground', false],
    ['Orphan', true],
  ] as const) {
    const name = `own-${policy.toLowerCase()}`;
    const made = await server.call('POST', MAPS, { metadata: { name } });
    const ref = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name,
      uid: str(made.body, 'metadata', 'uid'),
    };
    await server.call('POST', MAPS, {
      metadata: { name: `${name}-child`, ownerReferences: [ref] },
    });
    await server.call('DELETE', `${MAPS}/${name}`, { propagationPolicy: policy });
    await goes(`${MAPS}/${name}`);
    const childPath = `${MAPS}/${name}-child`;
    if (!survives) await goes(childPath);
    else
      assert.is(
        at((await server.call('GET', childPath)).body, 'metadata', 'ownerReferences'),
        undefined,
      );
  }
});

test('a namespace takes its content along and accepts nothing new meanwhile', async () => {
  await server.call('POST', '/api/v1/namespaces', { metadata: { name: 'gone' } });
  const maps = '/api/v1/namespaces/gone/configmaps';
  await server.call('POST', maps, { metadata: { name: 'free' } });
  await server.call('POST', maps, { metadata: { name: 'held', finalizers: ['a.dev/b'] } });
  const going = await server.call('DELETE', '/api/v1/namespaces/gone');
  assert.is(str(going.body, 'status', 'phase'), 'Terminating');
  await goes(`${maps}/free`);
  const refused = await server.call('POST', maps, { metadata: { name: 'new' } });
  assert.is(refused.status, 403);
  await server.call('PATCH', `${maps}/held`, { metadata: { finalizers: null } }, MERGE);
  await goes('/api/v1/namespaces/gone');
});

test.run();
