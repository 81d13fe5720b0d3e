import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EVENTS, type KubeObject, NODES } from '../../kube/index.ts';
import { createRig, NODE_DOCUMENT, readyRig } from '../testing/rig.ts';

test('one POST with its status, a Lease, and one PATCH that takes the not-ready taint away', async () => {
  const rig = await createRig();
  rig.api.after = ({ verb, plural }) => {
    const node = rig.api.get(NODES, '', 'f-one');
    if (verb !== 'create' || plural !== 'nodes' || node === undefined) return;
    const spec = node['spec'] as { taints: unknown[] };
    const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    rig.api.put(NODES, { ...node, spec: { ...spec, taints: [...spec.taints, taint] } });
  };
  rig.calls();
  rig.up();
  rig.report('node', '-', NODE_DOCUMENT);
  await rig.settle();
  const calls = rig.calls().filter((call) => !call.startsWith('get'));
  assert.equal(calls.sort(), ['create leases f-one', 'create nodes f-one', 'patch nodes f-one']);
  const { object, spec, status, condition } = rig.node();
  assert.is(spec.providerID, 'boardlet://f/one');
  assert.is(spec.podCIDR, '192.0.2.0/32');
  assert.equal(spec.taints, [{ key: 'boardlet.dev/board', effect: 'NoSchedule' }]);
  assert.equal(object?.metadata.labels, {
    'board.boardlet.dev/site': 'north',
    'kubernetes.io/os': 'boardlet',
    'kubernetes.io/arch': 'arm64',
    'kubernetes.io/hostname': 'f-one',
    'topology.kubernetes.io/zone': 'boardlet-f',
    'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
    'boardlet.dev/os': 'linux',
  });
  assert.is(condition('Ready').status, 'True');
  assert.is(condition('MemoryPressure').reason, 'Enough');
  assert.is(status.nodeInfo.operatingSystem, 'linux');
  assert.is(status.nodeInfo.kubeletVersion, 'v1.35.0-boardlet-v0.1.0');
  assert.equal(status.capacity, {
    cpu: '4',
    memory: '8Gi',
    'ephemeral-storage': '1Gi',
    pods: '110',
  });
  assert.is(status.allocatable.cpu, '3500m');
  assert.equal(status.addresses, [{ type: 'Hostname', address: 'f-one' }]);
  assert.is(rig.lease().spec.holderIdentity, 'f-one');
  await rig.stop();
});

test('renews the Lease while the board beats, and writes nothing else', async () => {
  const rig = await readyRig();
  await rig.settle(100_500);
  const calls = rig.calls();
  assert.equal([...new Set(calls)], ['replace leases f-one']);
  assert.is(calls.length, 10);
  await rig.stop();
});

test('a board that goes stops its Lease and is unknown with a reason; on return all is as before', async () => {
  for (const [reason, status, key] of [
    ['LinkLost', 'Unknown', 'node.kubernetes.io/unreachable'],
    ['HeartbeatMissed', 'Unknown', 'node.kubernetes.io/unreachable'],
    ['Goodbye', 'False', 'node.kubernetes.io/not-ready'],
  ] as const) {
    const rig = await readyRig();
    const before = rig.node();
    rig.projection.sink.boardDown('one', reason);
    await rig.settle();
    const away = rig.node();
    assert.is(away.condition('Ready').status, status);
    assert.is(away.condition('Ready').reason, `Board${reason}`);
    assert.is(away.condition('DiskPressure').status, 'Unknown');
    assert.equal(
      away.spec.taints.map((t: { key: string; effect: string }) => `${t.key}:${t.effect}`),
      ['boardlet.dev/board:NoSchedule', `${key}:NoSchedule`, `${key}:NoExecute`],
    );
    rig.calls();
    await rig.settle(60_000);
    assert.equal(
      rig.calls().filter((call) => call.includes('lease')),
      [],
    );
    rig.up();
    await rig.settle();
    assert.is(rig.node().condition('Ready').status, 'True');
    assert.equal(rig.node().spec, before.spec);
    assert.is(rig.node().status.conditions.length, before.status.conditions.length);
    assert.ok(rig.calls().includes('replace leases f-one'));
    const events = rig.api.all(EVENTS).map((event) => event['reason']);
    assert.equal(events, [`Board${reason}`, 'BoardReturned']);
    await rig.stop();
  }
});

test('leaves the words of a node lifecycle controller alone while the board is away', async () => {
  const rig = await readyRig();
  rig.projection.sink.boardDown('one', 'Goodbye');
  await rig.settle(500);
  const node = rig.node().object as KubeObject & { status: { conditions: { type: string }[] } };
  const conditions = node.status.conditions.map((one) =>
    one.type === 'Ready' ? { ...one, status: 'Unknown', reason: 'NodeStatusUnknown' } : one,
  );
  rig.calls();
  rig.api.put(NODES, { ...node, status: { ...node.status, conditions } });
  await rig.settle(120_000);
  assert.equal(rig.calls(), []);
  rig.up();
  await rig.settle();
  assert.is(rig.node().condition('Ready').reason, 'BoardReady');
  await rig.stop();
});

test('never touches a Node without its providerID, and says so', async () => {
  const rig = await createRig();
  const foreign: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'f-one' },
    spec: { providerID: 'aws:///i-1' },
  };
  rig.api.put(NODES, foreign);
  await rig.settle();
  rig.calls();
  rig.up();
  rig.report('node', '-', NODE_DOCUMENT);
  await rig.settle(60_000);
  rig.projection.sink.boardDown('one', 'LinkLost');
  await rig.settle(60_000);
  assert.equal(
    rig.calls().filter((call) => !call.includes('events')),
    [],
  );
  assert.ok(rig.api.all(EVENTS).some((event) => event['reason'] === 'NodeNameTaken'));
  await rig.stop();
});

test('makes a deleted Node again while the board is online, and not while it is away', async () => {
  const rig = await readyRig();
  const before = rig.node().object?.metadata.uid;
  rig.api.drop(NODES, '', 'f-one');
  await rig.settle(1_500);
  assert.ok(rig.node().there);
  assert.is.not(rig.node().object?.metadata.uid, before);
  await rig.settle(11_000);
  assert.is(
    rig.lease().object?.metadata.ownerReferences?.[0]?.uid,
    rig.node().object?.metadata.uid,
  );
  rig.projection.sink.boardDown('one', 'LinkLost');
  await rig.settle(1_500);
  rig.api.drop(NODES, '', 'f-one');
  await rig.settle(120_000);
  assert.not(rig.node().there);
  await rig.stop();
});

test('after a restart of the bridge, a board that nobody hears is marked away', async () => {
  const first = await readyRig();
  await first.stop();
  const again = await createRig();
  for (const node of first.api.all(NODES)) again.api.put(NODES, node);
  await again.settle(30_000);
  assert.is(again.node().condition('Ready').status, 'True');
  await again.settle(10_000);
  assert.is(again.node().condition('Ready').reason, 'BoardHeartbeatMissed');
  again.up();
  again.report('node', '-', NODE_DOCUMENT);
  await again.settle(1_500);
  assert.is(again.node().condition('Ready').status, 'True');
  await again.stop();
});

test('a change of the board is written, with labels that it dropped taken away and others kept', async () => {
  const rig = await readyRig();
  const node = rig.node().object as KubeObject;
  const labels = { ...node.metadata.labels, 'node-restriction.kubernetes.io/place': 'roof' };
  rig.api.put(NODES, { ...node, metadata: { ...node.metadata, labels } });
  await rig.settle(1_500);
  rig.report('node', '-', { ...NODE_DOCUMENT, labels: {}, kernel: '6.2\u001b[31m' });
  await rig.settle(1_500);
  const after = rig.node();
  assert.is(after.status.nodeInfo.kernelVersion, '6.2[31m');
  assert.is(after.object?.metadata.labels?.['node-restriction.kubernetes.io/place'], 'roof');
  assert.is(after.object?.metadata.labels?.['board.boardlet.dev/site'], undefined);
  await rig.stop();
});

test('a node document that does not decode is refused with an Event', async () => {
  const rig = await readyRig();
  rig.projection.sink.reported('one', [{ kind: 8, name: '-', body: Uint8Array.of(0xff) }]);
  await rig.settle(1_500);
  assert.ok(rig.api.all(EVENTS).some((event) => event['reason'] === 'InvalidDocument'));
  assert.is(rig.node().condition('Ready').status, 'True');
  await rig.stop();
});

test('a board that was removed says so on its Node, which stays until an operator deletes it', async () => {
  const rig = await readyRig();
  rig.projection.sink.boardDown('one', 'HeartbeatMissed');
  await rig.settle(1_500);
  rig.projection.sink.boardDown('one', 'Removed');
  await rig.settle(1_500);
  const ready = rig.node().condition('Ready');
  assert.equal([ready.status, ready.reason], ['False', 'BoardRemoved']);
  assert.ok(rig.api.all(EVENTS).some((event) => event['reason'] === 'BoardRemoved'));
  rig.api.drop(NODES, '', 'f-one');
  await rig.settle(60_000);
  assert.not(rig.node().there);
  await rig.stop();
});

test('two instances of a link are a condition of the Node, and its end too', async () => {
  const rig = await readyRig();
  assert.is(rig.node().condition('Duplicate').status, 'absent');
  rig.projection.sink.duplicate('one', true);
  await rig.settle(1_500);
  assert.is(rig.node().condition('Duplicate').status, 'True');
  assert.match(rig.node().condition('Duplicate').message ?? '', /stop one of them/);
  assert.is(rig.node().condition('Ready').status, 'True');
  rig.projection.sink.duplicate('one', false);
  await rig.settle(1_500);
  assert.is(rig.node().condition('Duplicate').status, 'False');
  await rig.stop();
});

test.run();
