import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRig, isState, logText, makeFolder, type Rig, ref, shell } from './test-rig.ts';

let rig: Rig;
test.before(() => {
  rig = createRig(makeFolder(), { logBytes: 100_000, logFiles: 1000 });
});
test.after(() => rig.remove());

test('a fast writer loses no line to rotation, read while it writes and afterwards', async () => {
  const of = ref('fast');
  const lines = 200_000;
  rig.runtime.start(of, shell(`exec seq 1 ${lines}`));
  await rig.until(isState(of, 'running'));
  const followed = await logText(rig, of, { follow: true });
  const wanted = `${Array.from({ length: lines }, (_, i) => i + 1).join('\n')}\n`;
  assert.ok(followed === wanted);
  await rig.until(isState(of, 'exited'));
  assert.ok((await logText(rig, of)) === wanted);
});

test('a follower of a log that pauses is woken by what comes, and ends when the program does', async () => {
  const of = ref('pausing');
  rig.runtime.start(of, shell('echo a; sleep 0.2; echo b; sleep 0.2; echo c'));
  await rig.until(isState(of, 'running'));
  assert.is(await logText(rig, of, { follow: true }), 'a\nb\nc\n');
});

test('a container without a run, or without a previous one, says so', async () => {
  const query = { follow: false, previous: false, timestamps: false };
  const none = rig.runtime.logs('default/none', 'main', query);
  assert.is(none.ok, false);
  const of = ref('first');
  rig.runtime.start(of, shell('true'));
  await rig.until(isState(of, 'exited'));
  const previous = rig.runtime.logs(of.pod, 'main', { ...query, previous: true });
  assert.match(previous.ok ? '' : previous.message, /no previous run/);
  const other = rig.runtime.logs(of.pod, 'side', query);
  assert.match(other.ok ? '' : other.message, /has not been started/);
});

test.run();
