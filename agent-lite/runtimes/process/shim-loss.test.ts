import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasLivingMembers, processStart, readBootId } from './linux.ts';
import {
  createRig,
  isState,
  logText,
  makeFolder,
  type Rig,
  ref,
  shell,
  untilGone,
} from './test-rig.ts';

let rig: Rig;
test.before(() => {
  rig = createRig(makeFolder());
});
test.after(() => rig.remove());

const shimOf = (uid: string): number =>
  JSON.parse(readFileSync(`${rig.folder}/pods/${uid}/shim.json`, 'utf8')).pid;

test('a shim that is killed takes its program along, which ends as 137, and the next start has a new shim', async () => {
  const of = ref('lost');
  rig.runtime.start(of, shell('echo up; sleep 1000'));
  const running = await rig.until(isState(of, 'running'));
  const pid = running.state === 'running' ? running.pid : 0;
  process.kill(shimOf(of.uid), 'SIGKILL');
  const exited = await rig.until(isState(of, 'exited'));
  assert.ok(exited.state === 'exited');
  if (exited.state !== 'exited') return;
  assert.equal([exited.exitCode, exited.reason], [137, 'ContainerStatusUnknown']);
  assert.not.ok(hasLivingMembers(pid));
  const next = ref('lost', 1);
  rig.runtime.start(next, shell('echo again'));
  await rig.until(isState(next, 'exited'));
  assert.is(await logText(rig, next), 'again\n');
});

test('a shim that has nothing to run leaves, and the next start finds another', async () => {
  const of = ref('idle');
  rig.runtime.start(of, shell('true'));
  await rig.until(isState(of, 'exited'));
  const first = shimOf(of.uid);
  await untilGone(first);
  const next = ref('idle', 1);
  rig.runtime.start(next, shell('echo more'));
  await rig.until(isState(next, 'exited'));
  assert.is.not(shimOf(of.uid), first);
});

test('a TERM to the shim reaches its program', async () => {
  const of = ref('term');
  rig.runtime.start(of, shell('exec sleep 1000'));
  await rig.until(isState(of, 'running'));
  process.kill(shimOf(of.uid), 'SIGTERM');
  const exited = await rig.until(isState(of, 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 143);
});

test('a shim whose folder is gone ends its program and leaves', async () => {
  const own = createRig(makeFolder(), { checkMs: 50 });
  const of = ref('uprooted');
  own.runtime.start(of, shell('exec sleep 1000'));
  const running = await own.until(isState(of, 'running'));
  const path = `${own.folder}/pods/${of.uid}`;
  const shim = JSON.parse(readFileSync(`${path}/shim.json`, 'utf8')).pid;
  own.close();
  rmSync(path, { recursive: true });
  await untilGone(shim);
  await untilGone(running.state === 'running' ? running.pid : 0);
  await own.remove();
});

/** A pod as another agent process left it. */
async function left(name: string, script: string): Promise<{ rig: Rig; pid: number }> {
  const before = createRig(makeFolder());
  const of = ref(name);
  before.runtime.start(of, shell(script));
  const running = await before.until(isState(of, 'running'));
  before.close();
  return { rig: before, pid: running.state === 'running' ? running.pid : 0 };
}

test('after a reboot what ran has ended as 137, and no process of this boot is touched', async () => {
  const before = await left('boot', 'exec sleep 1000');
  const path = `${before.rig.folder}/pods/uid-boot`;
  const shim = JSON.parse(readFileSync(`${path}/shim.json`, 'utf8'));
  for (const file of ['shim.json', 'main.0.json']) {
    const text = readFileSync(`${path}/${file}`, 'utf8');
    writeFileSync(`${path}/${file}`, text.replace(readBootId(), 'another-boot'));
  }
  const after = createRig(before.rig.folder);
  assert.equal(after.found, [ref('boot')]);
  const exited = await after.until(isState(ref('boot'), 'exited'));
  assert.match(exited.state === 'exited' ? (exited.message ?? '') : '', /board was restarted/);
  assert.ok(processStart(before.pid) !== undefined);
  assert.ok(processStart(shim.pid) !== undefined);
  process.kill(shim.pid, 'SIGTERM');
  await untilGone(shim.pid);
  await after.remove();
});

test('a pid that was given to another process is taken neither for the shim nor for the program', async () => {
  const before = await left('recycled', 'exec sleep 1000');
  const path = `${before.rig.folder}/pods/uid-recycled`;
  const shim = JSON.parse(readFileSync(`${path}/shim.json`, 'utf8'));
  const record = JSON.parse(readFileSync(`${path}/main.0.json`, 'utf8'));
  writeFileSync(`${path}/shim.json`, JSON.stringify({ ...shim, start: '1' }));
  writeFileSync(`${path}/main.0.json`, JSON.stringify({ ...record, start: '1' }));
  const after = createRig(before.rig.folder);
  const exited = await after.until(isState(ref('recycled'), 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 137);
  assert.ok(processStart(before.pid) !== undefined);
  process.kill(shim.pid, 'SIGTERM');
  await untilGone(shim.pid);
  await after.remove();
});

test('a process that a lost shim started and did not write down is found and ended', async () => {
  const before = await left('unseen', 'exec sleep 1000');
  const path = `${before.rig.folder}/pods/uid-unseen`;
  const record = JSON.parse(readFileSync(`${path}/main.0.json`, 'utf8'));
  const { pid: _pid, start: _start, ...rest } = record;
  const shim = JSON.parse(readFileSync(`${path}/shim.json`, 'utf8'));
  process.kill(shim.pid, 'SIGKILL');
  await untilGone(shim.pid);
  writeFileSync(`${path}/main.0.json`, JSON.stringify({ ...rest, state: 'starting' }));
  const after = createRig(before.rig.folder);
  await after.until(isState(ref('unseen'), 'exited'));
  await untilGone(before.pid);
  await after.remove();
});

test('a record cut short means that the attempt was made, and its end is unknown', async () => {
  const before = await left('cut', 'exit 0');
  await before.rig.until(() => true);
  const path = `${before.rig.folder}/pods/uid-cut/main.1.json`;
  writeFileSync(path, '{"state":"st');
  const after = createRig(before.rig.folder);
  const exited = await after.until(isState(ref('cut', 1), 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 137);
  await after.remove();
});

test.run();
