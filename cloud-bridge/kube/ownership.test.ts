import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KubeClient } from './contract.ts';
import { silentLogger } from './host.ts';
import { createOwnership, type OwnedShards, SHARD_LEASE, shareReads } from './ownership.ts';
import { LEASES } from './resources.ts';
import { createManualTime, type ManualTime } from './testing/manual-time.ts';
import { createMemoryApi, type MemoryApi } from './testing/memory-api.ts';
import { updateWithRetry } from './update.ts';

function bridge(
  client: KubeClient,
  time: ManualTime,
  identity: string,
  log: string[] = [],
  instance?: string,
): OwnedShards {
  return createOwnership({
    client,
    namespace: 'boardlet-system',
    identity,
    ...(instance === undefined ? {} : { instance }),
    clock: time.clock,
    timers: time.timers,
    random: () => 0.5,
    logger: silentLogger,
    onAcquired: (term) => log.push(`${identity} got ${term}`),
    onLost: () => log.push(`${identity} lost`),
  });
}

function holder(api: MemoryApi): unknown {
  const lease = api.get(LEASES, 'boardlet-system', SHARD_LEASE);
  return (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity;
}

test('the first takes the Lease and keeps it; the second gets it when it is given up', async () => {
  const api = createMemoryApi();
  const time = createManualTime();
  const log: string[] = [];
  const a = bridge(api.client, time, 'a', log);
  const b = bridge(api.client, time, 'b', log);
  a.start();
  await time.advance(10);
  b.start();
  await time.advance(60_000);
  assert.equal(log, ['a got 101']);
  assert.is(a.term(0), '101');
  assert.is(await a.isHolder(3), true);
  assert.is(await b.isHolder(3), false);
  await a.stop();
  await time.advance(2_000);
  assert.is(holder(api), 'b');
  assert.is(log.length, 2);
  assert.ok(Number(b.term(0)) > Number(a.term(0)));
  await b.stop();
  assert.is(holder(api), '');
});

test('a dead holder is followed after the lease duration, and knows that it lost', async () => {
  const api = createMemoryApi();
  const time = createManualTime();
  const log: string[] = [];
  let cut = false;
  const guard = (): never => {
    throw new Error('cut off');
  };
  const lame: KubeClient = {
    ...api.client,
    get: (...of) => (cut ? Promise.reject(new Error('cut off')) : api.client.get(...of)),
    replace: (...of) => (cut ? Promise.reject(guard) : api.client.replace(...of)),
  };
  const a = bridge(lame, time, 'a', log);
  const b = bridge(api.client, time, 'b', log);
  a.start();
  await time.advance(10);
  b.start();
  cut = true;
  await time.advance(14_000);
  assert.equal(log, ['a got 101']);
  await time.advance(10_000);
  assert.equal(log.slice(1).sort(), ['a lost', 'b got 102']);
  assert.is(await a.isHolder(0), false);
  cut = false;
  assert.is(await a.isHolder(0), false);
  await a.stop();
  await b.stop();
});

test('a process of the same instance takes over at once, another must wait', async () => {
  const api = createMemoryApi();
  const time = createManualTime();
  const dead = bridge(api.client, time, 'box/1', [], 'box');
  dead.start();
  await time.advance(10);
  const next = bridge(api.client, time, 'box/2', [], 'box');
  next.start();
  await time.advance(10);
  assert.is(holder(api), 'box/2');
  assert.is(await dead.isHolder(0), false);
  await next.stop();
  await dead.stop();
});

test('when two try at the same moment, one wins', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const api = createMemoryApi();
    const time = createManualTime();
    const log: string[] = [];
    const all = ['a', 'b', 'c'].map((name) => bridge(api.client, time, name, log));
    for (const one of all) one.start();
    await time.advance(30_000);
    assert.is(log.length, 1);
    const holds = await Promise.all(all.map((one) => one.isHolder(0)));
    assert.is(holds.filter(Boolean).length, 1);
    await Promise.all(all.map((one) => one.stop()));
  }
});

test('a shared read begins after the call that it answers', async () => {
  let begun = 0;
  const gates: (() => void)[] = [];
  const read = shareReads(
    () =>
      new Promise<number>((resolve) => {
        const mine = ++begun;
        gates.push(() => resolve(mine));
      }),
  );
  const first = read();
  const second = read();
  const third = read();
  assert.is(begun, 1);
  gates[0]?.();
  assert.is(await first, 1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(begun, 2);
  gates[1]?.();
  assert.equal(await Promise.all([second, third]), [2, 2]);
});

test('a failed shared read does not fail those who came after it', async () => {
  let n = 0;
  const read = shareReads(() =>
    ++n === 1 ? Promise.reject(new Error('down')) : Promise.resolve(n),
  );
  const first = read().catch(() => 'failed');
  assert.is(await read(), 2);
  assert.is(await first, 'failed');
});

test('an update is applied to what is there now, however often others are faster', async () => {
  const api = createMemoryApi();
  const make = (count: number) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l', namespace: 'n' },
    spec: { leaseTransitions: count },
  });
  api.put(LEASES, make(0));
  const add = () =>
    updateWithRetry(
      api.client,
      LEASES,
      { namespace: 'n', name: 'l' },
      (present) => {
        const { leaseTransitions } = present['spec'] as { leaseTransitions: number };
        return { ...present, spec: { leaseTransitions: leaseTransitions + 1 } };
      },
      { tries: 10 },
    );
  await Promise.all([add(), add(), add(), add()]);
  assert.equal(api.get(LEASES, 'n', 'l')?.['spec'], { leaseTransitions: 4 });
});

test.run();
