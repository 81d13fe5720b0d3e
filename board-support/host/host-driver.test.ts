import type { TwinValue } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DriverProperty, DriverResult } from '../driver.ts';
import { driversByProtocol } from '../index.ts';
import { createHostDriver, type HostReading, hostTwinProperties } from './host-driver.ts';

const SAMPLE: HostReading = {
  load1: 0.5,
  memoryTotalBytes: 1000,
  memoryAvailableBytes: 400,
  uptimeS: 77,
  temperatureC: 41.5,
};

function bench(sample: HostReading = SAMPLE) {
  const timers: { readonly delayMs: number; readonly fire: () => void }[] = [];
  const counts = { samples: 0 };
  const driver = createHostDriver({
    sample: () => {
      counts.samples += 1;
      return sample;
    },
    after: (delayMs, fire) => {
      const timer = { delayMs, fire };
      timers.push(timer);
      return { cancel: () => void timers.splice(timers.indexOf(timer), 1) };
    },
  });
  const tick = (): void => timers.splice(0, 1)[0]?.fire();
  return { driver, timers, counts, tick };
}
const target = (
  name: string,
  config: DriverProperty['property']['config'] = null,
): DriverProperty => ({
  device: 'ns/d',
  protocolConfig: null,
  property: {
    name,
    type: 'DOUBLE',
    readOnly: false,
    protocol: 'host',
    config,
    reportMs: 0,
    collectMs: 0,
    report: true,
  },
});
function answerOf<T>(ask: (done: (result: DriverResult<T>) => void) => void): DriverResult<T> {
  let answer: DriverResult<T> | undefined;
  ask((result) => {
    answer = result;
  });
  if (answer === undefined) throw new Error('no answer');
  return answer;
}
const codeOf = (result: DriverResult<unknown>): string => (result.ok ? '' : result.code);

test('each metric reads from the sample', () => {
  const { driver } = bench();
  const read = (name: string) => answerOf<TwinValue>((done) => driver.read(target(name), done));
  assert.equal(
    [
      'load1',
      'memoryUsedBytes',
      'memoryAvailableBytes',
      'uptimeS',
      'temperatureC',
      'reportIntervalMs',
    ].map((name) => {
      const result = read(name);
      return result.ok ? result.value : result.code;
    }),
    [0.5, 600, 400, 77, 41.5, 10_000],
  );
});

test('a property may name its metric, and one that is not there is refused at open', () => {
  const { driver } = bench();
  const config = new Map([['metric', 'load1']]);
  const open = (t: DriverProperty) => codeOf(answerOf<void>((done) => driver.open(t, done)));
  assert.is(open(target('anything', config)), '');
  assert.is(open(target('anything')), 'BL_DRIVER_CONFIG');
  assert.is(answerOf<TwinValue>((done) => driver.read(target('x', config), done)).ok, true);
});

test('a host without a sensor offers no temperature and reads none', () => {
  const { temperatureC: _, load1: __, ...bare } = SAMPLE;
  const names = hostTwinProperties(bare).map(({ name }) => name);
  assert.equal(names, ['memoryUsedBytes', 'memoryAvailableBytes', 'uptimeS', 'reportIntervalMs']);
  const { driver } = bench(bare);
  const read = answerOf<TwinValue>((done) => driver.read(target('temperatureC'), done));
  assert.is(codeOf(read), 'BL_DRIVER_ABSENT');
});

test('one sample per interval serves all that are subscribed, and none is taken for nobody', () => {
  const { driver, timers, counts, tick } = bench();
  const seen: unknown[] = [];
  for (const name of ['load1', 'uptimeS'])
    driver.subscribe?.(target(name), (value) => seen.push([name, value]));
  assert.equal(
    timers.map(({ delayMs }) => delayMs),
    [10_000],
  );
  tick();
  assert.is(counts.samples, 1);
  assert.equal(seen, [
    ['load1', 0.5],
    ['uptimeS', 77],
  ]);
  driver.close(target('load1'));
  driver.close(target('uptimeS'));
  assert.is(timers.length, 0);
});

test('writing reportIntervalMs sets the cycle at once', () => {
  const { driver, timers } = bench();
  driver.subscribe?.(target('load1'), () => undefined);
  const written = answerOf<void>((done) => driver.write(target('reportIntervalMs'), 250, done));
  assert.ok(written.ok);
  assert.equal(
    timers.map(({ delayMs }) => delayMs),
    [250],
  );
  const read = answerOf<TwinValue>((done) => driver.read(target('reportIntervalMs'), done));
  assert.is(read.ok && read.value, 250);
});

for (const value of [99, 60_001, 1.5, '250', true, Number.NaN] as const)
  test(`reportIntervalMs does not take ${String(value)}`, () => {
    const { driver } = bench();
    const result = answerOf<void>((done) => driver.write(target('reportIntervalMs'), value, done));
    assert.is(codeOf(result), 'BL_DRIVER_VALUE');
  });

test('what the host measures cannot be written', () => {
  const { driver } = bench();
  const result = answerOf<void>((done) => driver.write(target('load1'), 1, done));
  assert.is(codeOf(result), 'BL_DRIVER_READ_ONLY');
});

test('drivers are found by their protocol', () => {
  const { driver } = bench();
  assert.is(driversByProtocol([driver]).get('host'), driver);
});

test.run();
