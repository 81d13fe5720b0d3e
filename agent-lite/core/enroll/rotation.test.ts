import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { judgeDates } from './certificate-dates.ts';
import { hasEnded, type RotationState, startRotation, step } from './rotation.ts';

const HOUR_MS = 3_600_000;
const DATES = { notBeforeMs: 0, notAfterMs: 24 * HOUR_MS };
const NEXT = { notBeforeMs: 16 * HOUR_MS, notAfterMs: 40 * HOUR_MS };
const at = (unixMs: number, random = 0.5): { unixMs: number; random: number } => ({
  unixMs,
  random,
});

test('asks at two thirds of the lifetime, give or take a twentieth', () => {
  const due = (random: number): number => startRotation(DATES, at(0, random)).state.atMs / HOUR_MS;
  assert.is(Math.round(due(0.5)), 16);
  assert.is(due(0).toFixed(1), '14.8');
  assert.is(due(1).toFixed(1), '17.2');
  const { state, ask } = startRotation(DATES, at(0));
  assert.not(ask);
  assert.not(step(state, { type: 'time' }, at(state.atMs - 1)).ask);
  assert.ok(step(state, { type: 'time' }, at(state.atMs)).ask);
});

test('a board that was off while it should have asked, asks at once', () => {
  assert.ok(startRotation(DATES, at(20 * HOUR_MS)).ask);
});

test('looks at the clock again within the hour, since it may be set', () => {
  assert.is(startRotation(DATES, at(0)).againMs, HOUR_MS);
});

test('asks once, and again only after a failure or when no answer came', () => {
  const asked = startRotation(DATES, at(17 * HOUR_MS));
  assert.not(step(asked.state, { type: 'time' }, at(17 * HOUR_MS + 1000)).ask);
  assert.not(step(asked.state, { type: 'link-up' }, at(17 * HOUR_MS + 1000)).ask);
  const gaveUp = step(asked.state, { type: 'time' }, at(17 * HOUR_MS + 60_000));
  assert.is(gaveUp.state.failures, 1);
  assert.not(gaveUp.ask);
  assert.ok(step(gaveUp.state, { type: 'time' }, at(gaveUp.state.atMs)).ask);
});

test('an answer that comes after it was given up does not count as a failure of the next', () => {
  const held = startRotation(DATES, at(0));
  assert.equal(step(held.state, { type: 'failed' }, at(1)).state, held.state);
});

test('waits longer after each failure, yet tries many times before the end', () => {
  let now = 17 * HOUR_MS;
  let state: RotationState = startRotation(DATES, at(now)).state;
  const waits: number[] = [];
  let tries = 0;
  while (now < DATES.notAfterMs) {
    const failed = step(state, { type: 'failed' }, at(now));
    waits.push(failed.state.atMs - now);
    now = failed.state.atMs;
    const next = step(failed.state, { type: 'time' }, at(now));
    assert.ok(next.ask);
    state = next.state;
    tries += 1;
  }
  assert.ok((waits[1] ?? 0) > (waits[0] ?? 0));
  assert.ok(Math.max(...waits) <= HOUR_MS);
  assert.ok(waits.every((w) => w >= 2500));
  assert.ok(tries > 20, `${tries} tries`);
});

test('a link that comes up ends the wait after a failure, but hurries nobody else', () => {
  const asked = startRotation(DATES, at(17 * HOUR_MS));
  const failed = step(asked.state, { type: 'failed' }, at(17 * HOUR_MS));
  assert.ok(step(failed.state, { type: 'link-up' }, at(17 * HOUR_MS + 1)).ask);
  const held = startRotation(DATES, at(0));
  assert.not(step(held.state, { type: 'link-up' }, at(1)).ask);
});

test('starts anew from the dates of the new certificate', () => {
  const asked = startRotation(DATES, at(17 * HOUR_MS));
  const renewed = step(asked.state, { type: 'renewed', dates: NEXT }, at(17 * HOUR_MS));
  assert.is(renewed.state.atMs, 32 * HOUR_MS);
  assert.is(renewed.state.failures, 0);
  assert.not(hasEnded(renewed.state, 39 * HOUR_MS));
  assert.ok(hasEnded(renewed.state, 40 * HOUR_MS));
});

test('a clock that is only a floor may say that a certificate has ended, not that it has not begun', () => {
  const dates = { notBeforeMs: 100, notAfterMs: 200 };
  const judge = (unixMs: number, trusted: boolean): string =>
    judgeDates(dates, { unixMs, trusted });
  assert.is(judge(50, false), 'valid');
  assert.is(judge(50, true), 'not-yet-valid');
  assert.is(judge(100, true), 'valid');
  assert.is(judge(199, false), 'valid');
  assert.is(judge(200, false), 'expired');
});

test.run();
