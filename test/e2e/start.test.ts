/** `npm start` as a newcomer types it: the README's own commands, Ctrl-C, and the next start that goes on from disk. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, needKubectl } from './world.ts';

const kubectl = needKubectl();
const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'boardlet-start-'));
const data = join(folder, 'data');

interface Started {
  readonly output: () => string;
  readonly interrupt: () => void;
  readonly exit: Promise<number | null>;
}

function start(...args: readonly string[]): Started {
  const child = spawn(
    process.execPath,
    [...process.execArgv, 'start.ts', '--data', data, ...args],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { output: () => output, interrupt: () => child.kill('SIGINT'), exit };
}

/** The lines of the README's block that begins with the kubeconfig. */
function readmeCommands(): readonly string[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const block = /```sh\n(export KUBECONFIG=[\s\S]*?)```/.exec(readme)?.[1] ?? '';
  return block.split('\n').filter((line) => line.startsWith('kubectl '));
}

function shell(command: string): Promise<{ readonly code: number; readonly output: string }> {
  const env = {
    ...process.env,
    KUBECONFIG: join(data, 'kubeconfig'),
    HOME: folder,
    PATH: `${dirname(kubectl)}:${process.env['PATH']}`,
  };
  // What follows a log never ends by itself.
  const bounded = command.includes(' -f hello') ? `timeout 5 ${command}; [ $? -eq 124 ]` : command;
  return new Promise((resolve) => {
    execFile('bash', ['-c', bounded], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
    });
  });
}

/** Processes whose command line names this test's folder. */
function leftovers(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(folder));
}

test('start shows a Ready node, and every command of the README works on it', async () => {
  const started = start();
  await eventually('Ready in the table', () =>
    Promise.resolve(/node +demo-\S+ +Ready/.test(started.output())),
  );
  assert.match(started.output(), /kubeconfig: /);
  const commands = readmeCommands();
  assert.ok(commands.length >= 6, 'the README has its commands');
  for (const command of commands) {
    await eventually(command, async () => {
      const { code, output } = await shell(command);
      if (code !== 0) throw new Error(output);
      return true;
    });
  }
  const applied = await shell('kubectl apply -f examples/hello-pod.yaml');
  assert.is(applied.code, 0, applied.output);
  await eventually('hello Running', async () =>
    (await shell('kubectl get pod hello')).output.includes('Running'),
  );
  started.interrupt();
  assert.is(await started.exit, 0);
  await eventually('nothing left running', () => {
    const left = leftovers();
    if (left.length > 0) throw new Error(left.join(' '));
    return Promise.resolve(true);
  });
});

test('the next start goes on from disk: the same node, and the pod runs again', async () => {
  const started = start();
  await eventually('hello in the table', () =>
    Promise.resolve(/pod +default\/hello +Running/.test(started.output())),
  );
  const { output } = await shell('kubectl get node -o jsonpath={.items[*].metadata.name}');
  assert.match(output, /^demo-\S+$/);
  started.interrupt();
  assert.is(await started.exit, 0);
});

test('--check exits 0 and prints the table', async () => {
  const started = start('--check');
  assert.is(await started.exit, 0, started.output());
  assert.match(started.output(), /node +demo-\S+ +Ready/);
});

test.after(() => {
  rmSync(folder, { recursive: true, force: true });
});
test.run();
