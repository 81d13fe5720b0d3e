/** What is wrong gets a clear error or event where a Kubernetes user would look, and nothing else suffers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, openWorld, readyOf, shellPod, type World } from './world.ts';

const world: World = await openWorld();
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

interface Waiting {
  readonly reason: string;
  readonly message?: string;
}
async function waiting(pod: string): Promise<Waiting | undefined> {
  const object = await world.json('get', 'pod', pod);
  const statuses = object['status']?.['containerStatuses'] as unknown as
    | { state?: { waiting?: Waiting } }[]
    | undefined;
  return statuses?.[0]?.state?.waiting;
}
async function eventsOf(name: string): Promise<string> {
  return (await world.kubectl('get', 'events', '--field-selector', `involvedObject.name=${name}`))
    .stdout;
}

test('a manifest with a wrong field is refused by name before anything happens', async () => {
  const r = await world.apply(
    shellPod({ name: 'typo', script: 'true', extra: { restartPolicyy: 'Never' } }),
  );
  assert.is.not(r.code, 0);
  assert.match(r.stderr, /restartPolicyy/);
});

test('an unknown RuntimeClass is refused at the door', async () => {
  const r = await world.apply(
    shellPod({ name: 'vm', script: 'true', extra: { runtimeClassName: 'kata' } }),
  );
  assert.is.not(r.code, 0);
  assert.match(r.stderr, /kata/);
});

test('a runtime that the board lacks fails the pod with a reason', async () => {
  await world.apply(
    shellPod({ name: 'wasm', script: 'true', extra: { runtimeClassName: 'boardlet-wasm' } }),
  );
  await eventually('a reason', async () => {
    const pod = await world.json('get', 'pod', 'wasm');
    const status = pod['status'] as unknown as { phase: string; reason?: string; message?: string };
    return status.phase === 'Failed' && /wasm|runtime/i.test(`${status.reason} ${status.message}`);
  });
});

test("a program that isn't there: CreateContainerError", async () => {
  await world.apply(
    shellPod({ name: 'missing', script: '', command: ['/usr/bin/no-such-program'] }),
  );
  const w = await eventually('CreateContainerError', async () => {
    const now = await waiting('missing');
    return now?.reason === 'CreateContainerError' && now;
  });
  assert.match(w.message ?? '', /no-such-program/);
});

test('an image other than boardlet.dev/host: ErrImagePull', async () => {
  await world.apply(shellPod({ name: 'nginx', script: 'true', image: 'nginx:1.27' }));
  await eventually('ErrImagePull', async () =>
    /^(ErrImagePull|ImagePullBackOff)$/.test((await waiting('nginx'))?.reason ?? ''),
  );
  await eventually('an Event', async () => (await eventsOf('nginx')).includes('nginx:1.27'));
});

test('a field that a process pod cannot have is told with its path', async () => {
  const extra = { volumes: [{ name: 'data', hostPath: { path: '/etc' } }] };
  await world.apply(shellPod({ name: 'volumes', script: 'true', extra }));
  await eventually('a reason with the path', async () => {
    const pod = await world.json('get', 'pod', 'volumes');
    const status = pod['status'] as unknown as { message?: string };
    return /volumes/.test(`${status.message ?? ''} ${await eventsOf('volumes')}`);
  });
});

test('a 2 MB object is refused with the limit', async () => {
  const r = await world.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'huge', namespace: 'default' },
    data: { blob: 'x'.repeat(2 << 20) },
  });
  assert.is.not(r.code, 0);
  assert.match(r.stderr, /large|limit|long|exceed/i, r.stderr.slice(0, 300));
});

test('a program that the policy does not name is refused by the board', async () => {
  await world.apply(shellPod({ name: 'outside', script: '', command: ['/opt/evil'] }));
  await eventually('refused', async () => {
    const pod = await world.json('get', 'pod', 'outside');
    const status = pod['status'] as unknown as { phase: string; message?: string };
    return status.phase === 'Failed' && /policy|\/opt\/evil/.test(status.message ?? '');
  });
  const shown = await world.kubectl('get', 'pod', 'outside', '--no-headers');
  assert.match(shown.stdout, /Forbidden/);
});

test('a bad manifest in the folder is told as an Event and hurts no other', async () => {
  const folder = join(world.folder, 'data/agent/manifests');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'bad.json'),
    '{"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {"containers": "none"}}',
  );
  const good = shellPod({ name: 'good', script: 'exec sleep 1000' });
  writeFileSync(join(folder, 'good.json'), JSON.stringify(good));
  await eventually(
    'the good one',
    async () => (await world.kubectl('get', 'pod', `good-${world.node}`)).code === 0,
  );
  await eventually('an Event', async () => (await eventsOf(world.node)).includes('bad.json'));
});

test('exec, attach and port-forward say that they are not there yet', async () => {
  await world.apply(shellPod({ name: 'alive', script: 'exec sleep 1000' }));
  await eventually(
    'Running',
    async () =>
      ((await world.json('get', 'pod', 'alive'))['status']?.['phase'] as unknown) === 'Running',
  );
  const r = await world.kubectl('exec', 'alive', '--', 'true');
  assert.is.not(r.code, 0);
  assert.match(r.stderr, /not (served|implemented|supported)/i);
});

test('after all that the node is Ready and a plain pod runs', async () => {
  assert.is(await readyOf(world), 'True');
  await world.apply(shellPod({ name: 'plain', script: 'exec sleep 1000' }));
  await eventually(
    'Running',
    async () =>
      ((await world.json('get', 'pod', 'plain'))['status']?.['phase'] as unknown) === 'Running',
  );
});

test.after(async () => {
  await world.close();
});
test.run();
