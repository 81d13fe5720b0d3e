import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerRef } from '../runtime.ts';
import { Bench, container, FakeDocuments, POD, pod } from './test-rig.ts';

const ref = (container: string, attempt: number, uid = 'u1'): ContainerRef => ({
  pod: POD,
  uid,
  container,
  attempt,
});

/** An engine that comes back to documents and containers of an earlier one. */
function resumed(documents: FakeDocuments, found: readonly ContainerRef[]): Bench {
  const bench = new Bench(documents);
  bench.runtime.found = [...found];
  bench.engine.start();
  return bench;
}

const withPod = (more: Parameters<typeof pod>[0] = {}): FakeDocuments => {
  const documents = new FakeDocuments();
  documents.pods.set(POD, pod(more));
  return documents;
};

test('a pod in the store starts when nothing of it is found', () => {
  assert.equal(resumed(withPod(), []).calls, ['start main 0']);
});

test('what lives is neither started again nor told again, and its status never falls back', () => {
  const documents = withPod();
  const before = new Bench(documents);
  before.engine.start();
  before.running();
  before.engine.close();
  const bench = resumed(documents, [ref('main', 0)]);
  bench.time.pass(1000);
  const startedAt = 1_700_000_000_000;
  bench.runtime.tell('u1', 'main', 0, { state: 'running', pid: 1, startedAt });
  assert.equal(bench.calls, []);
  assert.equal(bench.documents.history, ['Running']);
  assert.equal(bench.reasons, ['Created', 'Started'], 'those of the first time');
  assert.is(bench.status()?.startedAt, 1_700_000_000_000);
});

test('what ended meanwhile is restarted under the next number, with its end as the last state', () => {
  const bench = resumed(withPod(), [ref('main', 2), ref('main', 3)]);
  bench.exited(9, 2);
  bench.exited(5, 3);
  assert.equal(bench.calls, ['start main 4']);
  bench.running(4);
  const [main] = bench.status()?.containers ?? [];
  assert.equal([main?.restarts, main?.last?.exitCode], [4, 5]);
});

test('init containers that are done are not run again', () => {
  const bench = resumed(withPod({ initContainers: [container('i1')] }), [
    ref('i1', 0),
    ref('main', 0),
  ]);
  bench.exited(0, 0, 'i1');
  bench.running();
  assert.equal(bench.calls, []);
  assert.is(bench.status()?.phase, 'Running');
});

test('a pod whose document vanished is stopped and forgotten', () => {
  const bench = resumed(new FakeDocuments(), [ref('main', 0, 'old'), ref('side', 1, 'old')]);
  assert.equal(bench.calls, ['stop main 0', 'stop side 1']);
  assert.is(bench.runtime.calls[0]?.graceMs, 30_000);
  bench.exited(143, 0, 'main', 'old');
  bench.exited(143, 1, 'side', 'old');
  assert.is(bench.calls.at(-1), 'remove old');
});

test('a successor waits for the pod that was left under its name', () => {
  const bench = resumed(withPod(), [ref('main', 0, 'old')]);
  assert.equal(bench.calls, ['stop main 0']);
  bench.exited(143, 0, 'main', 'old');
  assert.equal(bench.calls, ['stop main 0', 'remove old', 'start main 0']);
});

test('a pod that is being deleted goes on being deleted', () => {
  const bench = resumed(withPod({ stopGraceS: 5 }), [ref('main', 0)]);
  assert.equal(bench.calls, ['stop main 0']);
  bench.exited(143);
  assert.is(bench.status()?.phase, 'Failed');
  assert.equal(bench.reasons, [], 'Killing was told by the agent that began it');
});

test('a final phase stays, even when its files are lost', () => {
  const documents = withPod({ restart: 'Never' });
  const before = new Bench(documents);
  before.engine.start();
  before.running();
  before.exited(0);
  const status = before.status();
  assert.is(status?.phase, 'Succeeded');
  const bench = resumed(documents, []);
  bench.time.pass(100_000);
  assert.equal(bench.calls, []);
  assert.equal(bench.status(), status);
});

test('a stale status without a pod is removed', () => {
  const documents = new FakeDocuments();
  documents.report('podStatus', POD, { uid: 'x', phase: 'Running', containers: [] });
  assert.is(resumed(documents, []).status(), undefined);
});

test('a pod that the policy no longer allows is stopped and Failed', () => {
  const bench = new Bench(withPod());
  bench.policy = { check: () => ({ reason: 'Forbidden', message: 'rule' }) };
  bench.runtime.found = [ref('main', 0)];
  bench.engine.start();
  assert.equal(bench.calls, ['stop main 0']);
  bench.exited(143);
  assert.equal([bench.status()?.phase, bench.status()?.reason], ['Failed', 'Forbidden']);
  bench.time.pass(100_000);
  assert.is(bench.calls.length, 1);
});

test.run();
