/** Small bounds, whole spaces: seconds. The bounds of docs/protocol.md §9 are in the `.full` tests. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { desiredModel } from './desired.ts';
import type { DesiredBounds, DesiredRules } from './desired-state.ts';
import { type Exploration, explore, type Model } from './explore.ts';
import { type ReportedBounds, type ReportedRules, reportedModel } from './reported.ts';

const DESIRED: DesiredBounds = {
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
const REPORTED: ReportedBounds = {
  writes: 3,
  terms: 2,
  boots: 0,
  crashes: 0,
  snapshots: false,
  tags: 5,
  messages: 9,
  lazyDisk: false,
};

const run = (model: Model<unknown>): Exploration =>
  explore(model, { maxStates: 3_000_000, slotBits: 21 });

function holds(name: string, model: Model<unknown>, atLeast: number): void {
  test(name, () => {
    const found = run(model);
    assert.is(found.violation, undefined, found.trace?.join('\n'));
    assert.ok(found.exhausted);
    assert.ok(found.states > atLeast, `${found.states} states`);
  });
}

holds(
  'desired: power cut, overlapping replicas, caches at any revision',
  desiredModel({ ...DESIRED, boots: 1, tags: 4, messages: 6 }),
  10_000,
);
holds(
  'desired: etcd restored from a backup',
  desiredModel({ ...DESIRED, rewinds: 1, messages: 6 }),
  20_000,
);
holds('desired: two keys', desiredModel({ ...DESIRED, keys: 2, tags: 4, messages: 5 }), 10_000);
holds(
  'reported: lazy flash, power cut, wipe, restore, projection',
  reportedModel({ ...REPORTED, boots: 1, snapshots: true, tags: 4, messages: 5, lazyDisk: true }),
  10_000,
);

function failsWithout(rule: string, model: Model<unknown>, invariant: string, steps: number): void {
  test(`without ${rule}: ${invariant} in ${steps} steps`, () => {
    const found = run(model);
    assert.ok(found.violation?.startsWith(invariant), found.violation ?? 'nothing found');
    assert.is(found.trace?.length, steps, found.trace?.join('\n'));
  });
}

const desiredWithout = (
  rules: Partial<DesiredRules>,
  bounds: Partial<DesiredBounds> = {},
): Model<unknown> => desiredModel({ ...DESIRED, ...bounds }, rules);
const reportedWithout = (
  rules: Partial<ReportedRules>,
  bounds: Partial<ReportedBounds> = {},
): Model<unknown> => reportedModel({ ...REPORTED, ...bounds }, rules);

failsWithout('the echo', desiredWithout({ echo: false }, { boots: 1 }), 'NoStaleBoot', 10);
failsWithout('the Lease read', desiredWithout({ leaseRead: false }), 'Convergence', 2);
failsWithout(
  'the Lease read, quarrels aside',
  desiredWithout({ leaseRead: false, settle: false }),
  'StaleReplica',
  15,
);
failsWithout('the seq', desiredWithout({ seq: false }), 'NoRollback', 12);
failsWithout('the mark', desiredWithout({ mark: false }), 'NoRollback', 14);
failsWithout(
  'the commit before the act',
  desiredWithout({ commitFirst: false }, { boots: 1 }),
  'CommitBeforeAct',
  9,
);
failsWithout('the tag upwards', reportedWithout({ tag: false }, { boots: 1 }), 'Convergence', 4);
failsWithout('the seq upwards', reportedWithout({ seq: false }, { boots: 1 }), 'NoRollback', 9);
failsWithout("the object's term", reportedWithout({ objectTerm: false }), 'ProjectionRollback', 14);

test.run();
