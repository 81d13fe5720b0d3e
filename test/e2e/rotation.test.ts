/** A board renews its certificate by itself and moves over to it, and its node never leaves Ready. */

import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, needKubectl, openWorld, readyOf, shellPod, type World } from './world.ts';

const LIFETIME_S = '20';
const world: World = await openWorld({
  args: { bridge: ['--certificate-lifetime', LIFETIME_S] },
});
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

interface Identity {
  readonly key: string;
  readonly certificate: string;
}
const dir = join(world.folder, 'data/agent');
const identity = (): Identity =>
  JSON.parse(readFileSync(join(dir, 'identity'), 'utf8')) as Identity;
const first = identity();

/** Every Ready status that a watcher of the node sees from now on. */
const seen: string[] = [];
const watcher = spawn(
  needKubectl(),
  [
    ...['--kubeconfig', world.stack.kubeconfig, 'get', 'node', world.node, '-w'],
    ...['-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}{"\\n"}'],
  ],
  { stdio: ['ignore', 'pipe', 'ignore'] },
);
watcher.stdout.on('data', (chunk) => seen.push(...String(chunk).split('\n').filter(Boolean)));

const reconnects = (): number =>
  world.logs.filter((l) => l.includes('replication.link-down') && l.includes('BL_LINK_RENEWED'))
    .length;
const ups = (): number => world.logs.filter((l) => l.includes('replication.link-up')).length;

const renewed = (old: Identity): Promise<Identity> =>
  eventually('a renewal', () => {
    const now = identity();
    return Promise.resolve(now.certificate !== old.certificate && now);
  });

test('setup: a pod runs', async () => {
  await world.apply(shellPod({ name: 'stays', script: 'exec sleep 1000' }));
  await eventually('Running', async () => {
    const pod = await world.json('get', 'pod', 'stays');
    return (pod['status']?.['phase'] as unknown as string) === 'Running';
  });
});

test('it renews twice by itself, each time with a new key, and moves over to the new certificate', async () => {
  const second = await renewed(first);
  assert.is.not(second.key, first.key);
  const third = await renewed(second);
  assert.is.not(third.key, second.key);
  const leaf = new X509Certificate(third.certificate);
  assert.is(leaf.subject, 'CN=press-17');
  await eventually('moved over', () => Promise.resolve(reconnects() >= 2 && ups() >= 3));
});

test('the identity is for its owner alone, and no old key is left', () => {
  assert.is(statSync(join(dir, 'identity')).mode & 0o777, 0o600);
  const gone = first.key.split('\n')[1] ?? '';
  assert.ok(gone.length > 20);
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, name);
    if (!statSync(path).isFile()) continue;
    assert.not(readFileSync(path, 'latin1').includes(gone), `${name} holds the old key`);
  }
});

test('the node never left Ready, and the link went only to come back at once', async () => {
  assert.is(await readyOf(world), 'True');
  assert.ok(seen.length > 0);
  assert.equal(
    seen.filter((status) => status !== 'True'),
    [],
  );
  const downs = world.logs.filter((l) => l.includes('replication.link-down'));
  assert.equal(
    downs.filter((l) => !l.includes('BL_LINK_RENEWED')),
    [],
  );
  await world.apply(shellPod({ name: 'later', script: 'exec sleep 1000' }));
  await eventually('a pod runs over the new connection', async () => {
    const later = await world.json('get', 'pod', 'later');
    return (later['status']?.['phase'] as unknown as string) === 'Running';
  });
  const pod = await world.json('get', 'pod', 'stays');
  const statuses = pod['status']?.['containerStatuses'] as unknown as { restartCount: number }[];
  assert.is(statuses[0]?.restartCount, 0);
});

test.after(async () => {
  watcher.kill();
  await world.close();
});
test.run();
