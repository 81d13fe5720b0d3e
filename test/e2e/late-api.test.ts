/** The bridge does not need the API at its start, nor for ever: it waits, and goes on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardctl } from './program.ts';
import { eventually, openWorld, readyOf, shellPod, type World } from './world.ts';

const world: World = await openWorld();
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

const running = (name: string): Promise<unknown> =>
  eventually(`${name} Running`, async () => {
    const pod = await world.json('get', 'pod', name);
    return (pod['status']?.['phase'] as unknown as string) === 'Running';
  });

test('a bridge that starts before the API waits for it, and no board is refused meanwhile', async () => {
  await world.stack.stop('bridge');
  await world.stack.stop('api');
  const starting = world.stack.start('bridge');
  await eventually('it waits', () =>
    Promise.resolve(world.logs.some((l) => l.includes('bridge.api-unreachable'))),
  );
  await world.stack.start('api');
  await starting;
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  await world.apply(shellPod({ name: 'after', script: 'exec sleep 1000' }));
  await running('after');
  assert.equal(
    world.logs.filter((l) => l.includes('NotMine')),
    [],
  );
});

test('an API that goes for a while ends nothing', async () => {
  await world.stack.stop('api', 'SIGKILL');
  const pid = world.stack.pid('bridge');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await world.stack.start('api');
  await world.apply(shellPod({ name: 'later', script: 'exec sleep 1000' }));
  await running('later');
  assert.is(world.stack.pid('bridge'), pid);
  process.kill(pid, 0);
  const listed = await boardctl(world, 'board', 'list');
  assert.match(listed.stdout, /press-17\s+press-17\s+demo-press-17\s+True/);
});

test('without an API boardctl says so, with its own exit code', async () => {
  await world.stack.stop('api');
  const listed = await boardctl(world, 'board', 'list');
  assert.is(listed.code, 69, listed.stderr);
  await world.stack.start('api');
});

test.after(async () => {
  await world.close();
});
test.run();
