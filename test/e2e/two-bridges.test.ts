/** Two bridges on one fleet: one holds the Lease and writes, and hand-overs hurt no pod and roll nothing back. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Program, startProgram } from './program.ts';
import { eventually, openWorld, readyOf, shellPod, type World } from './world.ts';

const world: World = await openWorld();
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

const TERM = 'boardlet.dev/term';
const starts = join(world.folder, 'starts');
const counted = (name: string) =>
  shellPod({ name, script: `echo ${name} >> ${starts}; exec sleep 10000` });
const startsOf = (name: string): number =>
  readFileSync(starts, 'utf8')
    .split('\n')
    .filter((line) => line === name).length;

const running = (name: string): Promise<unknown> =>
  eventually(`${name} Running and Ready`, async () => {
    const status = (await world.json('get', 'pod', name))['status'] as unknown as {
      phase: string;
      conditions: { type: string; status: string }[];
    };
    const ready = status.conditions.find((c) => c.type === 'Ready')?.status;
    return status.phase === 'Running' && ready === 'True';
  });

interface Lease {
  readonly holder: string;
  readonly transitions: number;
  readonly durationS: number;
}
async function lease(): Promise<Lease> {
  const object = await world.json('get', 'lease', 'boardlet-shards', '-n', 'boardlet-system');
  const spec = object['spec'] as unknown as {
    holderIdentity: string;
    leaseTransitions: number;
    leaseDurationSeconds: number;
  };
  return {
    holder: spec.holderIdentity,
    transitions: spec.leaseTransitions,
    durationS: spec.leaseDurationSeconds,
  };
}

/** The term under which the node's object was last written. */
async function term(): Promise<number> {
  const node = await world.json('get', 'node', world.node);
  const annotations = node['metadata']?.['annotations'] as unknown as Record<string, string>;
  return Number(annotations[TERM] ?? Number.NaN);
}

/** Of everything that a bridge writes status of: name and term. */
async function terms(): Promise<ReadonlyMap<string, number>> {
  const list = await world.json('get', 'nodes,pods,devicestatuses', '-A');
  const items = list['items'] as unknown as {
    kind: string;
    metadata: { name: string; annotations?: Record<string, string> };
  }[];
  return new Map(
    items
      .filter(({ metadata }) => metadata.annotations?.[TERM] !== undefined)
      .map(({ kind, metadata }) => [
        `${kind}/${metadata.name}`,
        Number(metadata.annotations?.[TERM]),
      ]),
  );
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
interface Twin {
  readonly propertyName: string;
  readonly reported: { readonly value: string };
}
async function interval(): Promise<string | undefined> {
  const status = await world.json('get', 'devicestatus', `host-${world.node}`);
  const twins = (status['status']?.['twins'] ?? []) as unknown as Twin[];
  return twins.find((t) => t.propertyName === 'reportIntervalMs')?.reported.value;
}

const pki = join(world.folder, 'pki-of-the-second');
cpSync(join(world.folder, 'data/pki'), pki, { recursive: true });
const broker = `mqtts://${String(world.stack.ready('broker')['brokerListen'])}`;
const second: Program = await startProgram('boardlet-bridge', [
  ...['--kubeconfig', world.stack.kubeconfig, '--pki', pki, '--fleet', 'demo', '--broker', broker],
  ...['--join-listen', '127.0.0.1:0', '--kubelet-listen', '127.0.0.1:0'],
]);
const saidBySecond = (event: string): number =>
  second.logs.filter((line) => line.includes(`"event":"${event}"`)).length;
const saidByFirst = (event: string): number =>
  world.logs.filter((l) => l.startsWith('bridge:') && l.includes(`"event":"${event}"`)).length;

let before: Lease;

test('the first holds the Lease, the second stands by', async () => {
  for (const name of ['one', 'two']) await world.apply(counted(name));
  for (const name of ['one', 'two']) await running(name);
  before = await lease();
  assert.is(saidByFirst('ownership.acquired'), 1);
  assert.is(saidBySecond('ownership.acquired'), 0);
  assert.ok((await term()) > 0);
});

test('the holder frozen: the other takes over, and its writes carry a higher term', async () => {
  const termBefore = await term();
  process.kill(world.stack.pid('bridge'), 'SIGSTOP');
  await desire('700');
  await eventually('taken over', async () => {
    const now = await lease();
    return now.holder !== before.holder && now.transitions > before.transitions;
  });
  await world.apply(counted('three'));
  await running('three');
  await eventually('reported back', async () => (await interval()) === '700');
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  await eventually('a higher term', async () => (await term()) > termBefore);
});

test('the first wakes: it stands down, and nothing is rolled back', async () => {
  const held = await lease();
  const termBefore = await term();
  const termsBefore = await terms();
  process.kill(world.stack.pid('bridge'), 'SIGCONT');
  await eventually('it stood down', () => Promise.resolve(saidByFirst('ownership.lost') > 0));
  await desire('800');
  await world.apply(counted('four'));
  await running('four');
  await eventually('reported back', async () => (await interval()) === '800');
  assert.is(await readyOf(world), 'True');
  assert.is((await lease()).holder, held.holder);
  assert.is(await term(), termBefore);
  const now = await terms();
  for (const [name, old] of termsBefore)
    assert.ok((now.get(name) ?? 0) >= old, `${name} was written by a bridge of the past`);
  assert.is(now.get('Pod/four'), termBefore);
  assert.is(saidByFirst('ownership.acquired'), 1);
  for (const name of ['one', 'two', 'three', 'four']) {
    await running(name);
    assert.is(startsOf(name), 1);
  }
});

test('the holder killed: handed over again', async () => {
  const held = await lease();
  const termBefore = await term();
  await second.stop('SIGKILL');
  await eventually(
    'taken back',
    async () => (await lease()).transitions > held.transitions,
    40_000,
  );
  await world.apply(counted('five'));
  await running('five');
  await desire('900');
  await eventually('reported back', async () => (await interval()) === '900');
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
  await eventually('a higher term', async () => (await term()) > termBefore);
  for (const name of ['one', 'two', 'three', 'four', 'five']) {
    await running(name);
    assert.is(startsOf(name), 1);
  }
});

test.after(async () => {
  await second.stop('SIGKILL');
  await world.close();
});
test.run();
