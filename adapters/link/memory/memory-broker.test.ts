import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LinkHandlers, LinkOptions, PausableLink } from '../link.ts';
import { createMemoryBroker, type MemoryBroker, type MemoryFault } from './memory-broker.ts';
import { matchesFilter } from './topic-filter.ts';

/** A broker whose tasks and timers run only when told. */
function start(queueLimit?: number): {
  readonly broker: MemoryBroker;
  readonly run: () => void;
  readonly open: (id: string, topics?: readonly string[], wish?: Partial<LinkOptions>) => Opened;
} {
  const tasks: (() => void)[] = [];
  let timers: (() => void)[] = [];
  const broker = createMemoryBroker({
    defer: (task) => tasks.push(task),
    after: (_delayMs, fire) => {
      timers.push(fire);
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== fire);
        },
      };
    },
    nowMs: () => 0,
    random: () => 0,
    ...(queueLimit === undefined ? {} : { queueLimit }),
  });
  const run = (): void => {
    while (tasks.length > 0) for (const task of tasks.splice(0)) task();
    for (const fire of timers.splice(0)) fire();
    while (tasks.length > 0) for (const task of tasks.splice(0)) task();
  };
  return { broker, run, open: (id, topics, wish) => open(broker, id, topics ?? [], wish) };
}

interface Opened {
  readonly link: PausableLink;
  readonly log: string[];
}

function open(
  broker: MemoryBroker,
  clientId: string,
  topics: readonly string[],
  wish: Partial<LinkOptions> = {},
): Opened {
  const log: string[] = [];
  const handlers: LinkHandlers = {
    onUp: () => log.push('up'),
    onDown: (code) => log.push(code),
    onMessage: (topic, payload) => log.push(`${topic}=${payload.join()}`),
    onDrain: () => log.push('drain'),
  };
  const link = broker.createLink({
    urls: [],
    clientId,
    protocol: 'auto',
    keepAliveS: 0,
    subscriptions: topics.map((topic) => ({ topic, qos: 1 as const })),
    will: () => ({ topic: 'will', payload: new Uint8Array([9]) }),
    handlers,
    ...wish,
  });
  link.start();
  return { link, log };
}

const one = new Uint8Array([1]);

test('matches filters as MQTT does', () => {
  for (const [filter, topic] of [
    ['a/b', 'a/b'],
    ['+/b', 'a/b'],
    ['+', ''],
    ['a/+/c', 'a//c'],
    ['#', 'a/b/c'],
    ['a/#', 'a'],
    ['a/#', 'a/b/c'],
    ['$SYS/#', '$SYS/x'],
  ] as const)
    assert.is(matchesFilter(filter, topic), true, `${filter} ${topic}`);
  for (const [filter, topic] of [
    ['a/b', 'a/b/c'],
    ['a/b/c', 'a/b'],
    ['+', 'a/b'],
    ['a/+', 'a'],
    ['#', '$SYS/x'],
    ['+/x', '$SYS/x'],
    ['a', 'A'],
  ] as const)
    assert.is(matchesFilter(filter, topic), false, `${filter} ${topic}`);
});

test('delivers nothing before the current task has ended, and a copy', () => {
  const { run, open } = start();
  const reader = open('r', ['t']);
  const writer = open('w');
  run();
  const payload = new Uint8Array([1, 2]);
  writer.link.publish('t', payload, 1);
  payload.fill(0);
  assert.equal(reader.log, ['up']);
  run();
  assert.equal(reader.log, ['up', 't=1,2']);
});

const FAULTS: readonly [MemoryFault, string[]][] = [
  ['deliver', ['t=1', 't=2']],
  ['drop', ['t=2']],
  ['duplicate', ['t=1', 't=1', 't=2']],
  ['hold', ['t=2', 't=1']],
];
for (const [fault, wanted] of FAULTS)
  test(`the fault ${fault} does what it says, and done comes all the same`, () => {
    const { broker, run, open } = start();
    const reader = open('r', ['t']);
    const writer = open('w');
    run();
    broker.setFault(({ from, to, payload }) =>
      from === 'w' && to === 'r' && payload[0] === 1 ? fault : 'deliver',
    );
    const done: boolean[] = [];
    writer.link.publish('t', one, 1, (ok) => done.push(ok));
    writer.link.publish('t', new Uint8Array([2]), 1, (ok) => done.push(ok));
    run();
    broker.releaseHeld();
    run();
    assert.equal(reader.log.slice(1), wanted);
    assert.equal(done, [true, true]);
  });

test('a second client with the id takes over: the first one’s will goes out', () => {
  const { broker, run, open } = start();
  const observer = open('o', ['will']);
  const first = open('x');
  run();
  first.link.close();
  const second = open('x');
  run();
  assert.equal(observer.log, ['up']);
  open('x');
  run();
  assert.equal(second.log.slice(0, 2), ['up', 'BL_LINK_TAKEN_OVER']);
  assert.ok(observer.log.includes('will=9'));
  assert.is(broker.clients().length, 2);
});

test('a stopped broker refuses and sends no wills; refusals have the code asked for', () => {
  const { broker, run, open } = start();
  const observer = open('o', ['will']);
  run();
  broker.stop();
  run();
  assert.equal(observer.log, ['up', 'BL_LINK_CLOSED', 'BL_LINK_UNREACHABLE']);
  broker.start();
  broker.refuse('BL_LINK_CREDENTIALS');
  run();
  assert.is(observer.log.at(-1), 'BL_LINK_CREDENTIALS');
  broker.refuse(undefined);
  run();
  assert.is(observer.log.at(-1), 'up');
  assert.is(broker.cut('nobody'), false);
});

test('what was in flight when the connection went is told as lost', () => {
  const { broker, run, open } = start();
  const writer = open('w');
  run();
  const done: boolean[] = [];
  writer.link.publish('t', one, 1, (ok) => done.push(ok));
  broker.cut('w');
  assert.equal(done, [false]);
  run();
  assert.equal(done, [false]);
});

test('a full queue drops the newest and counts them', () => {
  const { broker, run, open } = start(3);
  const reader = open('r', ['t']);
  run();
  reader.link.pause();
  for (let i = 0; i < 5; i++) broker.publish('t', new Uint8Array([i]), 1);
  run();
  assert.is(broker.dropped(), 2);
  reader.link.resume();
  run();
  assert.equal(reader.log, ['up', 't=0', 't=1', 't=2']);
});

test.run();
