import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DesiredChange } from '../documents.ts';
import { createTwinEngine, type TwinEngine, type TwinEngineOptions } from './engine.ts';
import {
  createFakeDocuments,
  createFakeDriver,
  createFakeTime,
  device,
  type FakeDocuments,
  type FakeDriver,
  type FakeTime,
  property,
  silentLog,
} from './twin-bench.ts';

interface Bench {
  readonly time: FakeTime;
  readonly documents: FakeDocuments;
  readonly driver: FakeDriver;
  readonly engine: TwinEngine;
}

function bench(
  documents = createFakeDocuments(),
  driver = createFakeDriver(),
  options: Partial<TwinEngineOptions> = {},
): Bench {
  const time = createFakeTime();
  const engine = createTwinEngine({
    documents,
    drivers: new Map([[driver.protocol, driver]]),
    clock: time.clock,
    timers: time.timers,
    log: silentLog,
    ...options,
  });
  return { time, documents, driver, engine };
}
const put = (name: string, body: NonNullable<DesiredChange['body']>): DesiredChange =>
  ({ kind: name.split('/').length > 2 ? 'twinDesired' : 'device', name, body }) as DesiredChange;
const gone = (name: string): DesiredChange => ({ ...put(name, 0), body: undefined }) as never;

test('a device opens its properties, reads them at once and then each collectMs', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  driver.values.set('a', 7);
  documents.desire(put('ns/d', device(property('a', { collectMs: 500 }))));
  assert.equal(driver.calls, ['open a', 'read a']);
  assert.equal(documents.reports, ['ns/d/a = 7']);
  time.pass(2010);
  assert.is(driver.calls.filter((call) => call === 'read a').length, 5);
});

test('collectMs 0 means each second, and less than 100 ms means 100', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  documents.desire(
    put('ns/d', device(property('a', { collectMs: 0 }), property('b', { collectMs: 1 }))),
  );
  time.pass(10_100);
  const reads = (name: string) => driver.calls.filter((call) => call === `read ${name}`).length;
  assert.is(reads('a'), 11);
  assert.ok(reads('b') > 80 && reads('b') <= 102, `${reads('b')} reads`);
});

test('an unchanged value is not reported again; a lone change goes at once', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a', { reportMs: 5000 }))));
  time.pass(20_000);
  assert.equal(documents.reports, ['ns/d/a = 0']);
  driver.values.set('a', 1);
  time.pass(1020);
  assert.equal(documents.reports, ['ns/d/a = 0', 'ns/d/a = 1']);
});

test('changes within reportMs are held, and the newest goes when it is over', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a', { collectMs: 100, reportMs: 5000 }))));
  for (let i = 1; i <= 40; i++) {
    driver.values.set('a', i);
    time.pass(100);
  }
  assert.equal(documents.reports, ['ns/d/a = 0']);
  time.pass(1100);
  assert.equal(documents.reports, ['ns/d/a = 0', 'ns/d/a = 40']);
});

test('a value that went back before its report was due is not reported', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a', { collectMs: 100, reportMs: 5000 }))));
  driver.values.set('a', 9);
  time.pass(1000);
  driver.values.set('a', 0);
  time.pass(10_000);
  assert.equal(documents.reports, ['ns/d/a = 0']);
});

test('a desired value is written at once and reported back with what was desired', () => {
  const { documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a', { reportMs: 60_000 }))));
  documents.desire(put('ns/d/a', 5));
  assert.equal(driver.calls, ['open a', 'read a', 'write a=5', 'read a']);
  assert.equal(documents.reports, ['ns/d/a = 0', 'ns/d/a = 5 of 5']);
});

test('hardware that takes another value than the desired one is reported as it is', () => {
  const driver = createFakeDriver();
  const { documents, engine } = bench(createFakeDocuments(), {
    ...driver,
    write: (target, value, done) => {
      driver.values.set(target.property.name, Number(value) - 1);
      done({ ok: true, value: undefined });
    },
  });
  engine.start();
  documents.desire(put('ns/d', device(property('a'))), put('ns/d/a', 5));
  assert.is(documents.reports.at(-1), 'ns/d/a = 4 of 5');
});

test('after a restart a desired value that the hardware holds is not written again', () => {
  const documents = createFakeDocuments();
  const driver = createFakeDriver();
  driver.values.set('a', 5);
  documents.bodies.device.set('ns/d', device(property('a')));
  documents.bodies.twinDesired.set('ns/d/a', 5);
  bench(documents, driver).engine.start();
  assert.equal(driver.calls, ['open a', 'read a']);
  assert.equal(documents.bodies.twin.get('ns/d/a'), { value: 5, observedDesired: 5 });
});

test('after a restart a desired value that the hardware lost is written again', () => {
  const documents = createFakeDocuments();
  const driver = createFakeDriver();
  documents.bodies.device.set('ns/d', device(property('a')));
  documents.bodies.twinDesired.set('ns/d/a', 5);
  bench(documents, driver).engine.start();
  assert.equal(driver.calls, ['open a', 'read a', 'write a=5', 'read a']);
});

test('a desired value that goes away leaves the value, without what was desired', () => {
  const { documents, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a'))), put('ns/d/a', 5));
  documents.desire(gone('ns/d/a'));
  assert.equal(documents.bodies.twin.get('ns/d/a'), { value: 5 });
});

for (const [name, change, value, reason] of [
  ['of another type', {}, 'five', /"five" is no INT/],
  ['below the minimum', { minimum: 1 }, 0, /0 is below the minimum 1/],
  ['above the maximum', { maximum: 10 }, 11, /11 is above the maximum 10/],
  ['of a read-only property', { readOnly: true }, 1, /the property is read-only/],
] as const)
  test(`a desired value ${name} is refused with an event and not written`, () => {
    const { documents, driver, engine } = bench();
    engine.start();
    documents.desire(put('ns/d', device(property('a', change))), put('ns/d/a', value));
    assert.not.ok(driver.calls.some((call) => call.startsWith('write')));
    assert.is(documents.events.length, 1);
    const [event] = documents.events;
    assert.is(event?.reason, 'DesiredValueRefused');
    assert.is(event?.name, 'ns/d');
    assert.match(event?.message ?? '', reason);
  });

test('a device that goes away is closed and its reported twins and status are removed', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a'), property('b'))));
  documents.desire(gone('ns/d'));
  assert.equal(
    driver.calls.filter((call) => call.startsWith('close')),
    ['close a', 'close b'],
  );
  assert.is(documents.bodies.twin.size, 0);
  assert.is(documents.bodies.deviceStatus.size, 0);
  time.pass(60_000);
  assert.is(driver.calls.at(-1), 'close b');
  assert.is(time.waiting(), 0);
});

test('a changed property is opened anew; the others go on undisturbed and no report is withdrawn', () => {
  const { documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a'), property('b'))));
  driver.calls.length = 0;
  documents.desire(put('ns/d', device(property('a'), property('b', { collectMs: 200 }))));
  assert.equal(driver.calls, ['close b', 'open b', 'read b']);
  assert.not.ok(documents.reports.some((each) => each.endsWith('gone')));
});

test('what an earlier run reported of devices that are gone is removed at the start', () => {
  const documents = createFakeDocuments();
  documents.bodies.device.set('ns/d', device(property('a')));
  documents.bodies.twin.set('ns/d/old', { value: 1 });
  documents.bodies.twin.set('ns/away/a', { value: 1 });
  documents.bodies.deviceStatus.set('ns/away', { state: 'ok' });
  bench(documents).engine.start();
  assert.equal([...documents.bodies.twin.keys()], ['ns/d/a']);
  assert.equal([...documents.bodies.deviceStatus.keys()], ['ns/d']);
});

test('an engine that closes lets go of the hardware, the timers and nothing that was reported', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a'))));
  engine.close();
  documents.desire(put('ns/e', device(property('b'))));
  assert.is(driver.calls.at(-1), 'close a');
  assert.equal(documents.bodies.twin.get('ns/d/a'), { value: 0 });
  assert.is(time.waiting(), 0);
});

test('devices of a namespace that the policy leaves out are refused where a user would look', () => {
  const { documents, driver, engine } = bench(undefined, undefined, {
    allowsNamespace: (namespace) => namespace !== 'kube-system',
  });
  engine.start();
  documents.desire(put('kube-system/d', device(property('a'))));
  assert.equal(driver.calls, []);
  assert.is(documents.status('kube-system/d')?.state, 'offline');
  assert.is(documents.events[0]?.reason, 'DeviceForbidden');
});

test('a property that is not reported says only what became of its desired values', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  documents.desire(put('ns/d', device(property('a', { report: false }))));
  driver.values.set('a', 3);
  time.pass(3000);
  assert.equal(documents.reports, []);
  documents.desire(put('ns/d/a', 5));
  driver.values.set('a', 6);
  time.pass(3000);
  assert.equal(documents.reports, ['ns/d/a = 5 of 5']);
});

test('a thousand properties share one timer, and wake the board at most 50 times a second', () => {
  const { time, documents, driver, engine } = bench();
  engine.start();
  const many = Array.from({ length: 1000 }, (_, i) =>
    property(`p${i}`, { collectMs: 900 + (i % 200) }),
  );
  documents.desire(put('ns/d', device(...many)));
  assert.is(time.waiting(), 1);
  const before = time.fired();
  time.pass(10_000);
  assert.is(time.waiting(), 1);
  assert.ok(time.fired() - before <= 500, `${time.fired() - before} wakes`);
  assert.ok(driver.calls.length > 9000);
});

test.run();
