import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Bench, container, POD, pod } from './test-rig.ts';

const begun = (more: Parameters<typeof pod>[0] = {}): Bench => {
  const bench = new Bench();
  bench.engine.start();
  bench.documents.set(POD, pod(more));
  return bench;
};

test('starts a pod, reports it once it runs, and tells Created and Started', () => {
  const bench = begun();
  assert.equal(bench.calls, ['start main 0']);
  assert.is(bench.status(), undefined, 'nothing is told while it only starts');
  bench.running();
  assert.equal(bench.status(), {
    uid: 'u1',
    phase: 'Running',
    startedAt: 1_700_000_000_000,
    containers: [
      {
        name: 'main',
        restarts: 0,
        state: 'running',
        ready: true,
        startedAt: 1_700_000_000_000,
        id: 'process://u1.main.0',
      },
    ],
  });
  assert.equal(bench.reasons, ['Created', 'Started']);
  assert.equal(bench.documents.history, ['Running']);
});

test('a start that takes its time is told as ContainerCreating', () => {
  const bench = begun();
  bench.time.pass(500);
  assert.is(bench.status()?.phase, 'Pending');
  assert.is(bench.status()?.containers[0]?.reason, 'ContainerCreating');
});

test('restarts at once, then after 10 s, 20 s … 300 s, with CrashLoopBackOff and the delay in its message', () => {
  const bench = begun();
  const delays: number[] = [];
  const messages: (string | undefined)[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    bench.running(attempt);
    bench.exited(1, attempt);
    const endedMs = bench.time.nowMs;
    if (bench.runtime.calls.length === attempt + 1) {
      const [main] = bench.status()?.containers ?? [];
      assert.is(main?.reason, 'CrashLoopBackOff');
      assert.is(main?.last?.exitCode, 1);
      assert.is(bench.status()?.phase, 'Running');
      messages.push(main?.message);
    }
    while (bench.runtime.calls.length === attempt + 1) bench.time.pass(1000);
    delays.push((bench.time.nowMs - endedMs) / 1000);
  }
  assert.equal(delays, [0, 10, 20, 40, 80, 160, 300, 300, 300]);
  assert.is(messages[0], 'back-off 10s restarting failed container=main pod=a_default(u1)');
  assert.is(messages[3], 'back-off 1m20s restarting failed container=main pod=a_default(u1)');
  assert.is(messages[5], 'back-off 5m0s restarting failed container=main pod=a_default(u1)');
  assert.is(bench.status()?.containers[0]?.restarts, 8);
});

test('forgets the back-off of a container that ran for ten minutes', () => {
  const bench = begun();
  bench.running();
  bench.exited(1);
  bench.running(1);
  bench.time.pass(601_000);
  bench.exited(1, 1);
  assert.equal(bench.calls, ['start main 0', 'start main 1', 'start main 2']);
});

test('Never: an exit is the end', () => {
  for (const [code, phase, reason] of [
    [0, 'Succeeded', 'Completed'],
    [7, 'Failed', 'Error'],
  ] as const) {
    const bench = begun({ restart: 'Never' });
    bench.running();
    bench.exited(code);
    assert.is(bench.status()?.phase, phase);
    assert.is(bench.status()?.containers[0]?.reason, reason);
    assert.is(bench.status()?.containers[0]?.exitCode, code);
    bench.time.pass(1_000_000);
    assert.equal(bench.calls, ['start main 0']);
    assert.is(bench.time.armed, 0);
  }
});

test('OnFailure: restarts what failed, and succeeds once all have', () => {
  const bench = begun({ restart: 'OnFailure', containers: [container('one'), container('two')] });
  bench.running(0, 'one');
  bench.running(0, 'two');
  bench.exited(0, 0, 'one');
  assert.is(bench.status()?.phase, 'Running');
  bench.exited(1, 0, 'two');
  bench.running(1, 'two');
  bench.exited(0, 1, 'two');
  assert.is(bench.status()?.phase, 'Succeeded');
  assert.equal(bench.calls, ['start one 0', 'start two 0', 'start two 1']);
});

test('init containers run one after the other, before the others', () => {
  const bench = begun({ initContainers: [container('i1'), container('i2')] });
  bench.running(0, 'i1');
  assert.is(bench.status()?.phase, 'Pending');
  assert.is(bench.status()?.containers[0]?.reason, 'PodInitializing');
  bench.exited(1, 0, 'i1');
  bench.running(1, 'i1');
  bench.exited(0, 1, 'i1');
  bench.running(0, 'i2');
  bench.exited(0, 0, 'i2');
  bench.running();
  assert.equal(bench.calls, ['start i1 0', 'start i1 1', 'start i2 0', 'start main 0']);
  assert.is(bench.status()?.phase, 'Running');
  assert.equal(
    bench.status()?.initContainers?.map((c) => [c.reason, c.ready, c.restarts]),
    [
      ['Completed', true, 1],
      ['Completed', true, 0],
    ],
  );
});

test('an init container that fails under Never fails the pod', () => {
  const bench = begun({ restart: 'Never', initContainers: [container('i1')] });
  bench.running(0, 'i1');
  bench.exited(2, 0, 'i1');
  assert.is(bench.status()?.phase, 'Failed');
  assert.equal(bench.calls, ['start i1 0']);
});

test('expands references in command, args and env', () => {
  const bench = begun({
    containers: [
      container('main', {
        command: ['/bin/echo', '$(B)', '$(NONE)', '$$(B)'],
        env: [
          ['A', '1'],
          ['B', '$(A)2'],
        ],
      }),
    ],
  });
  const spec = bench.runtime.calls[0]?.spec;
  assert.equal(spec?.command, ['/bin/echo', '12', '$(NONE)', '$(B)']);
  assert.equal(spec?.env, [
    ['A', '1'],
    ['B', '12'],
  ]);
});

test('an image that is not known: ErrImagePull, then ImagePullBackOff, tried ever more rarely', () => {
  const bench = begun({ containers: [container('main', { image: 'nginx' })] });
  bench.failed('ErrImagePull');
  assert.is(bench.status()?.containers[0]?.reason, 'ErrImagePull');
  assert.is(bench.status()?.phase, 'Pending');
  bench.time.pass(6000);
  assert.is(bench.status()?.containers[0]?.reason, 'ImagePullBackOff');
  assert.match(bench.status()?.containers[0]?.message ?? '', /^Back-off pulling image "nginx"/);
  bench.time.pass(4000);
  assert.equal(bench.calls, ['start main 0', 'start main 0']);
  bench.failed('ErrImagePull');
  bench.time.pass(19_999);
  assert.is(bench.calls.length, 2);
  bench.time.pass(1);
  assert.is(bench.calls.length, 3);
  assert.equal(bench.reasons, ['Failed', 'BackOff']);
});

test('a program that is not there: CreateContainerError, tried again under the same number', () => {
  const bench = begun();
  bench.failed('CreateContainerError');
  const [main] = bench.status()?.containers ?? [];
  assert.equal(
    [main?.state, main?.reason, main?.message, main?.restarts],
    ['waiting', 'CreateContainerError', 'why', 0],
  );
  bench.time.pass(10_000);
  bench.running();
  assert.equal(bench.calls, ['start main 0', 'start main 0']);
  assert.is(bench.status()?.phase, 'Running');
  bench.exited(1);
  assert.is(bench.calls.at(-1), 'start main 1', 'its own back-off begins afresh');
});

test('a pod that this board does not take is Failed, with the reason, and starts nothing', () => {
  const cases = [
    ['UnknownRuntime', pod({ runtime: 'oci' }), /no runtime "oci"; it has: process/],
    ['InvalidPod', pod({ uid: '../x' }), /uid/],
    ['InvalidPod', pod({ containers: [] }), /no container/],
    ['InvalidPod', pod({ containers: [container('../x')] }), /RFC 1123/],
    ['InvalidPod', pod({ containers: [container(), container()] }), /same name/],
    ['Forbidden', pod({ graceS: 1 }), /rule/],
  ] as const;
  for (const [reason, spec, message] of cases) {
    const bench = new Bench();
    bench.policy = {
      check: (_name, { graceS }) =>
        graceS === 1 ? { reason: 'Forbidden', message: 'rule namespaces' } : undefined,
    };
    bench.engine.start();
    bench.documents.set(POD, spec);
    assert.is(bench.status()?.phase, 'Failed');
    assert.is(bench.status()?.reason, reason);
    assert.match(bench.status()?.message ?? '', message);
    assert.equal(bench.calls, []);
    assert.equal(bench.reasons, [reason]);
  }
});

test('the policy is shown what will be executed', () => {
  const bench = new Bench();
  const seen: unknown[] = [];
  bench.policy = {
    check: (_name, { containers }) => {
      seen.push(containers[0]?.command);
      return undefined;
    },
  };
  bench.engine.start();
  const command = ['/usr/bin/$(X)'];
  bench.documents.set(
    POD,
    pod({ containers: [container('main', { command, env: [['X', '../x']] })] }),
  );
  assert.equal(seen, [['/usr/bin/../x']]);
});

test('a changed image of a container that waits is tried at once, of one that runs by a restart', () => {
  const bench = begun({ restart: 'Never' });
  bench.failed('ErrImagePull');
  bench.documents.set(
    POD,
    pod({ restart: 'Never', containers: [container('main', { image: 'b' })] }),
  );
  bench.running();
  assert.equal(bench.calls, ['start main 0', 'start main 0']);
  bench.documents.set(
    POD,
    pod({ restart: 'Never', containers: [container('main', { image: 'c' })] }),
  );
  bench.exited(143);
  assert.equal(bench.calls.slice(2), ['stop main 0', 'start main 1']);
});

test('a late report of an attempt that is over changes nothing', () => {
  const bench = begun();
  bench.running();
  bench.exited(1);
  bench.running(1);
  const before = bench.documents.history.length;
  bench.exited(0, 0);
  bench.running(0);
  bench.running(7);
  bench.running(0, 'other');
  assert.is(bench.documents.history.length, before);
  assert.is(bench.status()?.containers[0]?.state, 'running');
});

test.run();
