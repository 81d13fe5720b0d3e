import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryFiles, type MemoryFiles } from '../../core/store/memory-files.ts';
import { createNodeClock, type NodeClock } from './clock.ts';
import { createLogger } from './log.ts';

const log = createLogger({ write: () => undefined });
const BUILD = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

interface System {
  unixMs: number;
  monotonicMs: number;
  synchronised: boolean;
}
function start(system: System, files: MemoryFiles = createMemoryFiles()): NodeClock {
  return createNodeClock({
    path: '/clock',
    files,
    buildUnixMs: BUILD,
    log,
    system: {
      unixMs: () => system.unixMs,
      monotonicMs: () => system.monotonicMs,
      synchronised: () => system.synchronised,
    },
  });
}
const pass = (system: System, ms: number): void => {
  system.unixMs += ms;
  system.monotonicMs += ms;
};

test('a board without a clock starts at its build time and goes on from there', () => {
  const system = { unixMs: 0, monotonicMs: 5000, synchronised: false };
  const clock = start(system);
  assert.is(clock.unixMs(), BUILD);
  pass(system, 1500);
  assert.is(clock.unixMs(), BUILD + 1500);
  assert.is(clock.monotonicMs(), 1500);
  assert.not.ok(clock.trusted());
  clock.close();
});

test('the time that a bridge told is kept, carried on, and the floor of the next start', () => {
  const files = createMemoryFiles();
  const system = { unixMs: 0, monotonicMs: 0, synchronised: false };
  const clock = start(system, files);
  clock.adjust(BUILD + 10 * DAY);
  assert.ok(clock.trusted());
  pass(system, 1000);
  assert.is(clock.unixMs(), BUILD + 10 * DAY + 1000);
  clock.close();
  const next = start({ unixMs: 0, monotonicMs: 0, synchronised: false }, files);
  assert.is(next.unixMs(), BUILD + 10 * DAY + 1000);
  next.close();
});

test('a synchronised system clock is believed over the bridge', () => {
  const system = { unixMs: BUILD + 3 * DAY, monotonicMs: 0, synchronised: true };
  const clock = start(system);
  clock.adjust(BUILD + 5 * DAY);
  assert.is(clock.unixMs(), BUILD + 3 * DAY);
  assert.ok(clock.trusted());
  clock.close();
});

test('a system clock that agrees with the bridge within 10 s goes on being used', () => {
  const system = { unixMs: BUILD + 3 * DAY, monotonicMs: 0, synchronised: false };
  const clock = start(system);
  clock.adjust(BUILD + 3 * DAY + 9000);
  assert.is(clock.unixMs(), BUILD + 3 * DAY);
  clock.adjust(BUILD + 3 * DAY + 20_000);
  assert.is(clock.unixMs(), BUILD + 3 * DAY + 20_000);
  clock.close();
});

test('a bridge may take back a saved time that was too late, but nothing before the build', () => {
  const files = createMemoryFiles();
  const first = start({ unixMs: 0, monotonicMs: 0, synchronised: false }, files);
  first.adjust(BUILD + 9000 * DAY);
  first.close();
  const clock = start({ unixMs: 0, monotonicMs: 0, synchronised: false }, files);
  clock.adjust(BUILD + 2 * DAY);
  assert.is(clock.unixMs(), BUILD + 2 * DAY);
  clock.adjust(BUILD - DAY);
  clock.adjust(Number.NaN);
  assert.is(clock.unixMs(), BUILD + 2 * DAY);
  clock.close();
});

test('a time that nobody vouches for is not saved', () => {
  const files = createMemoryFiles();
  start({ unixMs: BUILD + 9000 * DAY, monotonicMs: 0, synchronised: false }, files).close();
  assert.is(files.writes(), 0);
});

for (const [name, text] of [
  ['cut', '{"unixMs":'],
  ['empty', ''],
  ['of another kind', '{"unixMs":"soon"}'],
  ['too large', `{"unixMs":${'9'.repeat(30)}}`],
] as const)
  test(`a saved time that is ${name} counts for nothing`, () => {
    const files = createMemoryFiles();
    files.replace('/clock', new Uint8Array(Buffer.from(text)));
    const clock = start({ unixMs: 0, monotonicMs: 0, synchronised: false }, files);
    assert.is(clock.unixMs(), BUILD);
    clock.close();
  });

test.run();
