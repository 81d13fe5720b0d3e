import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AttemptEnd, type Attempts, createAttempts, STABLE_MS } from './attempts.ts';
import { parseLinkUrl } from './link-url.ts';

function start(options: {
  readonly urls?: readonly string[];
  readonly protocol?: 'auto' | 4 | 5;
  readonly random?: number;
}): { readonly attempts: Attempts; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  const attempts = createAttempts({
    urls: (options.urls ?? ['mqtt://a']).map(parseLinkUrl),
    protocol: options.protocol ?? 'auto',
    nowMs: () => clock.nowMs,
    random: () => options.random ?? 1,
  });
  return { attempts, clock };
}

const shown = (attempts: Attempts): string =>
  `${attempts.next().url.host}/${attempts.next().level}`;

test('waits up to 200 ms first, doubles, and never over 5 s', () => {
  const { attempts, clock } = start({ protocol: 5 });
  const delays: number[] = [];
  for (let i = 0; i < 8; i++) {
    clock.nowMs += 100_000;
    delays.push(attempts.ended('failed').delayMs);
  }
  assert.equal(delays, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test('never waits more than half of the outage so far, so that it is back soon after a short one', () => {
  const { attempts, clock } = start({ protocol: 5 });
  clock.nowMs = 1000;
  let delayMs = attempts.ended('failed').delayMs;
  for (let i = 0; i < 30; i++) {
    assert.ok(delayMs <= Math.max(200, (clock.nowMs - 1000) / 2), `${delayMs} at ${clock.nowMs}`);
    clock.nowMs += delayMs;
    delayMs = attempts.ended('failed').delayMs;
  }
  assert.is(delayMs, 5000);
});

test('jitter takes any part of the delay', () => {
  assert.is(start({ random: 0 }).attempts.ended('failed').delayMs, 0);
  assert.is(start({ random: 0.25 }).attempts.ended('failed').delayMs, 50);
});

test('a stable connection ends the back-off, a short one does not', () => {
  const run = (upMs: number): number => {
    const { attempts, clock } = start({ protocol: 5 });
    for (let i = 0; i < 10; i++) {
      clock.nowMs += 10_000;
      attempts.ended('failed');
    }
    attempts.up();
    clock.nowMs += upMs;
    return attempts.ended('lost').delayMs;
  };
  assert.is(run(STABLE_MS), 200);
  assert.is(run(STABLE_MS - 1), 5000);
});

test('falls back to 3.1.1 at once where the broker refuses 5, and remembers it', () => {
  const { attempts } = start({});
  assert.is(shown(attempts), 'a/5');
  assert.equal(attempts.ended('version'), { delayMs: 0, retry: true });
  assert.is(shown(attempts), 'a/4');
  attempts.up();
  assert.is(attempts.ended('lost').retry, false);
  assert.is(shown(attempts), 'a/4');
});

test('a broker that just hangs up gets one try with 3.1.1 and is asked for 5 again next time', () => {
  const { attempts } = start({});
  assert.equal(attempts.ended('silent'), { delayMs: 0, retry: true });
  assert.is(shown(attempts), 'a/4');
  assert.is(attempts.ended('silent').retry, false);
  assert.is(shown(attempts), 'a/5');
});

test('does not fall back where one level was asked for', () => {
  const { attempts } = start({ protocol: 5 });
  for (const end of ['version', 'silent'] as const satisfies AttemptEnd[])
    assert.is(attempts.ended(end).retry, false);
  assert.is(shown(attempts), 'a/5');
});

test('tries the other URLs at once and waits after a whole round; each has its level', () => {
  const { attempts } = start({ urls: ['mqtt://a', 'mqtt://b'] });
  attempts.ended('version');
  assert.is(shown(attempts), 'a/4');
  assert.is(attempts.ended('failed').delayMs, 0);
  assert.is(shown(attempts), 'b/5');
  assert.is(attempts.ended('failed').delayMs, 200);
  assert.is(shown(attempts), 'a/4');
});

test('returns first to the URL that it lost', () => {
  const { attempts } = start({ urls: ['mqtt://a', 'mqtt://b'] });
  attempts.ended('failed');
  attempts.up();
  attempts.ended('lost');
  assert.is(shown(attempts), 'b/5');
});

test.run();
