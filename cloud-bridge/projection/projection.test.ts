import { KINDS } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EVENTS, NAMESPACES, NODES, PODS, RUNTIMECLASSES } from '../kube/index.ts';
import { boundPod, createRig, NODE_DOCUMENT, readyRig, runningStatus } from './testing/rig.ts';

test('installs namespace and RuntimeClasses if missing, and leaves what is there', async () => {
  const rig = await createRig();
  await rig.settle();
  assert.equal(
    rig.api.all(RUNTIMECLASSES).map(({ metadata }) => metadata.name),
    ['boardlet-process', 'boardlet-wasm', 'boardlet-oci', 'boardlet-task'],
  );
  assert.is(rig.api.all(NAMESPACES).length, 1);
  const [first] = rig.api.all(RUNTIMECLASSES);
  assert.equal(first?.['scheduling'], {
    nodeSelector: { 'kubernetes.io/os': 'boardlet' },
    tolerations: [{ key: 'boardlet.dev/board', operator: 'Exists', effect: 'NoSchedule' }],
  });
  await rig.stop();
});

test('reflects only what all caches do, never goes back, and catches up when asked', async () => {
  const rig = await createRig();
  const { source } = rig.projection;
  assert.ok(source.warm());
  const before = source.revision();
  rig.api.put(PODS, boundPod('p'));
  await rig.settle();
  assert.is(source.revision(), before);
  const present = await source.readRevision();
  assert.is(present, rig.api.version());
  await rig.settle(300);
  assert.ok(source.revision() >= present);
  await rig.stop();
});

test('after standing down nothing old is written, and a board that comes anew is shown anew', async () => {
  let term = '500';
  let holds = true;
  const ownership = { isHolder: () => Promise.resolve(holds), term: () => term };
  const rig = await readyRig({ ownership });
  const { metadata } = rig.api.put(PODS, boundPod('p'));
  await rig.settle();
  rig.report('podStatus', 'default/p', runningStatus(metadata.uid ?? ''));
  await rig.settle(1_500);
  assert.is(rig.pod('p').object?.metadata.annotations?.['boardlet.dev/term'], '500');
  term = '';
  holds = false;
  rig.projection.standDown();
  // The next owner marks the board away; this one must not contradict.
  const node = rig.node().object;
  assert.ok(node !== undefined);
  rig.api.put(NODES, { ...node, status: {} });
  rig.calls();
  await rig.settle(120_000);
  assert.equal(rig.calls(), []);
  assert.not(rig.projection.online('one'));
  term = '900';
  holds = true;
  rig.up();
  rig.report('node', '-', NODE_DOCUMENT);
  await rig.settle(1_500);
  assert.is(rig.node().condition('Ready').status, 'True');
  assert.is(rig.node().object?.metadata.annotations?.['boardlet.dev/term'], '900');
  await rig.stop();
});

test('documents that sessions hold are read when a board comes up', async () => {
  const rig = await createRig();
  const { encodeDocument } = await import('@boardlet/adapters/wire');
  const body = encodeDocument('node', NODE_DOCUMENT);
  rig.projection.setSessions({
    reported: () => new Map([['x', { kind: KINDS.node, name: '-', body }]]),
  });
  rig.up();
  await rig.settle();
  assert.is(rig.node().condition('Ready').status, 'True');
  await rig.stop();
});

test('a notice about what can be no board makes no Event', async () => {
  const rig = await createRig();
  rig.projection.sink.notice('../x y', 'NotMine', 'a link claimed it');
  await rig.settle(1_500);
  assert.equal(rig.api.all(EVENTS), []);
  await rig.stop();
});

test.run();
