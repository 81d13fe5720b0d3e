import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostResult } from '../host.ts';
import type { CertificateDates } from './certificate-dates.ts';
import type { Identity } from './identity.ts';
import { createRotator, type Rotator } from './rotator.ts';

const HOUR_MS = 3_600_000;
const IDENTITY: Identity = {
  board: 'pump-1',
  fleet: 'plant',
  node: 'plant-pump-1',
  link: 'pump-1',
  brokers: ['mqtts://b'],
  shards: 16,
  realm: '0011223344556677',
  ca: 'ca',
  certificate: 'first',
  key: 'first key',
};
type Answer = (answer: HostResult<string>) => void;

interface Bench {
  readonly rotator: Rotator;
  readonly asked: { readonly csr: string; readonly answer: Answer }[];
  readonly installed: Identity[];
  readonly rotated: Identity[];
  readonly logged: string[];
  /** Moves the clock and fires what became due, in order. */
  readonly run: (ms: number) => void;
  installResult: HostResult<CertificateDates>;
}

function bench(): Bench {
  let nowMs = 0;
  let pending: { atMs: number; fire: () => void }[] = [];
  let keys = 0;
  const logged: string[] = [];
  const log = (event: string, fields?: object): void => {
    logged.push(`${event} ${JSON.stringify(fields)}`);
  };
  const made: Bench = {
    asked: [],
    installed: [],
    rotated: [],
    logged,
    installResult: { ok: true, value: { notBeforeMs: 16 * HOUR_MS, notAfterMs: 40 * HOUR_MS } },
    run: (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        const next = pending.filter((p) => p.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        pending = pending.filter((p) => p !== next);
        nowMs = next.atMs;
        next.fire();
      }
      nowMs = endMs;
    },
    rotator: createRotator({
      clock: { monotonicMs: () => nowMs, unixMs: () => nowMs },
      timers: {
        after: (delayMs, fire) => {
          const entry = { atMs: nowMs + delayMs, fire };
          pending.push(entry);
          return {
            cancel: () => {
              pending = pending.filter((p) => p !== entry);
            },
          };
        },
      },
      log: { debug: log, info: log, warn: log, error: log },
      random: () => 0.5,
      identity: IDENTITY,
      dates: { notBeforeMs: 0, notAfterMs: 24 * HOUR_MS },
      createKey: (name) => {
        keys += 1;
        return { key: `secret key ${keys}`, csr: `csr ${keys} of ${name}` };
      },
      ask: (csr, answer) => made.asked.push({ csr, answer }),
      install: (next) => {
        made.installed.push(next);
        return made.installResult;
      },
      onRotated: (identity) => made.rotated.push(identity),
    }),
  };
  return made;
}
const refused = { ok: false, code: 'BL_LINK_DOWN', message: '' } as const;

test('renews with a new key, stores it before it is used, and goes on from there', () => {
  const b = bench();
  b.rotator.start();
  b.run(15 * HOUR_MS);
  assert.is(b.asked.length, 0);
  b.run(HOUR_MS);
  assert.is(b.asked[0]?.csr, 'csr 1 of pump-1');
  b.asked[0]?.answer({ ok: true, value: 'second' });
  const next = { ...IDENTITY, key: 'secret key 1', certificate: 'second' };
  assert.equal(b.installed, [next]);
  assert.equal(b.rotated, [next]);
  assert.equal(b.rotator.identity(), next);
  b.run(16 * HOUR_MS);
  assert.is(b.asked[1]?.csr, 'csr 2 of pump-1');
  b.rotator.stop();
});

test('keeps the old identity when the answer is refused, comes late or does not fit', () => {
  const b = bench();
  b.rotator.start();
  b.run(16 * HOUR_MS);
  b.asked[0]?.answer(refused);
  b.run(HOUR_MS);
  assert.ok(b.asked.length >= 2);
  b.installResult = { ok: false, code: 'BL_ENROLL_CERTIFICATE', message: '' };
  b.asked.at(-1)?.answer({ ok: true, value: 'not ours' });
  b.asked[0]?.answer({ ok: true, value: 'far too late' });
  assert.is(b.installed.length, 1);
  assert.equal(b.rotated, []);
  assert.equal(b.rotator.identity(), IDENTITY);
  b.rotator.stop();
});

test('an attempt that failed for want of a link is repeated as soon as there is one', () => {
  const b = bench();
  b.rotator.start();
  b.run(16 * HOUR_MS);
  b.asked[0]?.answer(refused);
  b.rotator.linkUp();
  assert.is(b.asked.length, 2);
  b.rotator.stop();
});

test('a certificate that ended is said once, and asking goes on', () => {
  const b = bench();
  b.rotator.start();
  b.run(30 * HOUR_MS);
  assert.is(b.logged.filter((l) => l.startsWith('enroll.certificate-ended')).length, 1);
  const before = b.asked.length;
  b.run(HOUR_MS);
  assert.ok(b.asked.length > before);
  b.rotator.stop();
  b.run(HOUR_MS * 10);
});

test('stopped, it neither asks nor takes an answer', () => {
  const b = bench();
  b.rotator.start();
  b.run(16 * HOUR_MS);
  b.rotator.stop();
  b.asked[0]?.answer({ ok: true, value: 'second' });
  b.run(24 * HOUR_MS);
  assert.is(b.asked.length, 1);
  assert.equal(b.installed, []);
});

test('no key appears in the log', () => {
  const b = bench();
  b.rotator.start();
  b.run(16 * HOUR_MS);
  b.asked[0]?.answer({ ok: true, value: 'second' });
  assert.ok(b.logged.length > 0);
  assert.not(b.logged.join().includes('secret'));
  b.rotator.stop();
});

test.run();
