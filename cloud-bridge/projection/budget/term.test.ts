import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type KubeObject, PODS, silentLogger } from '../../kube/index.ts';
import { createManualTime, type ManualTime } from '../../kube/testing/manual-time.ts';
import { createMemoryApi, type MemoryApi } from '../../kube/testing/memory-api.ts';
import { PRIORITY, type WriteQueue } from '../contract.ts';
import { createWriteQueue } from './queue.ts';
import { isSuperseded, TERM_ANNOTATION, termOf } from './stamp.ts';

interface Bridge {
  readonly queue: WriteQueue;
  readonly write: (value: number, cached?: KubeObject) => void;
  term: string;
  holds: boolean;
  deposed: number;
  dropped: number;
}

function bridge(api: MemoryApi, time: ManualTime, term: string): Bridge {
  const made: Bridge = {
    term,
    holds: true,
    deposed: 0,
    dropped: 0,
    write: (value, cached) =>
      void made.queue.enqueue({
        resource: PODS,
        namespace: 'n',
        name: 'p',
        priority: PRIORITY.pod,
        urgent: true,
        ...(cached === undefined ? {} : { cached: () => cached }),
        build: (current) =>
          current === undefined
            ? { op: 'create', object: pod(value) }
            : { op: 'patch', type: 'merge', body: { spec: { value } } },
        dropped: () => {
          made.dropped++;
        },
      }),
    queue: createWriteQueue({
      client: api.client,
      clock: time.clock,
      timers: time.timers,
      log: silentLogger,
      term: () => made.term,
      isHolder: () => Promise.resolve(made.holds),
      onDeposed: () => {
        made.deposed++;
      },
    }),
  };
  return made;
}

function pod(value: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n' },
    spec: { value },
  };
}
const valueIn = (api: MemoryApi): unknown =>
  (api.get(PODS, 'n', 'p')?.['spec'] as { value?: number } | undefined)?.value;

test('ProjectionRollback: a deposed bridge never writes an older value over its successor’s', async () => {
  const api = createMemoryApi();
  const time = createManualTime();
  const a = bridge(api, time, '900');
  const b = bridge(api, time, '1000');
  a.write(1);
  await time.advance(10);
  assert.is(api.get(PODS, 'n', 'p')?.metadata.annotations?.[TERM_ANNOTATION], '900');
  const seenByA = api.get(PODS, 'n', 'p');
  a.holds = false;
  b.write(2, seenByA);
  await time.advance(10);
  // A re-reads after the conflict, and finds a later term.
  a.write(1, seenByA);
  await time.advance(5_000);
  assert.is(valueIn(api), 2);
  assert.is(a.deposed, 1);
  assert.is(a.dropped, 1);
  assert.is(api.get(PODS, 'n', 'p')?.metadata.annotations?.[TERM_ANNOTATION], '1000');
  a.queue.stop();
  b.queue.stop();
});

test('with a later term in the object and the Lease its own (another history), a bridge goes on', async () => {
  const api = createMemoryApi();
  const time = createManualTime();
  const one = pod(1);
  api.put(PODS, {
    ...one,
    metadata: { ...one.metadata, annotations: { [TERM_ANNOTATION]: '5000' } },
  });
  const a = bridge(api, time, '900');
  a.write(2);
  await time.advance(10);
  assert.is(valueIn(api), 2);
  assert.is(a.deposed, 0);
  a.queue.stop();
});

test('a bridge that owns nothing writes nothing', async () => {
  const api = createMemoryApi();
  const time = createManualTime();
  const a = bridge(api, time, '');
  a.write(1);
  await time.advance(60_000);
  assert.equal(api.calls, []);
  assert.is(a.dropped, 1);
  a.queue.stop();
});

test('what waits or is in flight when a bridge stands down is not written later', async () => {
  const api = createMemoryApi();
  const time = createManualTime();
  const a = bridge(api, time, '900');
  a.write(1);
  await time.advance(10);
  let fail = true;
  api.before = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    if (fail) throw Object.assign(new Error('reset'), { code: 'BL_KUBE_UNREACHABLE', status: 0 });
  };
  a.write(2);
  queueMicrotask(() => a.queue.clear());
  await time.advance(10);
  fail = false;
  await time.advance(60_000);
  assert.is(valueIn(api), 1);
  assert.is(a.dropped, 1);
  a.queue.stop();
});

test('only a number is a term', () => {
  const table: readonly (readonly [string, string])[] = [
    ['12', '12'],
    ['', ''],
    ['x', ''],
    ['-1', ''],
    ['9'.repeat(21), ''],
  ];
  for (const [text, term] of table) {
    const one = pod(1);
    const object = {
      ...one,
      metadata: { ...one.metadata, annotations: { [TERM_ANNOTATION]: text } },
    };
    assert.is(termOf(object), term);
  }
  assert.ok(
    isSuperseded(
      { ...pod(1), metadata: { name: 'p', annotations: { [TERM_ANNOTATION]: '1000' } } },
      '999',
    ),
  );
});

test.run();
