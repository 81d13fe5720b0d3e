import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasLivingMembers, processStart } from './linux.ts';
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
  process.env['AGENT_SECRET'] = 'leaked';
  rig = createRig(makeFolder());
});
test.after(() => rig.remove());

test('runs a program, tells its pid, its exit code and its log', async () => {
  const of = ref('plain');
  rig.runtime.start(of, shell('echo one; echo two >&2; exit 3'));
  const running = await rig.until(isState(of, 'running'));
  assert.is(running.state, 'running');
  const exited = await rig.until(isState(of, 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 3);
  assert.equal((await logText(rig, of)).split('\n').sort(), ['', 'one', 'two']);
});

test('gives the program the environment of the pod and nothing of the agent', async () => {
  const of = ref('env');
  rig.runtime.start(of, shell('exec env', { env: [['GREETING', 'hello']] }));
  await rig.until(isState(of, 'exited'));
  const names = (await logText(rig, of)).trim().split('\n').sort();
  // PWD is the shell's own.
  assert.equal(
    names.filter((line) => !line.startsWith('PWD=')),
    [
      'BOARDLET_CONTAINER=uid-env.main.0',
      'GREETING=hello',
      'HOME=/',
      'HOSTNAME=env',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ],
  );
});

test('gives the program three descriptors and no more', async () => {
  const of = ref('descriptors');
  rig.runtime.start(of, shell('exec ls /proc/self/fd'));
  await rig.until(isState(of, 'exited'));
  // ls has one more open: the folder that it lists.
  assert.equal((await logText(rig, of)).trim().split('\n'), ['0', '1', '2', '3']);
});

test('gives the program pipes, so that it can open its own /dev/stdout', async () => {
  const of = ref('dev-stdout');
  rig.runtime.start(of, shell('echo through > /dev/stdout'));
  const exited = await rig.until(isState(of, 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 0);
  assert.is(await logText(rig, of), 'through\n');
});

test('what a program put into a session of its own ends with it', async () => {
  const of = ref('daemon');
  rig.runtime.start(of, shell("setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2"));
  await rig.until(isState(of, 'exited'));
  const pid = Number((await logText(rig, of)).trim());
  assert.ok(pid > 1);
  await untilGone(pid);
});

test('stops with TERM, and tells the signal as exit code 143', async () => {
  const of = ref('polite');
  rig.runtime.start(of, shell('exec sleep 1000'));
  await rig.until(isState(of, 'running'));
  rig.runtime.stop(of, 30_000);
  const exited = await rig.until(isState(of, 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 143);
  assert.is(exited.state === 'exited' && exited.signal, 15);
});

test('kills the whole group of a program that ignores TERM once its grace is over', async () => {
  const of = ref('stubborn');
  rig.runtime.start(
    of,
    shell("trap '' TERM; echo $$; (trap '' TERM; sleep 1000) & wait; sleep 1000"),
  );
  const running = await rig.until(isState(of, 'running'));
  rig.runtime.stop(of, 60_000);
  rig.runtime.stop(of, 300);
  const exited = await rig.until(isState(of, 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 137);
  const pid = running.state === 'running' ? running.pid : 0;
  for (let i = 0; i < 500 && hasLivingMembers(pid); i++) await sleep(10);
  assert.not.ok(hasLivingMembers(pid));
});

test('ends what a program leaves in the background when it exits', async () => {
  const of = ref('leaver');
  rig.runtime.start(of, shell('sleep 1000 & echo $!'));
  const exited = await rig.until(isState(of, 'exited'));
  assert.is(exited.state === 'exited' && exited.exitCode, 0);
  const pid = Number(await logText(rig, of));
  for (let i = 0; i < 500 && processStart(pid) !== undefined; i++) await sleep(10);
  assert.is(processStart(pid), undefined);
});

test('tells why a program cannot be started, and leaves the number of the attempt free', async () => {
  const cases: readonly [string, Parameters<Rig['runtime']['start']>[1], string, RegExp][] = [
    ['missing', shell('', { command: ['/no/such'] }), 'CreateContainerError', /was not found/],
    ['unknown', shell('', { command: ['no-such-prog'] }), 'CreateContainerError', /not found in/],
    ['folder', shell('', { command: ['/etc'] }), 'CreateContainerError', /no file/],
    [
      'plain-file',
      shell('', { command: [`${rig.folder}/plain`] }),
      'CreateContainerError',
      /EACCES/,
    ],
    ['no-command', { name: 'main', image: 'boardlet.dev/host' }, 'CreateContainerError', /no comm/],
    ['image', shell('true', { image: 'nginx' }), 'ErrImagePull', /boardlet.dev\/host/],
    ['cwd', shell('true', { workingDir: '/no/such' }), 'CreateContainerError', /workingDir/],
    ['nul', shell('a\0b'), 'CreateContainerError', /NUL/],
    ['env', shell('true', { env: [['A=B', 'c']] }), 'CreateContainerError', /env "A=B"/],
    ['format', shell('', { command: ['./node'], workingDir: '/x' }), 'CreateContainerError', /wor/],
  ];
  writeFileSync(`${rig.folder}/plain`, 'no program', { mode: 0o644 });
  for (const [name, spec, reason, message] of cases) {
    const of = ref(name);
    rig.runtime.start(of, spec);
    const failed = await rig.until(isState(of, 'failed'));
    assert.is(failed.state === 'failed' && failed.reason, reason, name);
    assert.match(failed.state === 'failed' ? failed.message : '', message, name);
  }
});

test('a program that the kernel refuses can be tried again under the same number', async () => {
  const of = ref('kernel');
  rig.runtime.start(of, shell('', { command: ['/bin/sh', '-c', 'true', 'x'.repeat(200_000)] }));
  const failed = await rig.until(isState(of, 'failed'));
  assert.match(failed.state === 'failed' ? failed.message : '', /E2BIG/);
  rig.runtime.start(of, shell('echo again'));
  await rig.until(isState(of, 'exited'));
  assert.is(await logText(rig, of), 'again\n');
});

test('a script whose interpreter is missing says so, and not that the script is', async () => {
  const of = ref('shebang');
  writeFileSync(`${rig.folder}/script`, '#!/no/such/interpreter\n', { mode: 0o755 });
  rig.runtime.start(of, shell('', { command: [`${rig.folder}/script`] }));
  const failed = await rig.until(isState(of, 'failed'));
  assert.match(failed.state === 'failed' ? failed.message : '', /interpreter .* is not there/);
});

test('an attempt that was made is not made again', async () => {
  const of = ref('twice');
  rig.runtime.start(of, shell('echo once'));
  await rig.until(isState(of, 'exited'));
  const before = rig.seen.length;
  rig.runtime.start(of, shell('echo twice'));
  await rig.until((r, s) => rig.seen.length > before && isState(of, 'exited')(r, s));
  assert.is(await logText(rig, of), 'once\n');
});

test('restarts under one shim, and keeps the log of the previous attempt alone', async () => {
  for (const attempt of [0, 1, 2]) {
    const of = ref('again', attempt);
    rig.runtime.start(of, shell(`echo attempt ${attempt}`));
    await rig.until(isState(of, 'exited'));
  }
  const of = ref('again', 2);
  assert.is(await logText(rig, of), 'attempt 2\n');
  assert.is(await logText(rig, of, { previous: true }), 'attempt 1\n');
  const names = readdirSync(`${rig.folder}/pods/uid-again`);
  assert.not.ok(names.some((name) => name.startsWith('main.0.')));
});

test('removes all files of a pod, and its shim leaves', async () => {
  const of = ref('removed');
  rig.runtime.start(of, shell('true'));
  await rig.until(isState(of, 'exited'));
  const shim = JSON.parse(readFileSync(`${rig.folder}/pods/uid-removed/shim.json`, 'utf8'));
  rig.runtime.remove(of.pod, of.uid);
  for (let i = 0; i < 500 && readdirSync(`${rig.folder}/pods`).includes('uid-removed'); i++)
    await sleep(10);
  assert.not.ok(readdirSync(`${rig.folder}/pods`).includes('uid-removed'));
  await untilGone(shim.pid);
});

test('runs as the user that the pod names, or says that it cannot', async () => {
  const of = ref('user');
  rig.runtime.start(of, shell('id -u; id -g; id -G; echo x > /dev/stderr', { user: 12345 }));
  if (process.getuid?.() === 0) {
    await rig.until(isState(of, 'exited'));
    const lines = (await logText(rig, of)).trim().split('\n');
    assert.equal(lines.sort(), ['12345', '12345', '12345', 'x']);
  } else {
    const failed = await rig.until(isState(of, 'failed'));
    assert.match(failed.state === 'failed' ? failed.message : '', /cannot become another/);
  }
});

test.run();
