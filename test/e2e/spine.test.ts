import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, needKubectl, openWorld, readyOf, shellPod, type World } from './world.ts';

const WATCHDOG = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'watchdog', namespace: 'default', labels: { app: 'watchdog' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: 'boardlet.dev/host',
        command: ['/bin/sh', '-c', 'echo on guard; sleep 1000'],
      },
    ],
  },
};

const world: World = await openWorld({ staticPods: { 'watchdog.json': WATCHDOG } });

async function phase(name: string): Promise<string> {
  const pod = await world.json('get', 'pod', name);
  return pod['status']?.['phase'] as unknown as string;
}

interface Twin {
  readonly propertyName: string;
  readonly reported: { readonly value: string };
  readonly observedDesired?: { readonly value: string };
}
async function twins(): Promise<readonly Twin[]> {
  const status = await world.json('get', 'devicestatus', `host-${world.node}`);
  return (status['status']?.['twins'] ?? []) as unknown as Twin[];
}

test('the board is a Ready node with its version, system, kernel and runtime', async () => {
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  const wide = await world.kubectl('get', 'nodes', '-o', 'wide');
  assert.match(wide.stdout, new RegExp(`${world.node}\\s+Ready`));
  const node = await world.json('get', 'node', world.node);
  const info = node['status']?.['nodeInfo'] as unknown as Record<string, string>;
  assert.is(info['operatingSystem'], process.platform);
  assert.ok(info['kernelVersion']);
  assert.match(info['kubeletVersion'] ?? '', /boardlet/);
  assert.is(node['spec']?.['providerID'] as unknown, 'boardlet://demo/press-17');
});

test('describe node shows conditions, capacity, taints, lease and events', async () => {
  const { stdout, code } = await world.kubectl('describe', 'node', world.node);
  assert.is(code, 0);
  for (const part of [
    'MemoryPressure',
    'DiskPressure',
    'PIDPressure',
    'Capacity:',
    'Allocatable:',
    'boardlet.dev/board',
    'HolderIdentity',
    'kubernetes.io/os=boardlet',
  ]) {
    assert.ok(stdout.includes(part), `describe node shows ${part}`);
  }
});

test('a pod is applied, runs, and its log is read and followed', async () => {
  const applied = await world.kubectl(
    'apply',
    '-f',
    join(import.meta.dirname, '../../examples/hello-pod.yaml'),
  );
  assert.is(applied.code, 0, applied.stderr);
  await eventually('hello Running', async () => (await phase('hello')) === 'Running');
  await eventually('a line in the log', async () =>
    (await world.kubectl('logs', 'hello')).stdout.includes('hello 1 from a board'),
  );
  const stamped = await world.kubectl('logs', 'hello', '--timestamps', '--tail=1');
  assert.match(stamped.stdout, /^\d{4}-\d\d-\d\dT[^ ]+Z hello \d+/);
});

/** `kubectl logs -f`, its output as it comes. */
function follow(pod: string): { readonly text: () => string; readonly ended: Promise<unknown> } {
  const child = spawn(needKubectl(), ['--kubeconfig', world.stack.kubeconfig, 'logs', '-f', pod]);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return { text: () => text, ended: new Promise((resolve) => child.once('close', resolve)) };
}

test('logs -f goes on until the pod ends, and a deletion is graceful', async () => {
  const followed = follow('hello');
  await eventually('a line', () =>
    Promise.resolve(followed.text().includes('hello 1 from a board')),
  );
  const deleted = await world.kubectl('delete', 'pod', 'hello', '--timeout=20s');
  assert.is(deleted.code, 0, deleted.stderr);
  await followed.ended;
  assert.match(followed.text(), /bye\n?$/);
});

test('a static pod shows as its mirror pod, with its log', async () => {
  const name = `watchdog-${world.node}`;
  await eventually('mirror Running', async () => (await phase(name)) === 'Running');
  const pod = await world.json('get', 'pod', name);
  const annotations = pod['metadata']?.['annotations'] as unknown as Record<string, string>;
  assert.is(annotations['kubernetes.io/config.source'], 'file');
  assert.match((await world.kubectl('logs', name)).stdout, /on guard/);
});

test("the host's own twin reports real values", async () => {
  const list = await world.kubectl('get', 'devices,devicemodels');
  assert.match(list.stdout, new RegExp(`host-${world.node}`));
  const seen = await eventually('twins', async () => {
    const now = await twins();
    return now.length >= 3 && now;
  });
  const uptime = Number(seen.find((t) => t.propertyName === 'uptimeS')?.reported.value);
  assert.ok(uptime > 0);
});

test('a desired value reaches the board and comes back as reported', async () => {
  const device = await world.json('get', 'device', `host-${world.node}`);
  const properties = device['spec']?.['properties'] as unknown as { name: string }[];
  const at = properties.findIndex((p) => p.name === 'reportIntervalMs');
  const patch = [{ op: 'add', path: `/spec/properties/${at}/desired`, value: { value: '500' } }];
  const patched = await world.kubectl(
    'patch',
    'device',
    `host-${world.node}`,
    '--type=json',
    '-p',
    JSON.stringify(patch),
  );
  assert.is(patched.code, 0, patched.stderr);
  await eventually('reported back', async () => {
    const twin = (await twins()).find((t) => t.propertyName === 'reportIntervalMs');
    return twin?.reported.value === '500' && twin.observedDesired?.value === '500';
  });
});

test('a desired value out of range is refused with an Event on the Device', async () => {
  const device = await world.json('get', 'device', `host-${world.node}`);
  const properties = device['spec']?.['properties'] as unknown as { name: string }[];
  const at = properties.findIndex((p) => p.name === 'reportIntervalMs');
  const patch = [{ op: 'add', path: `/spec/properties/${at}/desired`, value: { value: '5' } }];
  await world.kubectl(
    'patch',
    'device',
    `host-${world.node}`,
    '--type=json',
    '-p',
    JSON.stringify(patch),
  );
  await eventually('an Event', async () => {
    const { stdout } = await world.kubectl(
      'get',
      'events',
      '--field-selector',
      `involvedObject.name=host-${world.node}`,
    );
    return stdout.includes('InvalidDesiredValue');
  });
});

test('a pod that fails is shown with its exit code', async () => {
  await world.apply(
    shellPod({ name: 'broken', script: 'echo no; exit 3', restartPolicy: 'Never' }),
  );
  await eventually('Failed', async () => (await phase('broken')) === 'Failed');
  const pod = await world.json('get', 'pod', 'broken');
  const statuses = pod['status']?.['containerStatuses'] as unknown as {
    state: { terminated: { exitCode: number } };
  }[];
  assert.is(statuses[0]?.state.terminated.exitCode, 3);
  assert.match((await world.kubectl('logs', 'broken')).stdout, /no/);
});

test('a manifest put into the folder later starts, and stops when it goes', async () => {
  const path = join(world.folder, 'data/agent/manifests/late.json');
  writeFileSync(
    path,
    JSON.stringify({ ...WATCHDOG, metadata: { name: 'late', namespace: 'default' } }),
  );
  await eventually('late Running', async () => (await phase(`late-${world.node}`)) === 'Running');
  const { rmSync } = await import('node:fs');
  rmSync(path);
  await eventually(
    'late gone',
    async () => (await world.kubectl('get', 'pod', `late-${world.node}`)).code !== 0,
  );
});

test('a clean stop is told as a goodbye', async () => {
  await world.stack.stop('agent');
  const reason = await eventually('not Ready', async () => {
    const node = await world.json('get', 'node', world.node);
    const conditions = node['status']?.['conditions'] as unknown as {
      type: string;
      status: string;
      reason: string;
    }[];
    const ready = conditions.find((c) => c.type === 'Ready');
    return ready?.status !== 'True' && ready?.reason;
  });
  assert.match(String(reason), /Goodbye/);
});

test.after(async () => {
  await world.close();
});
test.run();
