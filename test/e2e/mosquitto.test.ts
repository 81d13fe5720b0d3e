/** The spine over the real mosquitto, on MQTT 5, with the configuration that boardctl writes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, openWorld, readyOf, shellPod, type World } from './world.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';
const root = process.getuid?.() === 0;
if (!existsSync(MOSQUITTO) && root) {
  try {
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'mosquitto'], {
      stdio: 'ignore',
      timeout: 60_000,
    });
  } catch (error) {
    console.log(`mosquitto could not be installed: ${String(error)}`);
  }
}
if (!existsSync(MOSQUITTO)) {
  console.log(`NOT RUN: ${MOSQUITTO} is not installed`);
  process.exit(0);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

const port = await freePort();
const world: World = await openWorld({
  parts: [],
  brokers: [`mqtts://127.0.0.1:${port}`],
  args: { bridge: ['--name', 'bridge.main'] },
});
const dir = join(world.folder, 'mosquitto');
const written = await world.stack.run('boardctl', [
  ...['broker', 'config', '--mosquitto', '--dir', dir, '--pki', join(world.folder, 'data/pki')],
  ...['--fleet', 'demo', '--name', '127.0.0.1', '--host', '127.0.0.1', '--port', String(port)],
  ...(root ? ['--user', 'root'] : []),
]);
assert.is(written.code, 0, written.stderr);

const brokerLog: string[] = [];
function startBroker(): ChildProcess {
  const child = spawn(MOSQUITTO, ['-v', '-c', join(dir, 'mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', (chunk) => brokerLog.push(...String(chunk).split('\n')));
  return child;
}
async function stopBroker(child: ChildProcess): Promise<void> {
  const left = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await left;
}
let broker = startBroker();
await eventually('mosquitto listens', () =>
  Promise.resolve(brokerLog.some((line) => /mosquitto version \S+ running/.test(line))),
);
for (const part of ['api', 'bridge', 'agent'] as const) await world.stack.start(part);

const running = (name: string): Promise<unknown> =>
  eventually(`${name} Running`, async () => {
    const pod = await world.json('get', 'pod', name);
    return (pod['status']?.['phase'] as unknown as string) === 'Running';
  });

interface Twin {
  readonly propertyName: string;
  readonly reported: { readonly value: string };
}
async function reportInterval(): Promise<string | undefined> {
  const status = await world.json('get', 'devicestatus', `host-${world.node}`);
  const twins = (status['status']?.['twins'] ?? []) as unknown as Twin[];
  return twins.find((t) => t.propertyName === 'reportIntervalMs')?.reported.value;
}
async function desire(value: string): Promise<void> {
  const device = `host-${world.node}`;
  const object = await world.json('get', 'device', device);
  const properties = object['spec']?.['properties'] as unknown as { name: string }[];
  const at = properties.findIndex((p) => p.name === 'reportIntervalMs');
  const patch = JSON.stringify([
    { op: 'add', path: `/spec/properties/${at}/desired`, value: { value } },
  ]);
  const r = await world.kubectl('patch', 'device', device, '--type=json', '-p', patch);
  assert.is(r.code, 0, r.stderr);
}

test('the node is Ready over MQTT 5', async () => {
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  const up = world.logs.find((l) => l.startsWith('agent:') && l.includes('replication.link-up'));
  assert.match(up ?? '', /"protocol":5/);
  // mosquitto -v says `p5` of a client that speaks MQTT 5.
  assert.ok(brokerLog.some((l) => / as bridge\.main \(p5,/.test(l)));
});

test('a pod runs, and its log is read', async () => {
  await world.apply(shellPod({ name: 'one', script: 'echo by mosquitto; exec sleep 1000' }));
  await running('one');
  await eventually('its log', async () =>
    (await world.kubectl('logs', 'one')).stdout.includes('by mosquitto'),
  );
});

test('many pods at once run', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `many-${i}`);
  for (const name of names) await world.apply(shellPod({ name, script: 'exec sleep 1000' }));
  for (const name of names) await running(name);
});

test('a desired value reaches the board and comes back', async () => {
  await desire('500');
  await eventually('reported back', async () => (await reportInterval()) === '500');
});

test('after an outage of the broker all converges', async () => {
  await stopBroker(broker);
  await desire('600');
  await world.apply(shellPod({ name: 'two', script: 'exec sleep 1000' }));
  await world.kubectl('delete', 'pod', 'many-0', '--wait=false');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  broker = startBroker();
  await running('two');
  await eventually('reported back', async () => (await reportInterval()) === '600');
  await eventually(
    'many-0 gone',
    async () => (await world.kubectl('get', 'pod', 'many-0')).code !== 0,
  );
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  const one = await world.json('get', 'pod', 'one');
  const statuses = one['status']?.['containerStatuses'] as unknown as { restartCount: number }[];
  assert.is(statuses[0]?.restartCount, 0);
});

test.after(async () => {
  await world.close();
  await stopBroker(broker);
});
test.run();
