import type { StaticPodDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Bench, POD, pod } from './test-rig.ts';

const fixed = (uid: string): StaticPodDocument => ({
  hash: uid,
  pod: pod({ uid, graceS: 7 }),
  labels: {},
  annotations: {},
});

test('a static pod runs, is reported with its document, and both go when it has ended', () => {
  const bench = new Bench();
  bench.fixed.set(POD, fixed('u1'));
  bench.engine.start();
  bench.running();
  assert.is(bench.documents.reported('staticPod').get(POD)?.hash, 'u1');
  assert.is(bench.status()?.phase, 'Running');
  bench.fixed.set(POD, undefined);
  assert.is(bench.runtime.calls[1]?.graceMs, 7000);
  assert.is(bench.status()?.phase, 'Running', 'told until it is over');
  bench.exited(143);
  assert.is(bench.status(), undefined);
  assert.is(bench.documents.reported('staticPod').size, 0);
  assert.is(bench.calls.at(-1), 'remove u1');
});

test('a changed manifest replaces the pod once the old one has ended', () => {
  const bench = new Bench();
  bench.engine.start();
  bench.fixed.set(POD, fixed('u1'));
  bench.running();
  bench.fixed.set(POD, fixed('u2'));
  assert.is(bench.documents.reported('staticPod').get(POD)?.hash, 'u1');
  bench.exited(143);
  bench.running(0, 'main', 'u2');
  assert.equal(bench.calls, ['start main 0', 'stop main 0', 'remove u1', 'start main 0']);
  assert.is(bench.documents.reported('staticPod').get(POD)?.hash, 'u2');
  assert.is(bench.status()?.uid, 'u2');
});

test('a static pod is not taken over by a pod of the API with its name', () => {
  const bench = new Bench();
  bench.fixed.set(POD, fixed('u1'));
  bench.engine.start();
  bench.running();
  bench.documents.set(POD, pod({ uid: 'api' }));
  assert.equal(bench.calls, ['start main 0']);
});

test.run();
