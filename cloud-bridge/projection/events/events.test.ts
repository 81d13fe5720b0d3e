import type { EventEntry } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EVENTS, KubeError, PODS } from '../../kube/index.ts';
import { boundPod, readyRig } from '../testing/rig.ts';
import { takeToken } from './bucket.ts';

function entry(identity: string, more: Partial<EventEntry> = {}) {
  const event: EventEntry = {
    warning: false,
    reason: 'Started',
    message: 'it runs',
    about: 'node',
    name: '-',
    unixMs: 1_799_999_999_000,
    ...more,
  };
  return { identity, event };
}

test('a journal entry is one Event, however often it is sent', async () => {
  const rig = await readyRig();
  const { sink } = rig.projection;
  const sent = [entry('7-1'), entry('7-2', { warning: true, reason: 'Hot' })];
  const first = sink.journal('one', sent, 0);
  const again = sink.journal('one', sent, 0);
  await rig.settle(1_500);
  await Promise.all([first, again]);
  await Promise.all([sink.journal('one', sent, 0), rig.settle(1_500)]);
  const events = rig.api.all(EVENTS);
  assert.equal(
    events.map((event) => [event['reason'], event['type'], event['count']]),
    [
      ['Started', 'Normal', 1],
      ['Hot', 'Warning', 1],
    ],
  );
  assert.equal(events[0]?.['involvedObject'], {
    apiVersion: 'v1',
    kind: 'Node',
    name: 'f-one',
    uid: 'f-one',
  });
  assert.equal(events[0]?.['source'], { component: 'boardlet', host: 'f-one' });
  assert.is(events[0]?.['lastTimestamp'], '2027-01-15T07:59:59Z');
  await rig.stop();
});

test('an entry about a Pod stands on that Pod if it is the board’s own, else on its Node', async () => {
  const rig = await readyRig();
  const { metadata } = rig.api.put(PODS, boundPod('p'));
  await rig.settle();
  const about = 'pod' as const;
  const sent = [
    entry('1-1', { about, name: 'default/p' }),
    entry('1-2', { about, name: 'kube-system/other' }),
  ];
  await Promise.all([rig.projection.sink.journal('one', sent, 0), rig.settle(1_500)]);
  const [own, other] = rig.api.all(EVENTS);
  assert.is((own?.['involvedObject'] as { uid?: string } | undefined)?.uid, metadata.uid);
  assert.is(own?.metadata.namespace, 'default');
  assert.is((other?.['involvedObject'] as { kind?: string } | undefined)?.kind, 'Node');
  assert.is(other?.['message'], 'pod kube-system/other: it runs');
  await rig.stop();
});

test('is acknowledged only when the API has it', async () => {
  const rig = await readyRig();
  let down = true;
  rig.api.before = ({ plural }) => {
    if (down && plural === 'events') throw new KubeError('BL_KUBE_UNREACHABLE', 'down');
  };
  let done = false;
  const sent = rig.projection.sink.journal('one', [entry('1-1')], 0).then(() => {
    done = true;
  });
  await rig.settle(10_000);
  assert.not(done);
  down = false;
  await rig.settle(2_000);
  await sent;
  assert.is(rig.api.all(EVENTS).length, 1);
  await rig.stop();
});

test('what the API will never take does not stop the journal; standing down does not acknowledge', async () => {
  const rig = await readyRig();
  rig.api.before = ({ plural, name }) => {
    if (plural === 'events' && !name.includes('x'))
      throw new KubeError('BL_KUBE_INVALID', 'no', { status: 422 });
  };
  await Promise.all([rig.projection.sink.journal('one', [entry('1-1')], 0), rig.settle(1_500)]);
  rig.api.before = () => new Promise(() => undefined);
  const waiting = Array.from({ length: 80 }, (_, i) => entry(`2-${i}`));
  const sent = rig.projection.sink.journal('one', waiting, 0).then(
    () => 'acknowledged',
    (error: { code: string }) => error.code,
  );
  await rig.settle(60_000);
  rig.projection.standDown();
  await rig.settle();
  assert.is(await sent, 'BL_KUBE_ABORTED');
});

test('lost entries are told once for each new total', async () => {
  const rig = await readyRig();
  const { sink } = rig.projection;
  for (const lost of [0, 5, 5, 9])
    await Promise.all([sink.journal('one', [entry(`3-${lost}`)], lost), rig.settle(1_500)]);
  const messages = rig.api
    .all(EVENTS)
    .filter((event) => event['reason'] === 'JournalEntriesLost')
    .map((event) => event['message']);
  assert.equal(messages, [
    "the board's journal was full: 5 entries are lost (5 in all)",
    "the board's journal was full: 4 entries are lost (9 in all)",
  ]);
  await rig.stop();
});

test('the bridge’s own are counted, not multiplied, and bounded for each board', async () => {
  const rig = await readyRig();
  const { sink } = rig.projection;
  for (let i = 0; i < 1_000; i++) {
    sink.notice('one', 'Refused', 'the same');
    await rig.settle(10);
  }
  await rig.settle(6_000);
  const [event, ...others] = rig.api.all(EVENTS);
  assert.equal(others, []);
  assert.is(event?.['count'], 1_000);
  const writes = rig.calls().filter((call) => call.includes(' events '));
  assert.ok(writes.length <= 6, `${writes.length} writes`);
  for (let i = 0; i < 200; i++) sink.notice('one', 'Rubbish', `frame ${i}`);
  sink.notice('two', 'Rubbish', 'frame 1');
  await rig.settle(1_500);
  const rubbish = rig.api.all(EVENTS).filter((one) => one['reason'] === 'Rubbish');
  assert.is(rubbish.length, 25);
  await rig.stop();
});

test('a bucket gives its burst, then one each interval', () => {
  const limits = { burst: 2, refillMs: 100 };
  let bucket: Parameters<typeof takeToken>[0];
  const waits = [0, 0, 0, 0, 1_000].map((nowMs) => {
    const taken = takeToken(bucket, nowMs, limits);
    bucket = taken.bucket;
    return taken.waitMs;
  });
  assert.equal(waits, [0, 0, 100, 200, 0]);
});

test.run();
