import type { PodStatusDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KubeObject } from '../../kube/index.ts';
import { parseQuantity } from '../../kube/quantity.ts';
import { strategicMerge } from '../../kube/testing/patch.ts';
import { covers } from '../covers.ts';
import type { Away } from '../node/away.ts';
import { boundPod, endedStatus, runningStatus, shape } from '../testing/rig.ts';
import { believableMs, isSubdomain, plain, reasonOf } from '../text.ts';
import { isStopped, phaseAfter, reportedStatus } from './status.ts';

const NOW_MS = 1_800_000_100_000;

function pod(extra: Readonly<Record<string, unknown>> = {}): KubeObject {
  const base = boundPod('p', extra);
  return { ...base, metadata: { ...base.metadata, uid: 'u', resourceVersion: '1' } };
}

function apply(to: KubeObject, report: PodStatusDocument, away?: Away): KubeObject {
  const write = reportedStatus({ pod: to, report, away, hostIp: '10.0.0.1', nowMs: NOW_MS });
  return write?.op === 'patch' ? (strategicMerge(to, write.body) as KubeObject) : to;
}

test('what was written once is not written again, in each state', () => {
  const away: Away = { reason: 'LinkLost', sinceMs: NOW_MS };
  const reports: readonly PodStatusDocument[] = [
    { uid: 'u', phase: 'Pending', containers: [] },
    runningStatus('u'),
    endedStatus('u', 0),
    endedStatus('u', 137),
    { ...runningStatus('u'), reason: 'Evicted', message: 'no room' },
    // A board without a clock.
    { ...runningStatus('u'), startedAt: 5_000 },
  ];
  for (const report of reports)
    for (const gone of [undefined, away]) {
      const once = apply(pod(), report, gone);
      const input = { pod: once, report, away: gone, hostIp: '10.0.0.1', nowMs: NOW_MS + 9_999 };
      assert.is(reportedStatus(input), undefined, JSON.stringify([report.phase, gone]));
    }
});

test('what a condition says no longer goes', () => {
  const pending = apply(pod(), { uid: 'u', phase: 'Pending', containers: [] });
  assert.is(shape(pending).condition('Ready').reason, 'ContainersNotReady');
  const running = shape(apply(pending, runningStatus('u')));
  const ready = running.condition('Ready') as Record<string, unknown>;
  assert.equal(Object.keys(ready).sort(), ['lastTransitionTime', 'status', 'type']);
});

test('waits for readiness gates and for init containers', () => {
  const gated = pod({ readinessGates: [{ conditionType: 'example.com/open' }] });
  const shut = shape(apply(gated, runningStatus('u')));
  assert.is(shut.condition('ContainersReady').status, 'True');
  assert.is(shut.condition('Ready').reason, 'ReadinessGatesNotReady');
  const starting = pod({ initContainers: [{ name: 'first' }] });
  const init = shape(apply(starting, { uid: 'u', phase: 'Pending', containers: [] }));
  assert.is(init.condition('Initialized').status, 'False');
  assert.match(init.condition('Initialized').message ?? '', 'first');
  assert.is(init.status.initContainerStatuses.length, 1);
});

test('phases only go forward', () => {
  const table: readonly (readonly [string | undefined, string, string])[] = [
    [undefined, 'Pending', 'Pending'],
    ['Pending', 'Running', 'Running'],
    ['Running', 'Pending', 'Running'],
    ['Running', 'Failed', 'Failed'],
    ['Failed', 'Succeeded', 'Failed'],
    ['Succeeded', 'Running', 'Succeeded'],
  ];
  for (const [present, reported, after] of table) assert.is(phaseAfter(present, reported), after);
  assert.ok(isStopped(endedStatus('u')));
  assert.not(isStopped(runningStatus('u')));
  assert.not(isStopped({ ...runningStatus('u'), phase: 'Failed' }));
});

test('compares what is wanted with what is there', () => {
  const table: readonly (readonly [unknown, unknown, boolean])[] = [
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [{ a: 1 }, { a: 2 }, false],
    [{}, { a: null }, true],
    [{ a: 1 }, { a: null }, false],
    [{ a: [{ x: 1, y: 2 }] }, { a: [{ x: 1 }] }, true],
    [{ a: [1, 2] }, { a: [1] }, false],
    [{}, { a: [] }, true],
    [undefined, {}, true],
    [undefined, { a: 1 }, false],
    [{ a: { b: 1 } }, { a: 1 }, false],
  ];
  for (const [present, wanted, same] of table) assert.is(covers(present, wanted), same);
});

test('reads every form of quantity', () => {
  const table: readonly (readonly [string | number, number | undefined])[] = [
    ['1', 1],
    ['250m', 0.25],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['64Mi', 67_108_864],
    ['1e3', 1_000],
    ['2E', 2e18],
    ['1k', 1_000],
    [3, 3],
    ['', undefined],
    ['1 Gi', undefined],
    ['Ki', undefined],
    ['1Xi', undefined],
    [Number.NaN, undefined],
  ];
  for (const [text, value] of table) assert.is(parseQuantity(text), value, String(text));
});

test('makes text of boards fit to be shown', () => {
  assert.is(plain('a\u001b[2Jb\nc\u202e', 100), 'a[2Jb\nc');
  assert.is(plain('abcdef', 4), 'abc…');
  assert.is(reasonOf('CrashLoopBackOff', 'X'), 'CrashLoopBackOff');
  for (const bad of [undefined, '', 'a b', '1a', 'x'.repeat(129)])
    assert.is(reasonOf(bad, 'X'), 'X');
  assert.is(believableMs(5, 1_800_000_000_000), 1_800_000_000_000);
  assert.is(believableMs(1_900_000_000_000, 1_800_000_000_000, 7), 7);
  assert.is(believableMs(1_799_999_999_999, 1_800_000_000_000), 1_799_999_999_999);
  for (const [name, good] of [
    ['a', true],
    ['a-b.c1', true],
    ['', false],
    ['A', false],
    ['a..b', false],
    ['-a', false],
    ['a'.repeat(254), false],
  ] as const)
    assert.is(isSubdomain(name), good, name);
});

test.run();
