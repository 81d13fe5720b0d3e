import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PodDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { processStart } from './linux.ts';
import { readJson } from './records.ts';
import { bundle, bundleShim, endShims, makeFolder } from './test-rig.ts';

const folder = makeFolder();
const root = join(folder, 'pods');
const desiredPath = join(folder, 'desired.json');
let script = '';
let shim = '';
let agent: ChildProcess | undefined;

test.before(() => {
  script = bundle('./test-agent.ts', join(folder, 'agent.cjs'));
  shim = bundleShim(folder);
});
test.after(async () => {
  agent?.kill('SIGKILL');
  await endShims(root);
  rmSync(folder, { recursive: true, force: true });
});

const desired: Record<string, PodDocument> = {};

function want(change: (pods: Record<string, PodDocument>) => void): void {
  change(desired);
  writeFileSync(`${desiredPath}.new`, JSON.stringify(desired));
  renameSync(`${desiredPath}.new`, desiredPath);
}

/** Leaves a mark at each start, so that a second start of the same attempt shows. */
function marker(uid: string): PodDocument {
  const command = ['/bin/sh', '-c', `echo x >> ${folder}/mark-${uid}; exec sleep 1000`];
  return {
    uid,
    runtime: 'process',
    graceS: 5,
    restart: 'Never',
    containers: [{ name: 'main', image: 'boardlet.dev/host', command }],
  };
}

interface Line {
  readonly name?: string;
  readonly phase?: string;
  readonly event?: string;
}

interface Agent {
  readonly child: ChildProcess;
  readonly lines: Line[];
  readonly until: (fits: (lines: readonly Line[]) => boolean) => Promise<void>;
  readonly kill: () => Promise<void>;
}

function startAgent(): Agent {
  const child = spawn(process.execPath, [script, desiredPath, root, shim], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  agent = child;
  const lines: Line[] = [];
  let held = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${held}${text}`.split('\n');
    held = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Line);
    child.emit('lines');
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    child,
    lines,
    until: (fits) => waitFor(child, () => fits(lines)),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function waitFor(child: ChildProcess, fits: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('not seen')), 30_000);
    const look = () => {
      if (!fits()) return;
      clearTimeout(timer);
      child.off('lines', look);
      resolve();
    };
    child.on('lines', look);
    look();
  });
}

const marks = (uid: string): string => readFileSync(`${folder}/mark-${uid}`, 'utf8');
const last = (lines: readonly Line[], name: string): string | undefined =>
  lines.findLast((line) => line.name === name && line.phase !== undefined)?.phase;

test('an agent killed at any moment of fifty starts comes back to each pod, and starts none twice', async () => {
  const uids: string[] = [];
  for (let round = 0; round < 13; round++) {
    want((pods) => {
      for (const uid of [`a-${round}`, `b-${round}`, `c-${round}`, `d-${round}`]) {
        uids.push(uid);
        pods[`default/${uid}`] = marker(uid);
      }
    });
    const killed = startAgent();
    await killed.until((lines) => lines.length > 0);
    await sleep((round * 11) % 100);
    await killed.kill();
  }
  const survivor = startAgent();
  await survivor.until((lines) => uids.every((uid) => last(lines, `default/${uid}`) === 'Running'));
  for (const uid of uids) assert.is(marks(uid), 'x\n', uid);
  want((pods) => {
    for (const uid of uids) delete pods[`default/${uid}`];
  });
  await survivor.until((lines) => uids.every((uid) => last(lines, `default/${uid}`) === 'removed'));
  for (let i = 0; i < 2000 && readdirSync(root).some((n) => /^[a-d]-/.test(n)); i++)
    await sleep(10);
  assert.equal(
    readdirSync(root).filter((name) => /^[a-d]-/.test(name)),
    [],
  );
  await survivor.kill();
});

test('an agent that comes back tells neither Created nor Started again, and finds what ended meanwhile', async () => {
  const script = `echo x >> ${folder}/mark-short; sleep 0.3; exit 4`;
  const [container] = marker('short').containers;
  want((pods) => {
    pods['default/long'] = marker('long');
    pods['default/short'] = {
      ...marker('short'),
      containers: [
        {
          ...container,
          name: 'main',
          image: 'boardlet.dev/host',
          command: ['/bin/sh', '-c', script],
        },
      ],
    };
  });
  const first = startAgent();
  const both = ['default/long', 'default/short'];
  await first.until((lines) => both.every((name) => last(lines, name) === 'Running'));
  await first.kill();
  await sleep(500);
  const second = startAgent();
  await second.until((lines) => last(lines, 'default/short') === 'Failed');
  await second.until((lines) => last(lines, 'default/long') === 'Running');
  assert.equal(
    second.lines.filter((line) => line.event !== undefined),
    [],
  );
  assert.is(marks('short'), 'x\n');
  await second.kill();
});

test('a pod whose document vanished while the agent was away is stopped', async () => {
  want((pods) => {
    pods['default/orphan'] = marker('orphan');
  });
  const first = startAgent();
  await first.until((lines) => last(lines, 'default/orphan') === 'Running');
  const record = readJson(join(root, 'orphan', 'main.0.json'));
  await first.kill();
  want((pods) => {
    delete pods['default/orphan'];
  });
  const second = startAgent();
  for (let i = 0; i < 2000 && readdirSync(root).includes('orphan'); i++) await sleep(10);
  assert.not.ok(readdirSync(root).includes('orphan'));
  assert.is(processStart(Number(record?.['pid'])), undefined);
  await second.kill();
});

test.run();
