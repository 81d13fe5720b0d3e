import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardLabels, DEFAULT_ALLOWED_LABELS, labelPatch } from './labels.ts';
import { bytesQuantity, countQuantity, cpuQuantity } from './quantity.ts';
import { type Taint, taintsFor } from './taints.ts';

test('writes quantities in the form that the API server turns them into', () => {
  const cpus: readonly (readonly [number, string])[] = [
    [0, '0'],
    [1, '1m'],
    [999, '999m'],
    [1_000, '1'],
    [1_500, '1500m'],
    [1_000_000, '1k'],
  ];
  for (const [milli, text] of cpus) assert.is(cpuQuantity(milli), text);
  const bytes: readonly (readonly [number, string])[] = [
    [0, '0'],
    [1_023, '0'],
    [1_024, '1Ki'],
    [1_025, '1Ki'],
    [2 ** 20, '1Mi'],
    [2 ** 20 + 1_024, '1025Ki'],
    [8 * 2 ** 30, '8Gi'],
    [-5, '0'],
  ];
  for (const [count, text] of bytes) assert.is(bytesQuantity(count), text);
  assert.is(countQuantity(110), '110');
  assert.is(countQuantity(2_000), '2k');
});

test('lets a board set labels below its own domain and nowhere else', () => {
  const given = {
    'board.boardlet.dev/site': 'north',
    'board.boardlet.dev/': 'no name',
    'board.boardlet.dev/bad value': 'x',
    'board.boardlet.dev/long': 'x'.repeat(64),
    'board.boardlet.dev/empty': '',
    pool: 'payments',
    'kubernetes.io/os': 'linux',
    'node-role.kubernetes.io/control-plane': '',
    'xboard.boardlet.dev/site': 'x',
  };
  assert.equal(boardLabels(given, DEFAULT_ALLOWED_LABELS), {
    'board.boardlet.dev/site': 'north',
    'board.boardlet.dev/empty': '',
  });
  assert.equal(boardLabels(given, ['pool']), { pool: 'payments' });
  const many = Array.from({ length: 100 }, (_, i) => [`board.boardlet.dev/l${i}`, 'x']);
  assert.is(Object.keys(boardLabels(Object.fromEntries(many), DEFAULT_ALLOWED_LABELS)).length, 32);
});

test('patches only labels that differ, and takes away only what boards may set', () => {
  const allowed = DEFAULT_ALLOWED_LABELS;
  assert.is(labelPatch({ a: '1', b: '2' }, { a: '1' }, allowed), undefined);
  assert.equal(labelPatch({ a: '1', 'board.boardlet.dev/x': 'y', z: '0' }, { a: '2' }, allowed), {
    a: '2',
    'board.boardlet.dev/x': null,
  });
  assert.equal(labelPatch(undefined, { a: '1' }, allowed), { a: '1' });
});

test('keeps one pair of taints for each state and all that are others’', () => {
  const own: Taint = { key: 'boardlet.dev/board', effect: 'NoSchedule' };
  const cordon: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const names = (taints: readonly Taint[] | undefined) =>
    taints?.map(({ key, effect }) => `${key.split('/')[1]}:${effect}`);
  assert.is(taintsFor([own, cordon], 'True', 0), undefined);
  assert.is(taintsFor(undefined, 'True', 0), undefined);
  assert.equal(names(taintsFor([own, notReady, cordon], 'True', 0)), [
    'board:NoSchedule',
    'unschedulable:NoSchedule',
  ]);
  const away = taintsFor([own, notReady], 'Unknown', 0);
  assert.equal(names(away), [
    'board:NoSchedule',
    'unreachable:NoSchedule',
    'unreachable:NoExecute',
  ]);
  assert.is(taintsFor(away, 'Unknown', 9_000), undefined);
  assert.equal(names(taintsFor(away, 'False', 0)), [
    'board:NoSchedule',
    'not-ready:NoSchedule',
    'not-ready:NoExecute',
  ]);
});

test.run();
