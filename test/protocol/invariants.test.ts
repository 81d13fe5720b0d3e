/** Both real machines over a channel that loses, repeats, delays and reorders; every invariant of docs/protocol.md §8 that
 * a run can break, by its name. A failure prints its seed: `runWorld({ seed })` repeats it exactly. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type RunResult, runWorld, Violation, type WorldOptions } from './world.ts';

const FIRST_SEED = Number(process.env['SEED'] ?? 1);
const RUNS = Number(process.env['RUNS'] ?? 40);

interface Runs {
  readonly results: RunResult[];
  readonly violations: Violation[];
}

function attempt(options: WorldOptions): RunResult | Violation {
  try {
    return runWorld(options);
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

function runAll(): Runs {
  const runs: Runs = { results: [], violations: [] };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const found = attempt(seed % 8 === 0 ? { seed, keys: 300, boards: 2 } : { seed });
    if (found instanceof Violation) runs.violations.push(found);
    else runs.results.push(found);
  }
  return runs;
}

let cached: Runs | undefined;
function allRuns(): Runs {
  cached ??= runAll();
  return cached;
}

const BY_RUNS = [
  'NoRollback',
  'NoResurrect',
  'NoColdDelete',
  'NoStaleBoot',
  'StaleReplica',
  'CommitBeforeAct',
  'Convergence',
  'JournalCounted',
  'AbsenceIsSilence',
] as const;

for (const invariant of BY_RUNS) {
  test(`${invariant} holds in ${RUNS} runs from seed ${FIRST_SEED}`, () => {
    const broken = allRuns().violations.filter((v) => v.invariant === invariant);
    assert.equal(
      broken.map((v) => v.message),
      [],
    );
  });
}

test('the runs meet reboots and hand-overs, and are equal within 4 beats', () => {
  const { results } = allRuns();
  assert.is(results.length, RUNS);
  assert.ok(results.some((r) => r.boots > 2));
  assert.ok(results.some((r) => r.terms > 2));
  for (const r of results) assert.ok(r.beats <= 4, `${r.beats} beats`);
});

/** What may fall without a rule, and does within so many runs. */
const WITHOUT: readonly (readonly [string, Omit<WorldOptions, 'seed'>, readonly string[]])[] = [
  ['seq', { linkRules: { seq: false } }, ['NoRollback', 'NoResurrect', 'NoColdDelete']],
  ['seq upwards', { replicaRules: { seq: false } }, ['NoRollback']],
  ['mark', { replicaRules: { mark: false } }, ['NoRollback', 'NoResurrect', 'NoColdDelete']],
  ['Lease read', { replicaRules: { leaseRead: false } }, ['StaleReplica', 'Convergence']],
  ['commit before act', { linkRules: { commit: false } }, ['CommitBeforeAct']],
];

for (const [rule, options, invariants] of WITHOUT) {
  test(`without the rule "${rule}" the runs fail by ${invariants.join(' or ')}`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const found = attempt({ seed, ...options });
      if (!(found instanceof Violation)) continue;
      assert.ok(invariants.includes(found.invariant), found.message);
      return;
    }
    assert.unreachable('no violation in 40 runs');
  });
}

test.run();
