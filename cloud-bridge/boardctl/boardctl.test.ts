import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBindings, loadOrCreateAuthority, publishJoinInfo } from '../trust/index.ts';
import { createMemoryKube, type MemoryKube } from '../trust/testing/memory-kube.ts';
import { createRecordingLog } from '../trust/testing/recording-log.ts';
import { type BoardctlHost, runBoardctl } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'boardctl-'));
const NOW = Date.parse('2030-01-01T00:00:00Z');
const HASH = 'ab'.repeat(32);

interface Run {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}
async function run(kube: MemoryKube, line: string, host: Partial<BoardctlHost> = {}): Promise<Run> {
  let out = '';
  let err = '';
  const exit = await runBoardctl(line.split(' '), {
    openKube: () => Promise.resolve(kube),
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env: {},
    isTty: false,
    now: () => NOW,
    version: '0.1.0',
    ...host,
  });
  return { exit, out, err };
}

async function fleet(): Promise<MemoryKube> {
  const kube = createMemoryKube();
  const url = 'https://bridge.example:7443';
  await publishJoinInfo(kube, { url, caHash: HASH, fleet: 'plant', brokers: [] });
  const bindings = createBindings({
    kube,
    log: createRecordingLog(),
    now: () => NOW - 3 * 3600_000,
  });
  await bindings.bind('pump-1', 'pump-1');
  await bindings.bind('hall', 'hall', { gateway: { prefix: 'hall', boards: 5 } });
  const node = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
  await kube.create(node, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'plant-pump-1' },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  return kube;
}

test('a join token comes with the whole command for the board', async () => {
  const kube = await fleet();
  const { exit, out } = await run(kube, 'board join-token --board pump-2 --ttl 30m');
  assert.is(exit, 0);
  assert.match(out, /before 2030-01-01T00:30:00\.000Z/);
  const command =
    /boardlet-agent join https:\/\/bridge\.example:7443 [a-z0-9]{6}\.[a-z0-9]{16}\.(ab){32}\n$/;
  assert.match(out, command);
  const json: unknown = JSON.parse((await run(kube, '--json board join-token')).out);
  assert.match(String(Reflect.get(Object(json), 'token')), /^[a-z0-9]{6}\./);
});

test('boards are listed with their link, node and readiness, and without colours', async () => {
  const { exit, out } = await run(await fleet(), 'board list');
  assert.is(exit, 0);
  assert.is(
    out,
    [
      'BOARD    LINK     NODE           READY    AGE',
      'pump-1   pump-1   plant-pump-1   True     3h',
      'hall     hall     plant-hall     <none>   3h',
      '',
    ].join('\n'),
  );
});

test('colours need a terminal and no NO_COLOR', async () => {
  const kube = await fleet();
  assert.ok((await run(kube, 'board list', { isTty: true })).out.includes('\u001b[32mTrue'));
  const plain = await run(kube, 'board list', { isTty: true, env: { NO_COLOR: '1' } });
  assert.not(plain.out.includes('\u001b'));
});

test('boards are shown, moved and removed', async () => {
  const kube = await fleet();
  assert.match((await run(kube, 'board show hall')).out, /Gateway: +hall-…, up to 5 boards/);
  assert.is((await run(kube, 'board move pump-1 --to hall')).exit, 0);
  assert.match((await run(kube, 'board show pump-1')).out, /Link: +hall/);
  const kept = await run(kube, 'board remove hall');
  assert.is(kept.exit, 1);
  assert.match(kept.err, /BL_TRUST_HAS_BOARDS/);
  assert.is((await run(kube, 'board remove hall --cascade')).out, 'removed hall, pump-1\n');
  assert.is((await run(kube, 'board show hall')).exit, 1);
});

test('exit codes tell a script what went wrong', async () => {
  const kube = await fleet();
  const table: readonly (readonly [string, number])[] = [
    ['--help', 0],
    ['board join-token --help', 0],
    ['--version', 0],
    ['nonsense', 2],
    ['board list --nonsense', 2],
    ['board show', 2],
    ['board move pump-1', 2],
    ['board join-token --ttl soon', 2],
    ['board join-token --ttl 1s', 2],
    ['board join-token --gateway g', 2],
    ['board join-token --board A', 2],
    [`broker config --dir ${root} --pki ${root} --name x`, 2],
    ['board show nobody', 1],
  ];
  for (const [line, exit] of table) assert.is((await run(kube, line)).exit, exit, line);
  for (const [code, exit] of [
    ['BL_KUBE_UNREACHABLE', 69],
    ['BL_KUBE_FORBIDDEN', 77],
    ['BL_KUBE_INVALID', 1],
  ] as const) {
    kube.fail = code;
    assert.is((await run(kube, 'board list')).exit, exit, code);
  }
  assert.is((await run(createMemoryKube(), 'board join-token')).exit, 69);
});

test('with --json an error is JSON too', async () => {
  const { err } = await run(await fleet(), '--json board show nobody');
  assert.is(Reflect.get(Object(JSON.parse(err)), 'code'), 'BL_TRUST_NO_BOARD');
});

test('help shows examples, at every level', async () => {
  const kube = createMemoryKube();
  for (const line of [
    '--help',
    'board join-token --help',
    'board list --help',
    'pki show --help',
  ]) {
    assert.match((await run(kube, line)).out, /Examples?:\n {2}boardctl/, line);
  }
});

test('broker files are written with a key that only its owner reads, and the CA is shown without its key', async () => {
  const kube = createMemoryKube();
  const pki = join(root, 'pki');
  const dir = join(root, 'mosquitto');
  assert.is((await run(kube, `pki show --pki ${pki}`, { now: Date.now })).exit, 2);
  const authority = await loadOrCreateAuthority(pki, { fleet: 'plant' });
  const line = `broker config --mosquitto --dir ${dir} --pki ${pki} --name broker.example --bridge bridge.a bridge.b`;
  const { exit, out } = await run(kube, line, { now: Date.now });
  assert.is(exit, 0);
  assert.match(out, new RegExp(`mosquitto -c ${dir}/mosquitto.conf`));
  assert.is(statSync(join(dir, 'broker.key')).mode & 0o777, 0o600);
  assert.match(
    readFileSync(join(dir, 'mosquitto.acl'), 'utf8'),
    /user bridge\.b\ntopic readwrite bl\/#/,
  );
  const shown = await run(kube, `pki show --pki ${pki}`, { now: Date.now });
  assert.ok(shown.out.includes(authority.caHash()));
  assert.not(shown.out.includes('PRIVATE'));
});

test.after(() => rmSync(root, { recursive: true }));

test.run();
