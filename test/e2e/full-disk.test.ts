/** The disk of a board is full: it says so where a Kubernetes user looks, keeps what it has, and heals once there is room. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { conditionOf, eventsOn } from './program.ts';
import { eventually, openWorld, readyOf, shellPod, TEST_POLICY, type World } from './world.ts';

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  console.log('NOT RUN: a small file system can be mounted by root on Linux only');
  process.exit(0);
}

const DISK_KIB = 8192;
const world: World = await openWorld({ parts: ['broker', 'api', 'bridge'] });
const disk = join(world.folder, 'data/agent');
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KIB}k,mode=700`, 'tmpfs', disk], {
    stdio: 'pipe',
  });
} catch (error) {
  await world.close();
  console.log(`NOT RUN: tmpfs cannot be mounted here: ${String(error).split('\n')[0]}`);
  process.exit(0);
}
mkdirSync(join(disk, 'manifests'));
writeFileSync(join(disk, 'policy.yaml'), JSON.stringify(TEST_POLICY));
await world.stack.start('agent');
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

const starts = join(world.folder, 'starts');
const ballast = join(disk, 'ballast');
const counted = (name: string) =>
  shellPod({ name, script: `echo ${name} >> ${starts}; exec sleep 10000` });
const startsOf = (name: string): number =>
  readFileSync(starts, 'utf8')
    .split('\n')
    .filter((line) => line === name).length;
async function phase(name: string): Promise<string> {
  const pod = await world.json('get', 'pod', name);
  return pod['status']?.['phase'] as unknown as string;
}
const running = (name: string): Promise<unknown> =>
  eventually(`${name} Running`, async () => (await phase(name)) === 'Running');

/** To the last byte: first in large steps, then in small ones. */
function fill(): void {
  const file = openSync(ballast, 'a');
  for (const size of [65_536, 4096, 1]) {
    const chunk = new Uint8Array(size);
    try {
      for (;;) if (writeSync(file, chunk) < size) break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
  closeSync(file);
}

appendFileSync(starts, '');

test('setup: two pods run', async () => {
  for (const name of ['one', 'two']) await world.apply(counted(name));
  for (const name of ['one', 'two']) await running(name);
});

test('full: the node has DiskPressure, and is there', async () => {
  fill();
  await eventually(
    'DiskPressure',
    async () => (await conditionOf(world, world.node, 'DiskPressure'))?.status === 'True',
  );
  assert.is(
    (await conditionOf(world, world.node, 'DiskPressure'))?.reason,
    'KubeletHasDiskPressure',
  );
  assert.is(await readyOf(world), 'True');
});

test('a new pod is told why it does not start', async () => {
  fill();
  const pod = counted('three') as { spec: Record<string, unknown> };
  await world.apply({ ...pod, spec: { ...pod.spec, nodeName: world.node } });
  await eventually('an Event', async () =>
    [...(await eventsOn(world, 'three')), ...(await eventsOn(world, world.node))].some((text) =>
      /\bspace\b/.test(text),
    ),
  );
  assert.is(startsOf('three'), 0);
});

test('what runs goes on, through a restart of the agent too', async () => {
  for (const name of ['one', 'two']) assert.is(await phase(name), 'Running');
  assert.match((await world.kubectl('logs', 'one')).stdout, /^$/);
  await world.stack.stop('agent', 'SIGKILL');
  fill();
  await world.stack.start('agent');
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  for (const name of ['one', 'two']) {
    await running(name);
    assert.is(startsOf(name), 1);
  }
});

test('with room again the pod that waited starts, and nothing was lost', async () => {
  rmSync(ballast);
  await running('three');
  for (const name of ['one', 'two', 'three']) assert.is(startsOf(name), 1);
  await world.apply(counted('four'));
  await running('four');
});

test.after(async () => {
  await world.stack.close();
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n'))
    if (line.includes(` ${disk} `)) execFileSync('umount', ['-l', disk]);
  await world.close();
});
test.run();
