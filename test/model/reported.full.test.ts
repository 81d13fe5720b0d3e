import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from './explore.ts';
import { reportedModel } from './reported.ts';

test('reported and projected, whole space: lazy flash, power cut, wipe, restore', () => {
  const model = reportedModel({
    writes: 3,
    terms: 2,
    boots: 1,
    crashes: 0,
    snapshots: true,
    tags: 5,
    messages: 9,
    lazyDisk: true,
  });
  const found = explore(model, { maxStates: 9_000_000, slotBits: 24 });
  console.log(`${found.states} states, ${found.transitions} transitions`);
  assert.is(found.violation, undefined, found.trace?.join('\n'));
  assert.ok(found.exhausted);
});

test.run();
