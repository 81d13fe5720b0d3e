/** Values reported while the link is down, and while the agent was then restarted offline, both arrive. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, openWorld, readyOf, type World } from './world.ts';

const world: World = await openWorld();
await eventually('node Ready', async () => (await readyOf(world)) === 'True');
const device = `host-${world.node}`;

interface Twin {
  readonly propertyName: string;
  readonly reported: { readonly value: string; readonly metadata: { readonly timestamp: string } };
}
async function twin(name: string): Promise<Twin | undefined> {
  const status = await world.json('get', 'devicestatus', device);
  return ((status['status']?.['twins'] ?? []) as unknown as Twin[]).find(
    (t) => t.propertyName === name,
  );
}
async function desire(value: string): Promise<void> {
  const object = await world.json('get', 'device', device);
  const properties = object['spec']?.['properties'] as unknown as { name: string }[];
  const at = properties.findIndex((p) => p.name === 'reportIntervalMs');
  const patch = [{ op: 'add', path: `/spec/properties/${at}/desired`, value: { value } }];
  const r = await world.kubectl(
    'patch',
    'device',
    device,
    '--type=json',
    '-p',
    JSON.stringify(patch),
  );
  assert.is(r.code, 0, r.stderr);
}
const seconds = (n: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, n * 1000));

test('setup: the host reports twice a second', async () => {
  await desire('500');
  await eventually(
    'reported',
    async () => (await twin('reportIntervalMs'))?.reported.value === '500',
  );
});

test('a value reported while the link was down arrives when it is back', async () => {
  const before = Number((await twin('uptimeS'))?.reported.value);
  await world.stack.stop('broker', 'SIGKILL');
  await seconds(3);
  await world.stack.start('broker');
  await eventually(
    'a newer uptime',
    async () => Number((await twin('uptimeS'))?.reported.value) >= before + 3,
  );
});

test('a value desired while the link was down reaches the board when it is back', async () => {
  await world.stack.stop('broker', 'SIGKILL');
  await desire('700');
  await world.stack.start('broker');
  await eventually(
    'reported back',
    async () => (await twin('reportIntervalMs'))?.reported.value === '700',
  );
});

test('an agent restarted offline keeps the desired value, and what it reports then arrives', async () => {
  await world.stack.stop('broker', 'SIGKILL');
  await world.stack.stop('agent', 'SIGKILL');
  const before = Number((await twin('uptimeS'))?.reported.value);
  await world.stack.start('agent');
  await seconds(3);
  await world.stack.start('broker');
  await eventually(
    'a newer uptime',
    async () => Number((await twin('uptimeS'))?.reported.value) >= before + 3,
  );
  assert.is((await twin('reportIntervalMs'))?.reported.value, '700');
});

test.after(async () => {
  await world.close();
});
test.run();
