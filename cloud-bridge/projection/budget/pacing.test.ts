import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FRESH, type Pace, paceChange, paceWrite } from './pacing.ts';
import { afterAnswer, afterRefusal, CALM, HALF_LIFE_MS, stretchOf, windowOf } from './pressure.ts';

/** Plays changes at the given times and answers when the object is written. */
function writesFor(changes: readonly (readonly [number, boolean?])[], stretch = 1): number[] {
  const writes: number[] = [];
  let pace: Pace = FRESH;
  const until = (nowMs: number): void => {
    while (pace.dueMs !== undefined && pace.dueMs <= nowMs) {
      writes.push(pace.dueMs);
      pace = paceWrite(pace, pace.dueMs);
    }
  };
  for (const [atMs, urgent = false] of changes) {
    until(atMs - 1);
    pace = paceChange(pace, atMs, urgent, stretch);
    until(atMs);
  }
  until(Number.POSITIVE_INFINITY);
  return writes;
}

test('changes that come 300 ms or more apart are written at once', () => {
  assert.equal(writesFor([[0], [300], [700], [1_000]]), [0, 300, 700, 1_000]);
});

test('closer ones become one write a second, and the last value is always written', () => {
  assert.equal(writesFor([[0], [299], [500], [700]]), [0, 1_000]);
  const burst = Array.from({ length: 10_001 }, (_, i) => [i] as const);
  const writes = writesFor(burst);
  assert.equal(writes, [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000]);
});

test('the last value of a burst does not wait for the second to end', () => {
  assert.equal(writesFor([[0], [100], [200]]), [0, 500]);
});

test('an urgent change is written at once, whatever came before', () => {
  assert.equal(writesFor([[0], [10], [20, true], [30]]), [0, 20, 330]);
});

test('under pressure the second becomes ten', () => {
  const burst = Array.from({ length: 30_000 }, (_, i) => [i] as const);
  assert.equal(writesFor(burst, 10), [0, 10_000, 20_000, 30_000]);
});

test('refusals tighten, slow answers too, good ones and time ease; all within bounds', () => {
  let pressure = CALM;
  assert.is(stretchOf(pressure, 0), 1);
  const open = windowOf(pressure, 0);
  for (let i = 0; i < 20; i++) pressure = afterRefusal(pressure, 0);
  assert.is(stretchOf(pressure, 0), 10);
  assert.is(windowOf(pressure, 0), 2);
  assert.is(stretchOf(pressure, HALF_LIFE_MS), 5.5);
  for (let i = 0; i < 401; i++) pressure = afterAnswer(pressure, 0, 5);
  assert.is(stretchOf(pressure, 0), 1);
  assert.is(windowOf(pressure, 0), open);
  pressure = afterAnswer(pressure, 0, 3_000);
  assert.ok(stretchOf(pressure, 0) > 1);
});

test.run();
