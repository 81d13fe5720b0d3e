import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Bench, container, FakeDocuments, POD, pod } from './test-rig.ts';

const started = (more: Parameters<typeof pod>[0] = {}): Bench => {
  const bench = new Bench();
  bench.engine.start();
  bench.documents.set(POD, pod(more));
  bench.running();
  return bench;
};

test('a deletion stops within its grace, reports the end, and forgets once the document is gone', () => {
  const bench = started();
  bench.documents.set(POD, pod({ stopGraceS: 5 }));
  assert.equal(bench.runtime.calls[1], {
    do: 'stop',
    pod: POD,
    uid: 'u1',
    container: 'main',
    attempt: 0,
    graceMs: 5000,
  });
  assert.is(bench.status()?.phase, 'Running');
  bench.exited(143);
  assert.is(bench.status()?.phase, 'Failed');
  assert.is(bench.status()?.containers[0]?.exitCode, 143);
  assert.equal(bench.calls, ['start main 0', 'stop main 0']);
  bench.documents.set(POD, undefined);
  assert.is(bench.calls.at(-1), 'remove u1');
  assert.is(bench.status(), undefined);
  assert.equal(bench.reasons, ['Created', 'Started', 'Killing']);
});

test('a clean end on the way out is Succeeded', () => {
  const bench = started();
  bench.documents.set(POD, pod({ stopGraceS: 5 }));
  bench.exited(0);
  assert.is(bench.status()?.phase, 'Succeeded');
});

test('a shorter grace shortens, a longer one does nothing', () => {
  const bench = started();
  for (const stopGraceS of [30, 5, 60]) bench.documents.set(POD, pod({ stopGraceS }));
  assert.equal(
    bench.runtime.calls.filter((c) => c.do === 'stop').map((c) => c.graceMs),
    [30_000, 5000],
  );
  assert.is(bench.reasons.filter((r) => r === 'Killing').length, 1);
});

test('a pod that never started ends as Failed, its containers as unknown', () => {
  const bench = new Bench();
  bench.engine.start();
  bench.documents.set(POD, pod({ stopGraceS: 5 }));
  assert.equal(bench.calls, []);
  assert.is(bench.status()?.phase, 'Failed');
  const [main] = bench.status()?.containers ?? [];
  assert.equal(
    [main?.state, main?.exitCode, main?.reason],
    ['terminated', 137, 'ContainerStatusUnknown'],
  );
});

test('a deletion during back-off ends with the last exit', () => {
  const bench = started();
  bench.exited(1);
  bench.running(1);
  bench.exited(3, 1);
  bench.documents.set(POD, pod({ stopGraceS: 5 }));
  assert.is(bench.status()?.phase, 'Failed');
  assert.is(bench.status()?.containers[0]?.exitCode, 3);
  bench.time.pass(100_000);
  assert.equal(bench.calls, ['start main 0', 'start main 1']);
});

test('a forced deletion stops with a short grace and says nothing more', () => {
  const bench = started();
  bench.documents.set(POD, undefined);
  assert.is(bench.runtime.calls[1]?.graceMs, 2000);
  assert.is(bench.status(), undefined);
  bench.exited(143);
  assert.is(bench.status(), undefined);
  assert.is(bench.calls.at(-1), 'remove u1');
  assert.is(bench.time.armed, 0);
});

test('a pod with a new uid waits until the old one is wholly gone', () => {
  const bench = started();
  bench.documents.set(POD, pod({ uid: 'u2' }));
  assert.equal(bench.calls, ['start main 0', 'stop main 0']);
  bench.time.pass(60_000);
  bench.exited(143);
  assert.equal(bench.calls, ['start main 0', 'stop main 0', 'remove u1', 'start main 0']);
  bench.running(0, 'main', 'u2');
  assert.is(bench.status()?.uid, 'u2');
  assert.is(bench.status()?.phase, 'Running');
});

test('deleted, made anew and deleted again before the first is gone: nothing is started', () => {
  const bench = started();
  bench.documents.set(POD, pod({ uid: 'u2' }));
  bench.documents.set(POD, undefined);
  bench.exited(143);
  assert.equal(bench.calls, ['start main 0', 'stop main 0', 'remove u1']);
});

test('two containers: the pod ends when both have', () => {
  const bench = new Bench();
  const containers = [container('one'), container('two')];
  bench.engine.start();
  bench.documents.set(POD, pod({ containers }));
  bench.running(0, 'one');
  bench.documents.set(POD, pod({ containers, stopGraceS: 5 }));
  bench.exited(0, 0, 'one');
  bench.time.pass(500);
  assert.is(bench.status()?.phase, 'Pending', 'the other one was still starting');
  bench.exited(0, 0, 'two');
  assert.is(bench.status()?.phase, 'Succeeded');
});

test('all containers end when the agent is told to take them along, without a word, and nothing restarts', async () => {
  const bench = started();
  bench.documents.set('default/b', pod({ uid: 'u2', graceS: 3 }));
  bench.running(0, 'main', 'u2');
  const before = [bench.documents.history.length, bench.documents.events.length];
  let ended = false;
  const all = bench.engine.stopAll().then(() => {
    ended = true;
  });
  assert.equal(
    bench.runtime.calls.filter((c) => c.do === 'stop').map((c) => c.graceMs),
    [30_000, 3000],
  );
  bench.exited(143);
  await Promise.resolve();
  assert.is(ended, false);
  bench.exited(143, 0, 'main', 'u2');
  await all;
  assert.equal([bench.documents.history.length, bench.documents.events.length], before);
  assert.is(bench.calls.filter((call) => call.startsWith('start')).length, 2);
  assert.is(bench.time.armed, 0);
});

test('a container whose end is never told does not hold up the agent', async () => {
  const bench = started();
  const all = bench.engine.stopAll();
  bench.time.pass(35_000);
  await all;
});

test('a thousand pods come and go, and nothing of them stays', () => {
  const bench = new Bench(new FakeDocuments());
  bench.engine.start();
  for (let i = 0; i < 1000; i++) {
    const uid = `u-${i}`;
    bench.documents.set(POD, pod({ uid }));
    bench.running(0, 'main', uid);
    bench.exited(1, 0, 'main', uid);
    bench.documents.set(POD, pod({ uid, stopGraceS: 1 }));
    bench.exited(143, 1, 'main', uid);
    bench.documents.set(POD, undefined);
  }
  assert.is(bench.time.armed, 0);
  assert.is(bench.documents.reported('podStatus').size, 0);
  assert.is(bench.runtime.calls.filter((c) => c.do === 'remove').length, 1000);
  assert.equal(bench.engine.status(POD), undefined);
});

test.run();
