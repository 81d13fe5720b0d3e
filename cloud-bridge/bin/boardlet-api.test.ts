import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const BIN = new URL('./boardlet-api.ts', import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'boardlet-api-bin-'));
test.after(() => rmSync(dir, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

function run(args: readonly string[]): ChildProcess {
  const node = ['--import', 'tsx', '--conditions=@boardlet/source', BIN, ...args];
  return spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'pipe'] });
}

const serving = (data: string): string[] => [
  '--data',
  join(dir, data),
  '--pki',
  join(dir, 'pki'),
  '--kubeconfig-out',
  join(dir, 'kubeconfig'),
  '--listen',
  '127.0.0.1:0',
];

async function start(child = run(serving('data'))): Promise<Running> {
  let out = '';
  for await (const chunk of child.stdout ?? []) {
    out += String(chunk);
    if (out.includes('\n')) break;
  }
  const ready = JSON.parse(out) as { ready: boolean; url: string };
  assert.is(ready.ready, true);
  return { child, url: ready.url };
}

async function finish(
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  const child = run(args);
  const text = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    text.out += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    text.err += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...text };
}

/** A call with the credentials of the kubeconfig that the process wrote. */
async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const config = JSON.parse(readFileSync(join(dir, 'kubeconfig'), 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const pem = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();
  const user = config.users[0]?.user ?? {};
  const agent = new Agent({
    ca: pem(config.clusters[0]?.cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  });
  const outgoing = request(url + path, {
    agent,
    method,
    headers: { 'content-type': 'application/json' },
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(outgoing, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, body: JSON.parse(text) };
}

const MAPS = '/api/v1/namespaces/default/configmaps';
const versionOf = (body: Record<string, unknown>): number =>
  Number((body['metadata'] as Record<string, unknown>)['resourceVersion']);

test('a kill -9 under load loses no acknowledged write and resourceVersions go on rising', async () => {
  const first = await start();
  assert.is(statSync(join(dir, 'kubeconfig')).mode & 0o777, 0o600);
  const acknowledged = new Map<string, number>();
  const writing = (async () => {
    for (let round = 0; ; round++) {
      const names = [0, 1, 2, 3].map((lane) => `m-${round}-${lane}`);
      await Promise.all(
        names.map(async (name) => {
          const made = await call(first.url, 'POST', MAPS, { metadata: { name } });
          if (made.status === 201) acknowledged.set(name, versionOf(made.body));
        }),
      );
      if (round === 15) first.child.kill('SIGKILL');
    }
  })();
  await writing.then(
    () => assert.unreachable('the writes must break off'),
    () => undefined,
  );
  assert.ok(acknowledged.size >= 60);
  const second = await start();
  const listed = await call(second.url, 'GET', MAPS);
  const found = new Set(
    (listed.body['items'] as { metadata: { name: string } }[]).map((item) => item.metadata.name),
  );
  for (const name of acknowledged.keys()) assert.ok(found.has(name), name);
  const next = await call(second.url, 'POST', MAPS, { metadata: { name: 'next' } });
  assert.ok(versionOf(next.body) > Math.max(...acknowledged.values()));
  second.child.kill('SIGTERM');
  const [code] = await once(second.child, 'exit');
  assert.is(code, 0);
});

test('--backup and --restore', async () => {
  const file = join(dir, 'backup');
  const saved = await finish(['--data', join(dir, 'data'), '--backup', file]);
  assert.is(saved.code, 0, saved.err);
  const restored = await finish(['--data', join(dir, 'data2'), '--restore', file]);
  assert.is(restored.code, 0, restored.err);
  const objects = (text: string): number => (JSON.parse(text) as { objects: number }).objects;
  assert.is(objects(restored.out), objects(saved.out));
});

test('a file that cannot grow stands for a full disk: 507, nothing else suffers, room can be made', async () => {
  // A limit of 400 KiB for any file of the process; without the trap the kernel would end it (setrlimit(2)).
  const words = [
    process.execPath,
    '--import',
    'tsx',
    '--conditions=@boardlet/source',
    BIN,
    ...serving('small'),
  ];
  const line = `ulimit -f 400; trap '' XFSZ; exec "$@"`;
  const { child, url } = await start(
    spawn('bash', ['-c', line, 'bash', ...words], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const data = { k: 'x'.repeat(90_000) };
  const statuses: number[] = [];
  for (let count = 0; count < 8; count++) {
    statuses.push(
      (await call(url, 'POST', MAPS, { metadata: { name: `m${count}` }, data })).status,
    );
  }
  assert.is(statuses[0], 201);
  assert.is(statuses.at(-1), 507);
  assert.is((await call(url, 'GET', `${MAPS}/m0`)).status, 200);
  assert.is((await call(url, 'DELETE', `${MAPS}/m0`)).status, 200);
  assert.is((await call(url, 'POST', MAPS, { metadata: { name: 'after' } })).status, 201);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.is(code, 0);
});

test('wrong use is exit 2 with one line that says what', async () => {
  for (const [args, text] of [
    [['--pki', dir], '--data DIR is needed'],
    [['--data', dir], '--pki DIR is needed'],
    [['--data', dir, '--pki', dir, '--listen', 'nowhere'], '--listen must be HOST:PORT'],
    [['--frob'], '--frob'],
  ] as const) {
    const { code, err } = await finish(args);
    assert.is(code, 2);
    assert.match(err, text);
  }
});

test.run();
