import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { desiredModel } from './desired.ts';
import type { DesiredBounds } from './desired-state.ts';
import { explore } from './explore.ts';

const BASE: DesiredBounds = {
  keys: 1,
  changes: 2,
  terms: 2,
  boots: 0,
  wipes: 0,
  crashes: 0,
  snapshots: false,
  rewinds: 0,
  tags: 5,
  messages: 8,
};

const RUNS: readonly (readonly [string, Partial<DesiredBounds>])[] = [
  ['power cut and crash', { boots: 1, crashes: 1, messages: 9 }],
  ['etcd restored', { rewinds: 1 }],
  ['two keys', { keys: 2, changes: 3, tags: 4, messages: 7 }],
  ['three terms', { terms: 3, boots: 1, tags: 6 }],
];

for (const [name, bounds] of RUNS) {
  test(`desired, whole space: ${name}`, () => {
    const found = explore(desiredModel({ ...BASE, ...bounds }), {
      maxStates: 9_000_000,
      slotBits: 24,
    });
    console.log(`${name}: ${found.states} states, ${found.transitions} transitions`);
    assert.is(found.violation, undefined, found.trace?.join('\n'));
    assert.ok(found.exhausted);
  });
}

test.run();
