import { decodeDocument, KINDS } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EVENTS, type KubeObject, NODES, PODS } from '../../kube/index.ts';
import { boundPod, endedStatus, type Rig, readyRig, runningStatus } from '../testing/rig.ts';

async function withPod(extra: Readonly<Record<string, unknown>> = {}): Promise<{
  rig: Rig;
  uid: string;
}> {
  const rig = await readyRig();
  const { metadata } = rig.api.put(PODS, boundPod('p', extra));
  await rig.settle();
  rig.calls();
  return { rig, uid: metadata.uid ?? '' };
}

function deletePod(rig: Rig, uid: string): Promise<void> {
  return rig.api.client.remove(PODS, 'default', 'p', { uid });
}

test('a Pod bound to the Node is a document of its board, with the version it was made from', async () => {
  const { rig, uid } = await withPod();
  const { source } = rig.projection;
  assert.ok(source.warm());
  assert.equal(rig.told, [`one ${KINDS.pod} default/p`]);
  const [document] = [...source.documents('one')];
  assert.is(document?.name, 'default/p');
  assert.is(String(document?.revision), rig.pod('p').object?.metadata.resourceVersion);
  // Only the pods moved on: a consistent read makes the other caches catch up.
  const present = await source.readRevision();
  await rig.settle(200);
  assert.ok(source.revision() >= Math.max(present, document?.revision ?? Number.NaN));
  const decoded = decodeDocument('pod', document?.body ?? new Uint8Array());
  assert.is(decoded.ok && decoded.value.uid, uid);
  assert.equal([...source.documents('two')], []);
  assert.is(source.document('one', KINDS.pod, 'default/p'), document);
  await rig.stop();
});

test('a status of the board becomes the status of the Pod; the scheduler’s condition and the QoS class stay', async () => {
  const { rig, uid } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle();
  const { status, condition } = rig.pod('p');
  assert.is(status.phase, 'Running');
  assert.is(status.qosClass, 'BestEffort');
  assert.is(condition('PodScheduled').status, 'True');
  assert.is(condition('Ready').status, 'True');
  assert.is(condition('Initialized').status, 'True');
  assert.is(status.startTime, '2027-01-15T08:00:00Z');
  assert.equal(status.containerStatuses, [
    {
      name: 'main',
      image: 'boardlet.dev/host',
      imageID: '',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: '2027-01-15T08:00:00Z' } },
    },
  ]);
  assert.is(status.podIP, undefined);
  assert.equal(rig.calls(), ['patch pods p']);
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(5_000);
  assert.equal(
    rig.calls().filter((call) => call.includes('pods')),
    [],
  );
  // The status changed nothing of what the board shall run.
  assert.is(rig.told.length, 1);
  await rig.stop();
});

test('a status of an earlier pod of the same name is not its status', async () => {
  const { rig } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus('another'));
  await rig.settle(2_000);
  assert.is(rig.pod('p').status.phase, 'Pending');
  await rig.stop();
});

test('a phase never goes back and the first end is the last', async () => {
  const { rig, uid } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(1_500);
  rig.report('podStatus', 'default/p', runningStatus(uid, { phase: 'Pending' }));
  await rig.settle(1_500);
  assert.is(rig.pod('p').status.phase, 'Running');
  rig.report('podStatus', 'default/p', endedStatus(uid, 0));
  await rig.settle(1_500);
  assert.is(rig.pod('p').status.phase, 'Succeeded');
  assert.is(rig.pod('p').condition('Ready').reason, 'PodCompleted');
  for (const status of [endedStatus(uid, 3), runningStatus(uid)]) {
    rig.report('podStatus', 'default/p', status);
    await rig.settle(1_500);
    assert.is(rig.pod('p').status.phase, 'Succeeded');
  }
  await rig.stop();
});

test('a board that runs again what has ended is told to stop it', async () => {
  const { rig, uid } = await withPod();
  const stop = (): number | undefined => {
    const [document] = [...rig.projection.source.documents('one')];
    const decoded = decodeDocument('pod', document?.body ?? new Uint8Array());
    return decoded.ok ? decoded.value.stopGraceS : Number.NaN;
  };
  rig.report('podStatus', 'default/p', endedStatus(uid));
  await rig.settle(1_500);
  assert.is(stop(), undefined);
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle();
  assert.is(stop(), 30);
  await rig.stop();
});

test('a board is told to stop what somebody else has ended', async () => {
  const { rig, uid } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(1_500);
  const pod = rig.pod('p').object as KubeObject & { status: object };
  rig.api.put(PODS, { ...pod, status: { ...pod.status, phase: 'Failed', reason: 'Evicted' } });
  await rig.settle();
  const [document] = [...rig.projection.source.documents('one')];
  const decoded = decodeDocument('pod', document?.body ?? new Uint8Array());
  assert.is(decoded.ok && decoded.value.stopGraceS, 30);
  assert.is(rig.pod('p').status.reason, 'Evicted');
  await rig.stop();
});

test('deletion: told to stop, final status written, then gone, then the document too', async () => {
  const { rig, uid } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(1_500);
  await deletePod(rig, uid);
  await rig.settle(1_500);
  const [document] = [...rig.projection.source.documents('one')];
  const decoded = decodeDocument('pod', document?.body ?? new Uint8Array());
  assert.is(decoded.ok && decoded.value.stopGraceS, 30);
  assert.ok(rig.pod('p').there);
  rig.calls();
  rig.report('podStatus', 'default/p', endedStatus(uid, 143));
  await rig.settle();
  assert.equal(rig.calls(), ['patch pods p', 'remove pods p']);
  assert.not(rig.pod('p').there);
  assert.equal([...rig.projection.source.documents('one')], []);
  assert.is(rig.told.length, 3);
  await rig.stop();
});

test('a Pod that was deleted by force is gone from the board’s documents', async () => {
  const { rig } = await withPod();
  rig.api.drop(PODS, 'default', 'p');
  await rig.settle();
  assert.equal([...rig.projection.source.documents('one')], []);
  assert.is(rig.told.length, 2);
  await rig.stop();
});

test('away: readiness goes at once, phases stay, a deletion waits; on return it is finished', async () => {
  const { rig, uid } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(1_500);
  rig.projection.sink.boardDown('one', 'LinkLost');
  await rig.settle();
  const away = rig.pod('p');
  assert.is(away.status.phase, 'Running');
  assert.is(away.condition('Ready').status, 'False');
  assert.is(away.condition('Ready').reason, 'BoardLinkLost');
  assert.is(away.condition('ContainersReady').status, 'False');
  await deletePod(rig, uid);
  await rig.settle(120_000);
  assert.ok(rig.pod('p').there);
  rig.up();
  await rig.settle();
  assert.is(rig.pod('p').condition('Ready').status, 'True');
  assert.is(rig.pod('p').condition('Ready').reason, undefined);
  rig.report('podStatus', 'default/p', endedStatus(uid));
  await rig.settle();
  assert.not(rig.pod('p').there);
  await rig.stop();
});

test('a board that comes by another link starts anew', async () => {
  const { rig, uid } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(1_500);
  rig.projection.sink.boardDown('one', 'LinkLost');
  await rig.settle(1_500);
  rig.projection.sink.boardUp('one', 'another-link');
  await rig.settle(1_500);
  // What the old link said is void; the new one has not spoken yet.
  assert.is(rig.pod('p').condition('Ready').status, 'False');
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(1_500);
  assert.is(rig.pod('p').condition('Ready').status, 'True');
  await rig.stop();
});

test('a pod that the board has forgotten may go', async () => {
  const { rig, uid } = await withPod();
  rig.report('podStatus', 'default/p', runningStatus(uid));
  await rig.settle(1_500);
  await deletePod(rig, uid);
  await rig.settle(1_500);
  rig.report('podStatus', 'default/p');
  await rig.settle();
  assert.not(rig.pod('p').there);
  await rig.stop();
});

test('what a board cannot run fails with a reason and an Event, and no document', async () => {
  const { rig, uid } = await withPod({ hostNetwork: true });
  await rig.settle(1_500);
  const { status } = rig.pod('p');
  assert.is(status.phase, 'Failed');
  assert.is(status.reason, 'PodFeatureUnsupported');
  assert.match(status.message, 'spec.hostNetwork');
  assert.equal([...rig.projection.source.documents('one')], []);
  const event = rig.api.all(EVENTS).find((one) => one['reason'] === 'PodFeatureUnsupported');
  assert.is((event?.['involvedObject'] as { uid?: string } | undefined)?.uid, uid);
  await rig.stop();
});

test('pods of a Node that is not ours are none of ours', async () => {
  const { rig } = await withPod();
  const node = rig.node().object as KubeObject & { spec: object };
  rig.api.drop(NODES, '', 'f-one');
  rig.api.put(NODES, {
    ...node,
    metadata: { name: 'f-one' },
    spec: { ...node.spec, providerID: 'kind://x' },
  });
  await rig.settle();
  assert.equal([...rig.projection.source.documents('one')], []);
  await rig.stop();
});

test('reasons and messages of a board cannot write to a terminal', async () => {
  const { rig, uid } = await withPod();
  const containers = [
    {
      name: 'main',
      state: 'waiting' as const,
      restarts: 2,
      ready: true,
      reason: 'not a reason',
      message: 'a\u001b]0;owned\u0007b',
      id: 'process://../../etc',
    },
  ];
  rig.report('podStatus', 'default/p', { uid, phase: 'Pending', containers });
  await rig.settle(1_500);
  const [status] = rig.pod('p').status.containerStatuses;
  assert.equal(status.state.waiting, { reason: 'ContainerCreating', message: 'a]0;ownedb' });
  assert.is(status.ready, false);
  assert.is(status.containerID, undefined);
  await rig.stop();
});

test('a pod of which a board that told all it has says nothing is not Ready, until it is reported again', async () => {
  const first = await withPod();
  first.rig.report('podStatus', 'default/p', runningStatus(first.uid));
  await first.rig.settle(1_500);
  const pod = first.rig.pod('p').object as KubeObject;
  await first.rig.stop();
  const rig = await readyRig();
  const { metadata } = rig.api.put(PODS, pod);
  await rig.settle(5_000);
  assert.is(rig.pod('p').condition('Ready').status, 'True', 'it may still be told');
  rig.projection.sink.synced('one');
  await rig.settle(500);
  assert.is(rig.pod('p').condition('Ready').reason, 'BoardNotReported');
  assert.is(rig.pod('p').status.phase, 'Running');
  rig.report('podStatus', 'default/p', runningStatus(metadata.uid ?? ''));
  await rig.settle(1_500);
  assert.is(rig.pod('p').condition('Ready').status, 'True');
  await rig.stop();
});

test.run();
