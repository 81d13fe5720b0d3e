/** Parts are killed and the link is cut: the state converges by itself, and no pod is lost, killed or started twice. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, openWorld, readyOf, shellPod, type World } from './world.ts';

const world: World = await openWorld();
const starts = join(world.folder, 'starts');

/** Notes each start of the program, then stays. */
const counted = (name: string) =>
  shellPod({ name, script: `echo ${name} >> ${starts}; exec sleep 10000` });
const startsOf = (name: string): number =>
  readFileSync(starts, 'utf8')
    .split('\n')
    .filter((line) => line === name).length;

async function podStatus(name: string) {
  const pod = await world.json('get', 'pod', name);
  const status = pod['status'] as unknown as {
    phase: string;
    containerStatuses?: { restartCount: number; ready: boolean; containerID?: string }[];
    conditions: { type: string; status: string }[];
  };
  const condition = (type: string): string | undefined =>
    status.conditions.find((c) => c.type === type)?.status;
  return { phase: status.phase, restarts: status.containerStatuses?.[0]?.restartCount, condition };
}
const running = (name: string) =>
  eventually(`${name} running`, async () => {
    const s = await podStatus(name);
    return s.phase === 'Running' && s.condition('Ready') === 'True';
  });

test('setup: three pods run', async () => {
  for (const name of ['one', 'two', 'three']) await world.apply(counted(name));
  for (const name of ['one', 'two', 'three']) await running(name);
});

test('agent killed -9: the pods run on and are adopted, none is started twice', async () => {
  await world.stack.stop('agent', 'SIGKILL');
  await world.stack.start('agent');
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  await world.apply(counted('after-agent'));
  await running('after-agent');
  for (const name of ['one', 'two', 'three']) {
    await running(name);
    assert.is((await podStatus(name)).restarts, 0);
    assert.is(startsOf(name), 1);
  }
});

test('bridge killed -9 while pods are applied: all of them run once', async () => {
  const names = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6'];
  const applied = Promise.all(names.map((n) => world.apply(counted(n))));
  await world.stack.stop('bridge', 'SIGKILL');
  await applied;
  await world.stack.start('bridge');
  for (const name of names) await running(name);
  for (const name of [...names, 'one', 'two', 'three']) assert.is(startsOf(name), 1);
});

test('embedded API restarted: versions go on rising, pods and node come back as they were', async () => {
  const before = Number(
    (await world.json('get', 'node', world.node))['metadata']?.['resourceVersion'],
  );
  await world.stack.stop('api', 'SIGKILL');
  await world.stack.start('api');
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  await world.apply(counted('after-api'));
  await running('after-api');
  const after = Number(
    (await world.json('get', 'pod', 'after-api'))['metadata']?.['resourceVersion'],
  );
  assert.ok(after > before);
  for (const name of ['one', 'two', 'three']) assert.is(startsOf(name), 1);
});

test('broker gone: the node is told Unknown, its pods not ready, their phase kept; back again all is well', async () => {
  await world.stack.stop('broker', 'SIGKILL');
  await world.stack.start('broker');
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  await world.apply(counted('after-broker'));
  await running('after-broker');
});

test('a pod deleted while the agent is away ends when it is back', async () => {
  await world.stack.stop('agent', 'SIGKILL');
  const deleted = world.kubectl('delete', 'pod', 'two', '--timeout=40s');
  await eventually(
    'marked',
    async () =>
      (await world.json('get', 'pod', 'two'))['metadata']?.['deletionTimestamp'] !== undefined,
  );
  await world.stack.start('agent');
  assert.is((await deleted).code, 0);
  assert.is(startsOf('two'), 1);
});

test('the board away: Ready is Unknown with a reason, pods lose Ready and keep their phase', async () => {
  await world.stack.stop('agent', 'SIGKILL');
  await eventually('not Ready', async () => (await readyOf(world)) !== 'True', 60_000);
  const s = await eventually('pod not Ready', async () => {
    const now = await podStatus('one');
    return now.condition('Ready') === 'False' && now;
  });
  assert.is(s.phase, 'Running');
  await world.stack.start('agent');
  await running('one');
  assert.is(startsOf('one'), 1);
});

test('an offline start runs what was desired, and what it reports then arrives', async () => {
  await world.stack.stop('bridge');
  await world.stack.stop('broker');
  await world.stack.stop('agent', 'SIGKILL');
  await world.stack.start('agent');
  await world.stack.start('broker');
  await world.stack.start('bridge');
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  await running('one');
  assert.is(startsOf('one'), 1);
});

test('no event was written twice', async () => {
  const list = await world.json('get', 'events');
  const items = list['items'] as unknown as {
    reason: string;
    message: string;
    involvedObject: { uid?: string; name: string };
    source?: { component?: string };
  }[];
  const started = items.filter((e) => e.reason === 'Started' && e.involvedObject.name === 'one');
  assert.is(started.length, 1);
});

test.after(async () => {
  await world.close();
});
test.run();
