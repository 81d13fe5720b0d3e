import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PaceGovernor } from './pace-governor.ts';

/** So many messages a second for so many seconds; the paces it went through. */
function run(governor: PaceGovernor, fromMs: number, seconds: number, perS: number): number[] {
  const paces: number[] = [];
  for (let i = 0; i < seconds * perS; i++)
    if (governor.count(fromMs + (i * 1000) / perS)) paces.push(governor.paceMs);
  return paces;
}

test('raises the pace under load, up to ten seconds, and lowers it again when it is calm', () => {
  const governor = new PaceGovernor(1000, 100);
  run(governor, 0, 6, 50);
  assert.is(governor.paceMs, 1000);
  assert.equal(run(governor, 10_000, 40, 200), [2000, 4000, 8000, 10_000]);
  assert.equal(run(governor, 60_000, 30, 10), [5000, 2500, 1250, 1000]);
});

test.run();
