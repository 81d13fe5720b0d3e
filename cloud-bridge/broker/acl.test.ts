import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identityOf, type MqttIdentity } from '../trust/names.ts';
import { mayLeaveWill, mayPublish, maySubscribe } from './acl.ts';

function who(name: string): MqttIdentity {
  const identity = identityOf(name);
  if (identity === undefined) throw new Error(`no identity: ${name}`);
  return identity;
}
const LEAVES = ['u', 'j', 's', 'w', 't', 'd', 'r', 'c', 'x'];
const allowed = (test: (topic: string) => boolean, name: string): string =>
  LEAVES.filter((leaf) => test(`bl/plant/0a/${name}/${leaf}`)).join('');

test('each role has its own topics and no other', () => {
  const link = who('a');
  const teleop = who('a.teleop');
  assert.is(
    allowed((t) => mayPublish(link, t), 'a'),
    'ujswt',
  );
  assert.is(
    allowed((t) => maySubscribe(link, t), 'a'),
    'drc',
  );
  assert.is(
    allowed((t) => mayLeaveWill(link, t), 'a'),
    'w',
  );
  assert.is(
    allowed((t) => mayPublish(teleop, t), 'a.teleop'),
    'tx',
  );
  assert.is(
    allowed((t) => maySubscribe(teleop, t), 'a.teleop'),
    'cx',
  );
  assert.is(
    allowed((t) => mayLeaveWill(teleop, t), 'a.teleop'),
    '',
  );
  for (const [identity, other] of [
    [link, 'a.teleop'],
    [link, 'b'],
    [teleop, 'a'],
  ] as const) {
    assert.is(
      allowed((t) => mayPublish(identity, t), other),
      '',
    );
    assert.is(
      allowed((t) => maySubscribe(identity, t), other),
      '',
    );
  }
  assert.is(
    allowed((t) => mayPublish(who('bridge.main'), t), 'a'),
    LEAVES.join(''),
  );
});

test('topics of another shape are refused', () => {
  const bad = [
    '',
    '/',
    'bl',
    'bl/plant/0a/a',
    'bl/plant/0a/a/u/',
    '/bl/plant/0a/a/u',
    'bl//0a/a/u',
    'bl/plant/0A/a/u',
    'bl/plant/0/a/u',
    'bl/plant/000/a/u',
    'bl/pl ant/0a/a/u',
    'BL/plant/0a/a/u',
    'bl/+/0a/a/u',
    'bl/plant/0a/a/#',
    'bl/plant/0a/a/u\0',
    `bl/${'p'.repeat(300)}/0a/a/u`,
    '$SYS/a/u',
  ];
  for (const topic of bad) assert.not(mayPublish(who('a'), topic), topic);
});

test('a filter may leave fleet and shard open, and nothing else', () => {
  const link = who('a');
  assert.ok(maySubscribe(link, 'bl/+/+/a/d'));
  assert.ok(maySubscribe(link, 'bl/plant/+/a/d'));
  const bad = [
    'bl/+/+/+/d',
    'bl/+/+/a/+',
    'bl/+/+/a/#',
    'bl/#',
    '#',
    '+/+/+/a/d',
    '$share/g/bl/+/+/a/d',
  ];
  for (const filter of bad) assert.not(maySubscribe(link, filter), filter);
});

test('a bridge stays under bl/', () => {
  const bridge = who('bridge.main');
  assert.ok(maySubscribe(bridge, 'bl/plant/0a/+/u'));
  for (const filter of ['#', '+/plant', '$SYS/#', 'bl']) assert.not(maySubscribe(bridge, filter));
  assert.not(mayPublish(bridge, 'other'));
});

test('names are told apart', () => {
  const roles = [
    'a',
    'a.teleop',
    'bridge.x',
    'bridge',
    'bridge.x.teleop',
    'api.x',
    'A',
    '',
    'a.b',
    'bridge.',
  ];
  assert.equal(
    roles.map((name) => identityOf(name)?.role),
    [
      'link',
      'teleop',
      'bridge',
      'link',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ],
  );
});

test.run();
