import type { StaticPodDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EVENTS, type KubeObject, PODS } from '../../kube/index.ts';
import { boundPod, createRig, NODE_DOCUMENT, readyRig, runningStatus } from '../testing/rig.ts';

const STATIC: StaticPodDocument = {
  hash: 'h1',
  labels: { app: 'web', 'k8s-app': 'kube-dns' },
  annotations: {},
  pod: {
    uid: 'static-1',
    runtime: 'process',
    graceS: 5,
    restart: 'Always',
    containers: [{ name: 'main', image: 'boardlet.dev/host', command: ['sleep', '9'] }],
  },
};
const KEY = 'default/web-f-one';

test('a static pod is shown as a mirror pod owned by the Node, and its status follows', async () => {
  const rig = await readyRig();
  rig.report('staticPod', KEY, STATIC);
  rig.report('podStatus', KEY, runningStatus('static-1'));
  await rig.settle(1_500);
  const pod = rig.pod('web-f-one');
  assert.equal(pod.object?.metadata.annotations, {
    'kubernetes.io/config.mirror': 'h1',
    'kubernetes.io/config.hash': 'h1',
    'kubernetes.io/config.source': 'file',
    'kubernetes.io/config.seen': '2027-01-15T08:00:01Z',
  });
  assert.equal(pod.object?.metadata.labels, { app: 'web' });
  assert.equal(pod.object?.metadata.ownerReferences, [
    {
      apiVersion: 'v1',
      kind: 'Node',
      name: 'f-one',
      uid: rig.node().object?.metadata.uid,
      controller: true,
    },
  ]);
  assert.is(pod.spec.nodeName, 'f-one');
  assert.is(pod.spec.serviceAccountName, undefined);
  assert.is(pod.status.phase, 'Running');
  assert.equal([...rig.projection.source.documents('one')], []);
  await rig.stop();
});

test('deleted or changed it is made again, and goes when the static pod goes', async () => {
  const rig = await readyRig();
  rig.report('staticPod', KEY, STATIC);
  await rig.settle(1_500);
  const first = rig.pod('web-f-one').object?.metadata.uid;
  await rig.api.client.remove(PODS, 'default', 'web-f-one');
  await rig.settle(1_500);
  const second = rig.pod('web-f-one');
  assert.ok(second.there);
  assert.is.not(second.object?.metadata.uid, first);
  assert.is(second.object?.metadata.deletionTimestamp, undefined);
  rig.report('staticPod', KEY, { ...STATIC, hash: 'h2' });
  await rig.settle(1_500);
  const third = rig.pod('web-f-one');
  assert.is(third.object?.metadata.annotations?.['kubernetes.io/config.hash'], 'h2');
  rig.report('staticPod', KEY);
  await rig.settle(1_500);
  assert.not(rig.pod('web-f-one').there);
  await rig.stop();
});

test('names, namespaces and pods of others are refused', async () => {
  const rig = await readyRig();
  rig.api.put(PODS, boundPod('taken-f-one'));
  await rig.settle();
  for (const name of ['kube-system/dns-f-one', 'default/web', 'default/Web-f-one', 'web-f-one'])
    rig.report('staticPod', name, STATIC);
  rig.report('staticPod', 'default/taken-f-one', STATIC);
  await rig.settle(1_500);
  const pods = rig.api.all(PODS).map(({ metadata }) => metadata.name);
  assert.equal(pods, ['taken-f-one']);
  assert.is(rig.pod('taken-f-one').object?.metadata.annotations, undefined);
  const said = rig.api.all(EVENTS).filter((event) => event['reason'] === 'StaticPodNotShown');
  assert.is(said.length, 5);
  await rig.stop();
});

test('a mirror without a static pod goes as soon as the board has told all it has', async () => {
  const first = await readyRig();
  first.report('staticPod', KEY, STATIC);
  await first.settle(1_500);
  const mirror = first.pod('web-f-one').object as KubeObject;
  await first.stop();
  const rig = await createRig();
  rig.api.put(PODS, mirror);
  rig.up();
  rig.report('node', '-', NODE_DOCUMENT);
  await rig.settle(1_500);
  assert.ok(rig.pod('web-f-one').there);
  rig.projection.sink.synced('one');
  await rig.settle(20);
  assert.not(rig.pod('web-f-one').there);
  await rig.stop();
});

test('after a restart of the bridge a mirror waits for its static pod, and goes only when it stays away', async () => {
  const first = await readyRig();
  first.report('staticPod', KEY, STATIC);
  await first.settle(1_500);
  const mirror = first.pod('web-f-one').object as KubeObject;
  await first.stop();
  const rig = await createRig();
  rig.api.put(PODS, mirror);
  rig.up();
  rig.report('node', '-', NODE_DOCUMENT);
  await rig.settle(50_000);
  assert.ok(rig.pod('web-f-one').there);
  await rig.settle(12_000);
  assert.not(rig.pod('web-f-one').there);
  await rig.stop();
});

test.run();
