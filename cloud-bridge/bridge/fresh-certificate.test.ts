import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOrCreateAuthority } from '../trust/index.ts';
import { type Certificate, keepFresh, renewalDue } from './fresh-certificate.ts';

const DAY_MS = 86_400_000;
const dir = mkdtempSync(join(tmpdir(), 'fresh-'));
let nowMs = Date.UTC(2030, 0, 1);
const authority = await loadOrCreateAuthority(dir, { fleet: 'plant', now: () => nowMs });
const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

interface Rig {
  failing: boolean;
  readonly renewed: Certificate[];
  /** Moves the clock to the next due timer, and over it. */
  readonly next: () => Promise<number>;
}

async function rig(): Promise<Rig & { readonly current: () => Certificate; stop: () => void }> {
  let due: { at: number; fire: () => void } | undefined;
  const made: Rig = {
    failing: false,
    renewed: [],
    next: async () => {
      const now = due;
      if (now === undefined) throw new Error('no timer');
      nowMs = now.at;
      now.fire();
      for (let i = 0; i < 100 && due === now; i++) await new Promise((r) => setTimeout(r, 5));
      return nowMs;
    },
  };
  const fresh = await keepFresh({
    issue: () => {
      if (made.failing) return Promise.reject(new Error('no room'));
      return authority.issueServer({ names: ['127.0.0.1'], lifetimeS: (3 * DAY_MS) / 1000 });
    },
    onRenewed: (certificate) => made.renewed.push(certificate),
    clock: { unixMs: () => nowMs },
    timers: {
      after: (delayMs, fire) => {
        const mine = { at: nowMs + delayMs, fire };
        due = mine;
        return {
          cancel: () => {
            if (due === mine) due = undefined;
          },
        };
      },
    },
    log: quiet,
  });
  return Object.assign(made, { current: fresh.current, stop: fresh.stop });
}

test('a certificate is replaced after two thirds of its time, and goes on being so', async () => {
  const r = await rig();
  const first = r.current();
  const due = renewalDue(first.chain);
  while ((await r.next()) < due) assert.is(r.renewed.length, 0);
  assert.is(r.renewed.length, 1);
  assert.is(r.current(), r.renewed[0]);
  assert.is.not(r.current().key, first.key);
  const second = renewalDue(r.current().chain);
  assert.ok(second > due + DAY_MS);
  while ((await r.next()) < second);
  assert.is(r.renewed.length, 2);
  r.stop();
});

test('one that cannot be made now is tried again, and the old one serves meanwhile', async () => {
  const r = await rig();
  const first = r.current();
  const due = renewalDue(first.chain);
  r.failing = true;
  while ((await r.next()) < due + DAY_MS / 24);
  assert.is(r.current(), first);
  r.failing = false;
  await r.next();
  assert.is(r.renewed.length, 1);
  r.stop();
});

test('stopped, it holds no timer', async () => {
  const r = await rig();
  r.stop();
  await r.next().then(
    () => assert.unreachable('a timer is left'),
    (error: Error) => assert.is(error.message, 'no timer'),
  );
});

test.after(() => rmSync(dir, { recursive: true }));
test.run();
