import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FloodGuard } from './flood-guard.ts';

const LIMITS = { messagesPerS: 10, bytesPerS: 1000 };

test('lets a burst of ten seconds through, then the sustained rate', () => {
  const guard = new FloodGuard(LIMITS, 0);
  let admitted = 0;
  for (let i = 0; i < 500; i++) if (guard.admit(1, 0)) admitted++;
  assert.is(admitted, 100);
  assert.is(guard.dropped, 400);
  admitted = 0;
  for (let ms = 1; ms <= 10_000; ms++) if (guard.admit(1, ms)) admitted++;
  assert.is(admitted, 100);
});

test('bounds bytes as well, and rubbish costs twenty messages', () => {
  const guard = new FloodGuard(LIMITS, 0);
  assert.ok(guard.admit(9000, 0));
  assert.not(guard.admit(9000, 0));
  for (let i = 0; i < 5; i++) guard.rubbish();
  assert.not(guard.admit(1, 0));
  assert.ok(guard.admit(1, 200));
});

test.run();
