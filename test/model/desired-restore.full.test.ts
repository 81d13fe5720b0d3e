/** The largest space, in a process of its own: about ten minutes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { desiredModel } from './desired.ts';
import { explore } from './explore.ts';

test('desired, whole space: power cut, wipe and restore from a snapshot', () => {
  const model = desiredModel({
    keys: 1,
    changes: 3,
    terms: 2,
    boots: 1,
    wipes: 1,
    crashes: 0,
    snapshots: true,
    rewinds: 0,
    tags: 5,
    messages: 8,
  });
  const found = explore(model, { maxStates: 9_000_000, slotBits: 24 });
  console.log(`${found.states} states, ${found.transitions} transitions`);
  assert.is(found.violation, undefined, found.trace?.join('\n'));
  assert.ok(found.exhausted);
});

test.run();
