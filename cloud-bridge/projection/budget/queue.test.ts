import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DEVICESTATUSES,
  EVENTS,
  KubeError,
  type KubeObject,
  LEASES,
  PODS,
  type Resource,
  silentLogger,
} from '../../kube/index.ts';
import { createManualTime, type ManualTime } from '../../kube/testing/manual-time.ts';
import { createMemoryApi, type MemoryApi } from '../../kube/testing/memory-api.ts';
import { PRIORITY, type Priority, type WriteJob, type WriteQueue } from '../contract.ts';
import { createWriteQueue, type QueueOptions } from './queue.ts';

interface Rig {
  readonly api: MemoryApi;
  readonly time: ManualTime;
  readonly queue: WriteQueue;
}

function createRig(options: Partial<QueueOptions> = {}): Rig {
  const api = createMemoryApi();
  const time = createManualTime();
  const queue = createWriteQueue({
    client: api.client,
    clock: time.clock,
    timers: time.timers,
    log: silentLogger,
    term: () => undefined,
    isHolder: () => Promise.resolve(true),
    ...options,
  });
  return { api, time, queue };
}

/** Writes `value()` into `spec.value`. */
function job(
  r: Resource,
  name: string,
  value: () => unknown,
  more: Partial<WriteJob> & { readonly priority?: Priority } = {},
): WriteJob {
  return {
    resource: r,
    namespace: 'n',
    name,
    priority: PRIORITY.device,
    build: (current) =>
      current === undefined
        ? {
            op: 'create',
            object: {
              apiVersion: 'v1',
              kind: r.kind,
              metadata: { name, namespace: 'n' },
              spec: { value: value() },
            },
          }
        : { op: 'patch', type: 'merge', body: { spec: { value: value() } } },
    ...more,
  };
}

function specValue(object: KubeObject | undefined): unknown {
  return (object?.['spec'] as { value?: unknown } | undefined)?.value;
}

const writesOf = (api: MemoryApi, name: string): number =>
  api.calls.filter((call) => call.name === name && call.verb !== 'get').length;

test('1,000 changes a second of one object: one write a second, leases on time, the last value there', async () => {
  const { api, time, queue } = createRig();
  let value = 0;
  let renewed = 0;
  let late = 0;
  for (let ms = 0; ms < 10_000; ms++) {
    value = ms;
    queue.enqueue(job(DEVICESTATUSES, 'd', () => value));
    if (ms % 1_000 === 0) {
      const dueMs = time.nowMs();
      queue.enqueue(
        job(LEASES, 'l', () => ms, {
          priority: PRIORITY.lease,
          urgent: true,
          done: () => {
            renewed++;
            late = Math.max(late, time.nowMs() - dueMs);
          },
        }),
      );
    }
    await time.advance(1);
  }
  await time.advance(1_000);
  assert.is(specValue(api.get(DEVICESTATUSES, 'n', 'd')), 9_999);
  assert.ok(writesOf(api, 'd') <= 11, String(writesOf(api, 'd')));
  assert.is(renewed, 10);
  assert.ok(late <= 2, `${late} ms`);
  queue.stop();
});

test('changes of one turn are one write, built on the newest value', async () => {
  const { api, time, queue } = createRig();
  let value = 1;
  queue.enqueue(job(PODS, 'p', () => value));
  value = 2;
  queue.enqueue(job(PODS, 'p', () => value));
  await time.advance(5_000);
  assert.is(writesOf(api, 'p'), 1);
  assert.is(specValue(api.get(PODS, 'n', 'p')), 2);
  queue.stop();
});

test('with every slot held by slow writes, a lease still goes out', async () => {
  const { api, time, queue } = createRig();
  const held: (() => void)[] = [];
  api.before = ({ plural }) =>
    plural === 'leases' ? undefined : new Promise((resolve) => held.push(resolve));
  for (let i = 0; i < 500; i++) queue.enqueue(job(DEVICESTATUSES, `d${i}`, () => i));
  await time.advance(10);
  assert.is(queue.stats().inFlight, 64);
  queue.enqueue(job(LEASES, 'l', () => 1, { priority: PRIORITY.lease, urgent: true }));
  await time.advance(10);
  assert.is(specValue(api.get(LEASES, 'n', 'l')), 1);
  queue.stop();
  for (const release of held) release();
});

test('what is more important goes first', async () => {
  const { api, time, queue } = createRig();
  const order: Priority[] = [4, 3, 2, 1, 0];
  api.before = () => undefined;
  for (const priority of order)
    queue.enqueue(job(PODS, `p${priority}`, () => 1, { priority, urgent: true }));
  await time.advance(10);
  assert.equal(
    api.calls.map((call) => call.name),
    ['p0', 'p1', 'p2', 'p3', 'p4'],
  );
  queue.stop();
});

test('a conflict is built again on what is there now', async () => {
  const { api, time, queue } = createRig();
  const old = api.put(PODS, pod(0));
  api.put(PODS, { ...old, spec: { value: 7 } });
  const seen: unknown[] = [];
  queue.enqueue({
    ...job(PODS, 'p', () => 0),
    cached: () => old,
    build: (current) => {
      seen.push(specValue(current));
      return { op: 'patch', type: 'merge', body: { spec: { value: 8 } } };
    },
  });
  await time.advance(10);
  assert.equal(seen, [0, 7]);
  assert.is(specValue(api.get(PODS, 'n', 'p')), 8);
  queue.stop();
});

function pod(value: unknown): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n' },
    spec: { value },
  };
}

test('429 pauses this and what is less important for as long as it says, and nothing is lost', async () => {
  const { api, time, queue } = createRig();
  let refused = 0;
  api.before = ({ plural }) => {
    if (plural !== 'devicestatuses' || refused++ > 0) return;
    throw new KubeError('BL_KUBE_TOO_MANY_REQUESTS', 'busy', { status: 429, retryAfterMs: 3_000 });
  };
  queue.enqueue(job(DEVICESTATUSES, 'd', () => 1));
  await time.advance(10);
  queue.enqueue(job(EVENTS, 'e', () => 1, { priority: PRIORITY.event }));
  queue.enqueue(job(LEASES, 'l', () => 1, { priority: PRIORITY.lease }));
  await time.advance(2_900);
  assert.is(specValue(api.get(LEASES, 'n', 'l')), 1);
  assert.is(writesOf(api, 'e'), 0);
  assert.is(writesOf(api, 'd'), 1);
  assert.ok(queue.stats().stretch > 1);
  await time.advance(200);
  assert.is(specValue(api.get(DEVICESTATUSES, 'n', 'd')), 1);
  assert.is(writesOf(api, 'e'), 1);
  queue.stop();
});

test('through an outage the newest values wait, without hammering, and arrive when it ends', async () => {
  const { api, time, queue } = createRig();
  let down = true;
  let tries = 0;
  api.before = () => {
    if (!down) return;
    tries++;
    throw new KubeError('BL_KUBE_UNREACHABLE', 'refused');
  };
  let value = 0;
  for (let i = 0; i < 40; i++) {
    value = i;
    queue.enqueue(job(PODS, 'p', () => value, { urgent: true }));
    await time.advance(500);
  }
  assert.ok(tries < 60, `${tries} tries in 20 s`);
  down = false;
  await time.advance(1_200);
  assert.is(specValue(api.get(PODS, 'n', 'p')), 39);
  queue.stop();
});

test('what the API refuses for good is told once and not tried again', async () => {
  const { api, time, queue } = createRig();
  api.before = () => {
    throw new KubeError('BL_KUBE_INVALID', 'no', { status: 422 });
  };
  const failed: string[] = [];
  queue.enqueue(job(PODS, 'p', () => 1, { failed: (error) => failed.push(error.code) }));
  await time.advance(60_000);
  assert.equal(failed, ['BL_KUBE_INVALID']);
  assert.is(api.calls.length, 1);
  queue.stop();
});

test('Events are bounded, other objects are not crowded out by them', async () => {
  const { api, time, queue } = createRig({ maxEvents: 3 });
  api.before = () => new Promise(() => undefined);
  const priority = PRIORITY.event;
  const taken = Array.from({ length: 80 }, (_, i) =>
    queue.enqueue(job(EVENTS, `e${i}`, () => i, { priority })),
  );
  assert.is(taken.filter(Boolean).length, 3);
  assert.ok(queue.enqueue(job(PODS, 'p', () => 1)));
  await time.advance(1);
  queue.stop();
});

test('a build that throws is a failure of its own object only', async () => {
  const { api, time, queue } = createRig();
  const failed: string[] = [];
  queue.enqueue({
    ...job(PODS, 'bad', () => 1),
    build: () => {
      throw new Error('a bug');
    },
    failed: (error) => failed.push(error.code),
  });
  queue.enqueue(job(PODS, 'p', () => 1));
  await time.advance(10);
  assert.equal(failed, ['BL_KUBE_BUILD']);
  assert.is(specValue(api.get(PODS, 'n', 'p')), 1);
  queue.stop();
});

test.run();
