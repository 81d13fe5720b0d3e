/** Drivers that fail, lie or never answer. */

import type { TwinValue } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTwinEngine } from './engine.ts';
import {
  createFakeDocuments,
  createFakeDriver,
  createFakeTime,
  device,
  property,
  silentLog,
  UNIX_START_MS,
} from './twin-bench.ts';

function bench(names = ['a', 'b'], change = {}) {
  const time = createFakeTime();
  const documents = createFakeDocuments();
  const driver = createFakeDriver();
  documents.bodies.device.set('ns/d', device(...names.map((name) => property(name, change))));
  const engine = createTwinEngine({
    documents,
    drivers: new Map([['fake', driver]]),
    clock: time.clock,
    timers: time.timers,
    log: silentLog,
  });
  const want = (value: TwinValue) =>
    documents.desire({ kind: 'twinDesired', name: 'ns/d/a', body: value });
  const count = (call: string) => driver.calls.filter((each) => each === call).length;
  return { time, documents, driver, engine, want, count };
}

test('a device whose properties all work is ok, since it became so', () => {
  const { time, documents, engine } = bench();
  engine.start();
  time.pass(60_000);
  assert.equal(documents.status('ns/d'), { state: 'ok', lastOnline: UNIX_START_MS });
});

test('some failing is unhealthy, all failing is offline, and it heals', () => {
  const { time, documents, driver, engine } = bench();
  driver.faults.set('read a', 'BL_DRIVER_BUS');
  engine.start();
  assert.equal(documents.status('ns/d'), {
    state: 'unhealthy',
    lastOnline: UNIX_START_MS,
    message: 'a: it does not work (BL_DRIVER_BUS)',
  });
  driver.faults.set('read b', 'BL_DRIVER_BUS');
  time.pass(2000);
  assert.is(documents.status('ns/d')?.state, 'offline');
  driver.faults.clear();
  time.pass(60_000);
  assert.is(documents.status('ns/d')?.state, 'ok');
  assert.is(documents.status('ns/d')?.message, undefined);
});

test('a failing driver is tried ever less often, up to once a minute, and speaks once in five minutes', () => {
  const { time, documents, driver, engine, count } = bench(['a']);
  driver.faults.set('open a', 'BL_DRIVER_BUS');
  engine.start();
  time.pass(3_600_000);
  assert.ok(count('open a') > 50 && count('open a') < 75, `${count('open a')} tries in an hour`);
  assert.ok(documents.events.length >= 11 && documents.events.length <= 13);
  const [first, second] = documents.events;
  assert.is(first?.reason, 'DriverFailed');
  assert.is(first?.count, undefined);
  assert.ok((second?.count ?? 0) > 1, 'what was held back is counted');
});

test('a protocol without a driver says which there are', () => {
  const { documents, engine } = bench(['a'], { protocol: 'modbus' });
  engine.start();
  assert.is(documents.status('ns/d')?.state, 'offline');
  assert.match(documents.events[0]?.message ?? '', /no driver for protocol "modbus"; it has: fake/);
});

test('an answer that comes after the driver was taken as failed is ignored', () => {
  const { time, documents, driver, engine } = bench(['a']);
  let late: () => void = () => undefined;
  const read = driver.read;
  Object.assign(driver, {
    read: (_target: Parameters<typeof read>[0], done: Parameters<typeof read>[1]) => {
      late = () => done({ ok: true, value: 99 });
    },
  });
  engine.start();
  time.pass(10_020);
  Object.assign(driver, { read });
  time.pass(1100);
  late();
  assert.equal(documents.reports, ['ns/d/a = 0']);
});

test('a driver that never answers is taken as failed and tried again', () => {
  const { time, documents, driver, engine, count } = bench(['a']);
  driver.faults.set('read a', 'silent');
  engine.start();
  time.pass(10_020);
  assert.match(documents.status('ns/d')?.message ?? '', /BL_DRIVER_TIMEOUT/);
  driver.faults.clear();
  time.pass(1100);
  assert.is(count('read a'), 2);
  assert.is(documents.status('ns/d')?.state, 'ok');
});

test('a write that fails is tried again until it works', () => {
  const { time, documents, driver, engine, want, count } = bench(['a']);
  engine.start();
  driver.faults.set('write a', 'BL_DRIVER_BUS');
  want(5);
  time.pass(4000);
  assert.ok(count('write a=5') >= 2);
  assert.equal(documents.bodies.twin.get('ns/d/a'), { value: 0 });
  driver.faults.clear();
  time.pass(60_000);
  assert.equal(documents.bodies.twin.get('ns/d/a'), { value: 5, observedDesired: 5 });
});

test('a write without an answer is tried again too', () => {
  const { time, documents, driver, engine, want } = bench(['a']);
  engine.start();
  driver.faults.set('write a', 'silent');
  want(5);
  time.pass(10_020);
  driver.faults.clear();
  time.pass(2000);
  assert.equal(documents.bodies.twin.get('ns/d/a'), { value: 5, observedDesired: 5 });
});

test('a newer desired value replaces one whose write fails', () => {
  const { time, documents, driver, engine, want, count } = bench(['a']);
  engine.start();
  driver.faults.set('write a', 'BL_DRIVER_BUS');
  want(5);
  driver.faults.clear();
  want(6);
  time.pass(60_000);
  assert.is(count('write a=5'), 1);
  assert.equal(documents.bodies.twin.get('ns/d/a'), { value: 6, observedDesired: 6 });
});

for (const [type, value] of [
  ['INT', 1.5],
  ['DOUBLE', Number.NaN],
  ['FLOAT', 1e300],
  ['STRING', 7],
  ['BOOLEAN', 1],
  ['BYTES', 'text'],
  ['STREAM', 'x'],
  ['STRING', 'x'.repeat(40_000)],
] as const)
  test(`a driver's ${String(value).slice(0, 10)} for a ${type} is its failure and is not reported`, () => {
    const { documents, driver, engine } = bench(['a'], { type });
    driver.values.set('a', value);
    engine.start();
    assert.equal(documents.reports, []);
    assert.match(documents.status('ns/d')?.message ?? '', /BL_DRIVER_VALUE/);
  });

test('a driver that notices changes itself is not polled', () => {
  const time = createFakeTime();
  const documents = createFakeDocuments();
  const fake = createFakeDriver();
  let changed: (value: TwinValue) => void = () => undefined;
  const driver = { ...fake, subscribe: (_: unknown, call: typeof changed) => (changed = call) };
  documents.bodies.device.set('ns/d', device(property('a')));
  createTwinEngine({
    documents,
    drivers: new Map([['fake', { ...driver, subscribe: (t, c) => void driver.subscribe(t, c) }]]),
    clock: time.clock,
    timers: time.timers,
    log: silentLog,
  }).start();
  time.pass(10_000);
  assert.equal(fake.calls, ['open a', 'read a']);
  changed(4);
  changed(5);
  assert.equal(documents.reports, ['ns/d/a = 0', 'ns/d/a = 4', 'ns/d/a = 5']);
});

test('a flood of failing devices is bounded in its events', () => {
  const time = createFakeTime();
  const documents = createFakeDocuments();
  for (let i = 0; i < 500; i++)
    documents.bodies.device.set(`ns/d${i}`, device(property('a', { protocol: 'none' })));
  createTwinEngine({
    documents,
    drivers: new Map(),
    clock: time.clock,
    timers: time.timers,
    log: silentLog,
  }).start();
  assert.is(documents.events.length, 25);
  assert.is(documents.bodies.deviceStatus.size, 500);
});

test.run();
