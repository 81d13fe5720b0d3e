import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  connectAs,
  createTestPki,
  observe,
  publishOrClose,
  subscribe,
} from '../broker/testing/clients.ts';
import { addHostileCases } from '../broker/testing/hostile-cases.ts';
import { writeMosquittoFiles } from './broker-files.ts';
import { mosquittoConfig } from './mosquitto-config.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';
if (!existsSync(MOSQUITTO)) {
  console.log(`NOT RUN: ${MOSQUITTO} is not installed`);
  process.exit(0);
}

const root = mkdtempSync(join(tmpdir(), 'mosquitto-'));
const pki = await createTestPki();
const port = await freePort();
await writeMosquittoFiles(pki.authority, {
  dir: root,
  host: '127.0.0.1',
  port,
  names: ['127.0.0.1'],
  bridges: ['bridge.main', 'bridge.second'],
  lifetimeS: 3600,
  ...(process.getuid?.() === 0 ? { user: 'root' } : {}),
});
const url = `mqtts://127.0.0.1:${port}`;
const broker = await start();

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}

async function start(): Promise<ChildProcess> {
  const child = spawn(MOSQUITTO, ['-c', join(root, 'mosquitto.conf')], { stdio: 'pipe' });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const deadline = performance.now() + 10_000;
  while (!(await answers())) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(output);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

addHostileCases(test, () => ({ url, pki }));

test('what a client calls itself does not matter: it is the name in its certificate', async () => {
  const link = await pki.link('honest');
  const client = await connectAs(url, link, { clientId: 'hostile', username: 'hostile' });
  assert.is(await publishOrClose(client, 'bl/plant/0a/honest/u'), 'acknowledged');
  await client.endAsync(true);
});

test('the teleop connection of a link is a name of its own, on MQTT 5 too', async () => {
  const teleop = await pki.link('honest.teleop');
  const client = await connectAs(url, teleop, { protocolVersion: 5 });
  const got = observe(client);
  await subscribe(client, 'bl/+/+/honest/d');
  await subscribe(client, 'bl/+/+/honest.teleop/x');
  const bridge = await connectAs(url, await pki.bridge('bridge.main'));
  await publishOrClose(bridge, 'bl/plant/0a/honest/d');
  await publishOrClose(bridge, 'bl/plant/0a/honest.teleop/x');
  await got.until('bl/plant/0a/honest.teleop/x');
  assert.equal(got.topics, ['bl/plant/0a/honest.teleop/x']);
  for (const open of [bridge, client]) await open.endAsync(true);
});

test('a path that would be read as another directive is refused', () => {
  const options = { port: 1, bridges: [] };
  assert.throws(() => mosquittoConfig({ ...options, dir: '/tmp/a\nallow_anonymous true' }));
});

test.after(() => {
  broker.kill('SIGKILL');
  rmSync(root, { recursive: true });
  pki.remove();
});

test.run();
