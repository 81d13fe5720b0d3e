import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, type JsonObject, list } from '../json.ts';
import { EVENTS, NODES } from '../kinds.ts';
import { sampleNode } from '../test-support/samples.ts';
import { age, humanDuration } from './duration.ts';
import { evaluate, parseJsonPath } from './json-path.ts';
import { summarizePod } from './pod.ts';
import { tableOf } from './table.ts';

const S = 1000;
const durations: readonly [number, string][] = [
  [-5 * S, '<invalid>'],
  [-1 * S, '0s'],
  [0, '0s'],
  [119 * S, '119s'],
  [120 * S, '2m'],
  [599 * S, '9m59s'],
  [600 * S, '10m'],
  [10_800 * S, '3h'],
  [11_100 * S, '3h5m'],
  [28_800 * S, '8h'],
  [172_799 * S, '47h'],
  [172_800 * S, '2d'],
  [180_000 * S, '2d2h'],
  [691_200 * S, '8d'],
  [63_072_000 * S, '2y'],
];
for (const [ms, text] of durations) {
  test(`${ms} ms is ${text}`, () => assert.is(humanDuration(ms), text));
}
test('an age without a time is unknown', () => assert.is(age('', 0), '<unknown>'));

const running = (more: JsonObject = {}): JsonObject => ({
  name: 'm',
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...more,
});
const pods: readonly [string, JsonObject, string][] = [
  ['pending', { status: { phase: 'Pending' } }, '0/1 Pending 0'],
  ['running', { status: { phase: 'Running', containerStatuses: [running()] } }, '1/1 Running 0'],
  [
    'not ready',
    { status: { phase: 'Running', containerStatuses: [running({ ready: false })] } },
    '0/1 Running 0',
  ],
  [
    'crashing',
    {
      status: {
        phase: 'Running',
        containerStatuses: [
          running({
            ready: false,
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { finishedAt: '1970-01-01T00:00:10Z' } },
          }),
        ],
      },
    },
    '0/1 CrashLoopBackOff 3 (50s ago)',
  ],
  [
    'failed by exit code',
    {
      status: {
        phase: 'Failed',
        containerStatuses: [running({ ready: false, state: { terminated: { exitCode: 3 } } })],
      },
    },
    '0/1 ExitCode:3 0',
  ],
  [
    'killed by a signal',
    {
      status: {
        phase: 'Failed',
        containerStatuses: [running({ ready: false, state: { terminated: { signal: 9 } } })],
      },
    },
    '0/1 Signal:9 0',
  ],
  ['evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, '0/1 Evicted 0'],
  [
    'terminating',
    { metadata: { deletionTimestamp: 'x' }, status: { phase: 'Running' } },
    '0/1 Terminating 0',
  ],
  [
    'in an init container',
    {
      status: {
        phase: 'Pending',
        initContainerStatuses: [{ restartCount: 0, state: { running: {} } }],
      },
    },
    '0/1 Init:0/2 0',
  ],
  [
    'gated',
    { spec: { containers: [{}], schedulingGates: [{ name: 'g' }] }, status: { phase: 'Pending' } },
    '0/1 SchedulingGated 0',
  ],
];
for (const [what, pod, wanted] of pods) {
  test(`a pod that is ${what}`, () => {
    const whole = { spec: { containers: [{}], initContainers: [{}, {}] }, metadata: {}, ...pod };
    const { ready, status, restarts } = summarizePod(whole, 60_000);
    assert.is(`${ready} ${status} ${restarts}`, wanted);
  });
}

test('nodes have the columns of kubectl', () => {
  const node = sampleNode('n');
  const options = { type: NODES, include: 'Metadata', nowMs: 0 } as const;
  const table = tableOf([node], [node], {}, options);
  const cells = list(list(table, 'rows')[0], 'cells');
  assert.equal(
    cells.filter((_, index) => index !== 3),
    [
      'n',
      'Ready',
      '<none>',
      'v1.35.4-boardlet',
      '127.0.0.1',
      '<none>',
      'Debian 12',
      '6.1.0',
      'boardlet://0.1',
    ],
  );
  const none = tableOf([node], [node], {}, { ...options, include: 'None' });
  assert.is(at(list(none, 'rows')[0], 'object'), undefined);
});

test('an event row counts its series', () => {
  const event = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p' },
    series: { count: 7, lastObservedTime: '1970-01-01T00:00:00Z' },
  };
  const table = tableOf([event], [event], {}, { type: EVENTS, include: 'Metadata', nowMs: 5_000 });
  const cells = list(list(table, 'rows')[0], 'cells');
  assert.is(cells[0], '5s');
  assert.is(cells[3], 'pod/p');
  assert.is(cells[8], 7);
});

const paths: readonly [string, unknown[]][] = [
  ['.a.b', [1]],
  ['{.a.b}', [1]],
  ['$.a.b', [1]],
  ['.list[0].n', ['x']],
  ['.list[-1].n', ['y']],
  ['.list[*].n', ['x', 'y']],
  ['.list[?(@.t=="q")].n', ['y']],
  [".a['b']", [1]],
  ['.a.missing.c', []],
];
for (const [path, wanted] of paths) {
  test(`JSONPath ${path}`, () => {
    const object = {
      a: { b: 1 },
      list: [
        { n: 'x', t: 'p' },
        { n: 'y', t: 'q' },
      ],
    };
    assert.equal(evaluate(object, parseJsonPath(path) ?? []), wanted);
  });
}
test('a JSONPath of another kind is not followed', () =>
  assert.is(parseJsonPath('.a[?(@.b > 1)]'), undefined));

test.run();
