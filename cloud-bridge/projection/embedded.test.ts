import {
  type DocumentBodies,
  type DocumentKind,
  encodeDocument,
  KINDS,
} from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CRDS,
  EVENTS,
  isKubeError,
  type KubeObject,
  LEASES,
  NODES,
  PODS,
  type Resource,
  RUNTIMECLASSES,
} from '../kube/index.ts';
import { type EmbeddedRig, openEmbedded } from './testing/embedded.ts';
import { boundPod, endedStatus, NODE_DOCUMENT, runningStatus, shape } from './testing/rig.ts';

const rig: EmbeddedRig = await openEmbedded();
test.after(() => rig.close());

async function find(r: Resource, namespace: string, name: string): Promise<KubeObject | undefined> {
  try {
    return await rig.client.get(r, namespace, name);
  } catch (error) {
    if (isKubeError(error, 'BL_KUBE_NOT_FOUND')) return undefined;
    throw error;
  }
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited in vain for: ${what}`);
}

function report<K extends DocumentKind>(kind: K, name: string, body?: DocumentBodies[K]): void {
  const bytes = body === undefined ? {} : { body: encodeDocument(kind, body) };
  rig.projection.sink.reported('one', [{ kind: KINDS[kind], name, ...bytes }]);
}

async function ready(): Promise<boolean> {
  return shape(await find(NODES, '', 'f-one')).condition('Ready').status === 'True';
}

async function bringUp(): Promise<void> {
  await until(
    'ownership and warm caches',
    () => rig.ownership.held() && rig.projection.source.warm(),
  );
  rig.projection.sink.boardUp('one', 'one');
  report('node', '-', NODE_DOCUMENT);
  await until('Ready', ready);
}

test('installs what the cluster needs', async () => {
  await until('RuntimeClasses', async () => {
    const found = await rig.client.list(RUNTIMECLASSES);
    return found.items.filter(({ metadata }) => metadata.name.startsWith('boardlet-')).length === 4;
  });
  const crds = (await rig.client.list(CRDS)).items.map(({ metadata }) => metadata.name);
  assert.ok(crds.includes('devices.devices.kubeedge.io'));
});

test('a board becomes a Ready Node with a Lease; what the API answers needs no second write', async () => {
  await bringUp();
  await until(
    'the Lease',
    async () => (await find(LEASES, 'kube-node-lease', 'f-one')) !== undefined,
  );
  const node = shape(await find(NODES, '', 'f-one'));
  assert.equal(node.spec.taints, [{ key: 'boardlet.dev/board', effect: 'NoSchedule' }]);
  assert.is(node.status.nodeInfo.osImage, 'Debian 12');
  const before = rig.projection.queue.stats().writes;
  report('node', '-', NODE_DOCUMENT);
  await rig.projection.queue.idle();
  assert.is(rig.projection.queue.stats().writes, before);
});

test('a Pod runs, ends and goes; each status is written once', async () => {
  const made = await rig.client.create(PODS, boundPod('p'));
  const uid = made.metadata.uid ?? '';
  await until(
    'the document',
    () => rig.projection.source.document('one', KINDS.pod, 'default/p') !== undefined,
  );
  report('podStatus', 'default/p', runningStatus(uid));
  await until(
    'Running',
    async () => shape(await find(PODS, 'default', 'p')).status.phase === 'Running',
  );
  const pod = shape(await find(PODS, 'default', 'p'));
  assert.is(pod.condition('Ready').status, 'True');
  await rig.projection.queue.idle();
  const before = rig.projection.queue.stats().writes;
  report('podStatus', 'default/p', runningStatus(uid));
  await rig.projection.queue.idle();
  assert.is(rig.projection.queue.stats().writes, before);
  await rig.client.remove(PODS, 'default', 'p', { graceS: 5 });
  await until('the stop', () => {
    const document = rig.projection.source.document('one', KINDS.pod, 'default/p');
    return (
      document !== undefined && document.revision > Number(pod.object?.metadata.resourceVersion)
    );
  });
  report('podStatus', 'default/p', endedStatus(uid));
  await until('gone', async () => (await find(PODS, 'default', 'p')) === undefined);
  await until('no document', () => [...rig.projection.source.documents('one')].length === 0);
});

test('a static pod is mirrored and comes back when somebody deletes it', async () => {
  const name = 'web-f-one';
  report('staticPod', `default/${name}`, {
    hash: 'h1',
    labels: {},
    annotations: {},
    pod: {
      uid: 's1',
      runtime: 'process',
      graceS: 1,
      restart: 'Always',
      containers: [{ name: 'main', image: 'boardlet.dev/host' }],
    },
  });
  report('podStatus', `default/${name}`, runningStatus('s1'));
  const running = async () => shape(await find(PODS, 'default', name)).status.phase === 'Running';
  await until('the mirror', running);
  const uid = (await find(PODS, 'default', name))?.metadata.uid;
  await rig.client.remove(PODS, 'default', name);
  await until('another mirror', async () => {
    const pod = await find(PODS, 'default', name);
    return pod !== undefined && pod.metadata.uid !== uid && (await running());
  });
  report('staticPod', `default/${name}`);
  await until('no mirror', async () => (await find(PODS, 'default', name)) === undefined);
});

test('a journal entry that is sent again after a restart of the bridge is the same Event', async () => {
  const entry = {
    identity: '5-1',
    event: {
      warning: true,
      reason: 'Hot',
      message: '80 °C',
      about: 'node' as const,
      name: '-',
      unixMs: Date.now(),
    },
  };
  await rig.projection.sink.journal('one', [entry], 0);
  await rig.rebuild();
  await bringUp();
  await rig.projection.sink.journal('one', [entry], 0);
  const events = (await rig.client.list(EVENTS)).items.filter((event) => event['reason'] === 'Hot');
  assert.is(events.length, 1);
});

test('goes away and returns; what it said while the API was down arrives', async () => {
  rig.projection.sink.boardDown('one', 'LinkLost');
  await until('Unknown', async () => {
    const node = shape(await find(NODES, '', 'f-one'));
    return node.condition('Ready').status === 'Unknown' && node.spec.taints.length === 3;
  });
  rig.projection.sink.boardUp('one', 'one');
  await until('Ready again', ready);
  await rig.stopApi();
  report('node', '-', { ...NODE_DOCUMENT, kernel: '6.9.9' });
  await rig.startApi();
  await until('the new kernel', async () => {
    const node = shape(await find(NODES, '', 'f-one'));
    return node.status.nodeInfo.kernelVersion === '6.9.9';
  });
  assert.is(await rig.ownership.isHolder(0), true);
});

test.run();
