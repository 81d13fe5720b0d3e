import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostSample } from './host.ts';
import { allocatableOf, initialPressure, judgePressure } from './pressure.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const CALM: HostSample = {
  memoryTotalBytes: 2 * GIB,
  memoryAvailableBytes: GIB,
  uptimeS: 0,
  diskTotalBytes: 32 * GIB,
  diskAvailableBytes: 16 * GIB,
  processes: 100,
  processLimit: 1000,
};

/** Statuses of memory, disk and pids after each sample, as T, F or U. */
function course(...changes: readonly Partial<HostSample>[]): string[] {
  let state = initialPressure;
  return changes.map((change) => {
    const verdict = judgePressure(state, { ...CALM, ...change });
    state = verdict.state;
    return verdict.conditions.map(({ status }) => status.charAt(0)).join('');
  });
}

for (const [name, change, expected] of [
  ['a calm host has no pressure', {}, 'FFF'],
  ['memory at the threshold is enough', { memoryAvailableBytes: 100 * MIB }, 'FFF'],
  ['memory below 100 MiB is pressure', { memoryAvailableBytes: 100 * MIB - 1 }, 'TFF'],
  [
    'a board of 64 MiB may have 10 MiB left',
    { memoryTotalBytes: 64 * MIB, memoryAvailableBytes: 10 * MIB },
    'FFF',
  ],
  [
    'a board of 64 MiB is short below a tenth',
    { memoryTotalBytes: 64 * MIB, memoryAvailableBytes: 6 * MIB },
    'TFF',
  ],
  ['a large disk needs 1 GiB', { diskAvailableBytes: GIB - 1 }, 'FTF'],
  ['a small disk needs a tenth', { diskTotalBytes: 2 * GIB, diskAvailableBytes: 200 * MIB }, 'FTF'],
  ['few process ids left', { processes: 901 }, 'FFT'],
  ['exactly a tenth left', { processes: 900 }, 'FFF'],
  ['nothing known of memory', { memoryTotalBytes: 0 }, 'UFF'],
] as const)
  test(name, () => assert.equal(course(change), [expected]));

test('a host that does not tell its disk or process ids says Unknown', () => {
  const { memoryTotalBytes, memoryAvailableBytes, uptimeS } = CALM;
  const sample = { memoryTotalBytes, memoryAvailableBytes, uptimeS };
  const { conditions } = judgePressure(initialPressure, sample);
  assert.equal(
    conditions.map(({ status, reason }) => `${status} ${reason}`),
    ['False KubeletHasSufficientMemory', 'Unknown NotMeasured', 'Unknown NotMeasured'],
  );
});

test('pressure is told at once and ends only after a minute well above the threshold', () => {
  const low = 90 * MIB;
  const edge = 110 * MIB;
  const well = 200 * MIB;
  const at = (uptimeS: number, memoryAvailableBytes: number) => ({ uptimeS, memoryAvailableBytes });
  assert.equal(
    course(
      at(0, well),
      at(10, low),
      at(20, well),
      at(79, well),
      at(80, well),
      at(90, low),
      at(100, well),
      at(130, edge),
      at(170, well),
      at(229, well),
      at(230, well),
    ).map((each) => each.charAt(0)),
    ['F', 'T', 'T', 'T', 'F', 'T', 'T', 'T', 'T', 'T', 'F'],
  );
});

test('the texts stay the same while the status does, so that nothing is written for each sample', () => {
  const first = judgePressure(initialPressure, CALM);
  const second = judgePressure(first.state, { ...CALM, memoryAvailableBytes: 700 * MIB });
  assert.equal(first.conditions, second.conditions);
});

test('what pods may have leaves at most 100 millicores, 200 MiB and a tenth of the disk', () => {
  assert.equal(
    allocatableOf({ cpuMilli: 4000, memoryBytes: 8 * GIB, ephemeralBytes: 100, pods: 110 }),
    { cpuMilli: 3900, memoryBytes: 8 * GIB - 200 * MIB, ephemeralBytes: 90, pods: 110 },
  );
  assert.equal(allocatableOf({ cpuMilli: 500, memoryBytes: 100, ephemeralBytes: 0, pods: 110 }), {
    cpuMilli: 450,
    memoryBytes: 90,
    ephemeralBytes: 0,
    pods: 110,
  });
});

test.run();
