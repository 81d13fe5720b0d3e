/** What a program may reach that runs as another user than the agent: not run where the tests have no root. */
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerState } from '../../core/runtime.ts';
import { createRig, isState, logText, makeFolder, type Rig, ref, shell } from './test-rig.ts';

if (process.getuid?.() !== 0) {
  console.log('NOT RUN: only root can become another user');
  process.exit(0);
}

const NOBODY = 65_534;
const folder = makeFolder();
chmodSync(folder, 0o755);
const free = join(folder, 'free');
const closed = join(folder, 'closed');
const inner = join(closed, 'inner');
for (const path of [free, closed, inner]) mkdirSync(path);
for (const path of [free, inner]) chmodSync(path, 0o755);
chmodSync(closed, 0o700);
writeFileSync(join(inner, 'secret'), 'confidential');
symlinkSync(inner, join(free, 'way-in'));
const setuid = join(free, 'id');
copyFileSync('/usr/bin/id', setuid);
chmodSync(setuid, 0o4755);
const plain = join(free, 'plain-id');
copyFileSync('/usr/bin/id', plain);
chmodSync(plain, 0o755);

const rig: Rig = createRig(folder, {
  policy: {
    allowsProgram: (path) => path.startsWith(`${free}/`) || /^(\/usr)?\/bin\//.test(path),
    userFor: (spec) => spec.user ?? NOBODY,
    allowsUser: (id) => id >= 1000,
  },
});

async function outcome(name: string, spec: ContainerDocument): Promise<ContainerState> {
  const of = ref(name);
  rig.runtime.start(of, spec);
  return await rig.until((r, s) => isState(of, 'exited')(r, s) || isState(of, 'failed')(r, s));
}

test('a working folder behind one that is closed to the user is closed too', async () => {
  for (const [name, workingDir] of [
    ['direct', inner],
    ['by-link', join(free, 'way-in')],
    ['root-only', closed],
  ] as const) {
    const state = await outcome(name, shell('cat secret', { workingDir }));
    assert.is(state.state, 'failed', name);
    assert.match(state.state === 'failed' ? state.message : '', /closed to user 65534/);
  }
  const state = await outcome('free', shell('pwd', { workingDir: free }));
  assert.is(state.state === 'exited' ? state.exitCode : state.state, 0);
  assert.is(await logText(rig, ref('free')), `${free}\n`);
});

test('a program that would run as a user whom the policy does not allow is forbidden', async () => {
  const program = (path: string): ContainerDocument => ({
    name: 'main',
    image: 'boardlet.dev/host',
    command: [path, '-u'],
  });
  const state = await outcome('setuid', program(setuid));
  assert.is(state.state === 'failed' ? state.reason : state.state, 'Forbidden');
  await outcome('plain', program(plain));
  assert.is(await logText(rig, ref('plain')), '65534\n');
});

test('a program gets no group of the agent, and reads neither the pods of others nor their sockets', async () => {
  const pods = join(folder, 'pods');
  const script = `id -G; ls ${pods} 2>&1 >/dev/null | wc -l; cat ${pods}/*/shim.json 2>/dev/null | wc -c`;
  await outcome('curious', shell(script));
  assert.is(await logText(rig, ref('curious')), '65534\n1\n0\n');
});

test('ids beyond what the system has are refused and never become root', async () => {
  for (const user of [2 ** 32, 2 ** 32 - 1, -1, 2 ** 53]) {
    const state = await outcome(`id${String(user).replace(/\D/g, 'm')}`, shell('id -u', { user }));
    assert.is(state.state, 'failed', String(user));
  }
});

test.after(() => rig.remove());
test.run();
