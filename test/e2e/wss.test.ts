/** A board that may only speak HTTPS outwards: its one broker URL is wss://…/mqtt. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, openWorld, readyOf, shellPod, type World } from './world.ts';

const world: World = await openWorld({ parts: ['broker', 'api', 'bridge'] });
const listen = String(world.stack.ready('broker')['wssListen']);
writeFileSync(join(world.folder, 'data/agent/config.yaml'), `brokers: ["wss://${listen}/mqtt"]\n`);
await world.stack.start('agent');

test('the node is Ready over a WebSocket', async () => {
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
});

test('a pod runs, its log is read, and it ends in order', async () => {
  await world.apply(shellPod({ name: 'talks', script: 'echo over wss; exec sleep 1000' }));
  await eventually('its log', async () =>
    (await world.kubectl('logs', 'talks')).stdout.includes('over wss'),
  );
  const pod = await world.json('get', 'pod', 'talks');
  assert.is(pod['status']?.['phase'] as unknown, 'Running');
  const deleted = await world.kubectl('delete', 'pod', 'talks', '--timeout=20s');
  assert.is(deleted.code, 0, deleted.stderr);
});

test('the board comes back when the broker does', async () => {
  await world.stack.stop('broker', 'SIGKILL');
  await world.stack.start('broker');
  await world.apply(shellPod({ name: 'again', script: 'exec sleep 1000' }));
  await eventually('Running', async () => {
    const pod = await world.json('get', 'pod', 'again');
    return (pod['status']?.['phase'] as unknown as string) === 'Running';
  });
  assert.is(await readyOf(world), 'True');
});

test.after(async () => {
  await world.close();
});
test.run();
