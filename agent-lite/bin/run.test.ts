import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'run-'));
const entry = fileURLToPath(new URL('./boardlet-agent.ts', import.meta.url));
const { BOARDLET_BOARD: _, ...environment } = process.env;

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, entry, 'run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, ...env },
  });
}
const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.on('close', resolve));

async function refusal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = start(args, env);
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  return `${await ended(child)} ${said.split('\n', 1)[0]}`;
}

test('without a broker the board runs its static pods alone, until SIGTERM', async () => {
  const dir = join(root, 'alone');
  mkdirSync(join(dir, 'manifests'), { recursive: true });
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'alone' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'c', image: 'boardlet.dev/host', command: ['/bin/sh', '-c', 'echo ran'] },
      ],
    },
  };
  writeFileSync(join(dir, 'manifests', 'a.json'), JSON.stringify(manifest));
  const child = start(['--dir', dir, '--board', 'alone', '--stop-pods']);
  const over = ended(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  const logs = (): string[] =>
    readdirSync(join(dir, 'pods'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.log') && name.includes('/'))
      .map((name) => readFileSync(join(dir, 'pods', name), 'utf8'));
  while (!logs().some((text) => text.includes('ran')))
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  assert.is(await over, 0);
});

test('a second agent in the same folder is refused, and one that was killed leaves the folder free', async () => {
  const dir = join(root, 'twice');
  const args = ['--dir', dir, '--board', 'b'];
  const first = start(args);
  const over = ended(first);
  await new Promise((resolve) => first.stdout?.once('data', resolve));
  assert.match(
    await refusal(args),
    /^1 .*an agent runs in this folder already, as process \d+ \(BL_AGENT_RUNNING\)/,
  );
  first.kill('SIGKILL');
  await over;
  const [one, two] = [start(args), start(args)];
  const ends = [ended(one), ended(two)];
  const ready = (child: ChildProcess): Promise<ChildProcess> =>
    new Promise((resolve) => child.stdout?.once('data', () => resolve(child)));
  const winner = await Promise.race([ready(one), ready(two)]);
  assert.is(await ends[winner === one ? 1 : 0], 1, 'of two that start together one runs');
  winner.kill('SIGTERM');
  assert.is(await ends[winner === one ? 0 : 1], 0);
  assert.equal(
    readdirSync(dir).filter((name) => name.startsWith('agent.lock')),
    [],
  );
});

test('what cannot be right is told with its field and where it was said, before anything is begun', async () => {
  const dir = join(root, 'bad');
  mkdirSync(dir);
  const told = await Promise.all([
    refusal(['--dir', dir, '--board', 'b', '--config', join(dir, 'none.yaml')]),
    refusal(['--dir', dir, '--board', 'b'], { BOARDLET_POLICY_FILE: join(dir, 'none.yaml') }),
    refusal(['--dir', dir, '--bord', 'b']),
    refusal(['--dir', dir]),
    refusal(['--dir', dir, '--board', 'b'], { BOARDLET_SHARDS: 'ten' }),
  ]);
  assert.match(
    told[0] ?? '',
    /^78 .*--config: there is no file .*none\.yaml \(BL_CONFIG_MISSING\)/,
  );
  assert.match(told[1] ?? '', /^78 .*policyFile: there is no file .*none\.yaml/);
  assert.match(told[2] ?? '', /^2 .*--bord: unknown flag; did you mean --board\?/);
  assert.match(told[3] ?? '', /^78 .*board: no id is given/);
  assert.match(told[4] ?? '', /^78 .*environment: shards: expected a whole number/);
  assert.equal(readdirSync(dir), []);
});

test.after(() => rmSync(root, { recursive: true }));
test.run();
