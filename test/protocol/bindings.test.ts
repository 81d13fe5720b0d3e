/** Bindings that change under a link that is connected, or away (rule E1), without a restart of the link. */
import type { ReplicaOptions } from '@boardlet/cloud-bridge/session';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BoardSide, BridgeSide, elapse, exchange, greeted } from './pair.ts';

type Release = ReturnType<NonNullable<ReplicaOptions['released']>>;

/** Bindings of `board-1`; `board-0` is always bound to the link. */
function bindings() {
  const held: { bound: boolean; release: Release } = { bound: true, release: undefined };
  const options = {
    entitled: (id: string) => id === 'board-0' || held.bound,
    released: (id: string) => (id === 'board-0' || held.bound ? undefined : held.release),
  };
  return { held, options };
}

/** Two boards on one link; `board-1` runs `ns/p`. */
function standing(release: Release) {
  const { held, options } = bindings();
  const { board, bridge } = greeted(['board-0', 'board-1'], options);
  bridge.set('ns/p', 1, 10, 'board-1');
  elapse(board, bridge, 20, 11_000);
  const rebind = (bound: boolean, now: number): void => {
    held.bound = bound;
    held.release = bound ? undefined : release;
    bridge.step({ type: 'recheck' }, now);
  };
  return { board, bridge, rebind };
}

const ofBoard = (bridge: BridgeSide, board: string): string[] =>
  bridge.effects.flatMap((e) => {
    if (e.type === 'up' && e.board === board) return ['up'];
    return e.type === 'down' && e.board === board ? [e.reason] : [];
  });
const stopped = (board: BoardSide): readonly string[] =>
  board.effects.flatMap((e) =>
    e.type === 'apply' && e.b === 1 ? e.changes.filter((c) => !c.body).map((c) => c.name) : [],
  );
const given = (board: BoardSide): readonly string[] =>
  board.effects.flatMap((e) =>
    e.type === 'apply' && e.b === 1 ? e.changes.filter((c) => c.body).map((c) => c.name) : [],
  );
const types = (board: BoardSide): readonly string[] => board.effects.map((e) => e.type);

for (const release of ['Removed', 'Moved'] as const)
  test(`a board that an operator ${release.toLowerCase()} goes down at once, and its link forgets what it was to run`, () => {
    const { board, bridge, rebind } = standing(release);
    rebind(false, 12_000);
    assert.equal(ofBoard(bridge, 'board-1'), ['up', release]);
    exchange(board, bridge, 12_000);
    assert.equal(stopped(board), ['ns/p']);
    assert.equal(bridge.machine.view().boards, ['board-0']);
    assert.not(bridge.notices().includes('NotMine'));
    const { differed } = bridge.machine.view().counters;
    elapse(board, bridge, 12_100, 60_000);
    assert.is(bridge.machine.view().counters.differed, differed, 'and the stamps agree');
    assert.equal(ofBoard(bridge, 'board-0'), ['up']);
  });

test('without a decision a board is refused and goes down, and what it runs goes on', () => {
  const { board, bridge, rebind } = standing(undefined);
  rebind(false, 12_000);
  elapse(board, bridge, 12_000, 40_000);
  assert.equal(ofBoard(bridge, 'board-1'), ['up', 'NotBound']);
  assert.ok(bridge.notices().includes('NotMine'));
  assert.equal(stopped(board), []);
  bridge.set('ns/p', 2, 41_000, 'board-1');
  elapse(board, bridge, 41_000, 60_000);
  assert.equal(given(board), ['ns/p'], 'and nothing new comes down');
});

for (const release of ['Moved', undefined] as const)
  test(`a board that comes back is taken up without a restart of its link (${release ?? 'not decided'})`, () => {
    const { board, bridge, rebind } = standing(release);
    rebind(false, 12_000);
    elapse(board, bridge, 12_000, 30_000);
    bridge.set('ns/q', 1, 30_500, 'board-1');
    rebind(true, 31_000);
    exchange(board, bridge, 31_000);
    assert.equal(bridge.machine.view().boards, ['board-0', 'board-1']);
    assert.is(ofBoard(bridge, 'board-1').at(-1), 'up');
    elapse(board, bridge, 31_100, 60_000);
    const { differed } = bridge.machine.view().counters;
    elapse(board, bridge, 60_100, 90_000);
    assert.is(bridge.machine.view().counters.differed, differed, 'both hold the same');
    assert.ok(given(board).includes('ns/q'), 'of a change that it did not hear');
    assert.is(types(board).filter((type) => type === 'greeted').length, 2);
  });

test('a drop that is lost is said again', () => {
  const { board, bridge, rebind } = standing('Removed');
  bridge.step({ type: 'disconnected' }, 12_000);
  rebind(false, 12_100);
  bridge.sent = [];
  bridge.step({ type: 'connected' }, 12_200);
  elapse(board, bridge, 12_300, 40_000);
  assert.equal(stopped(board), ['ns/p']);
});

test('a board that was removed while its link was silent says so at once, and is dropped on its return', () => {
  const { board, bridge, rebind } = standing('Removed');
  for (let now = 12_000; now <= 52_000; now += 1000) bridge.step({ type: 'tick' }, now);
  assert.equal(ofBoard(bridge, 'board-1'), ['up', 'HeartbeatMissed']);
  rebind(false, 52_100);
  assert.equal(ofBoard(bridge, 'board-1'), ['up', 'HeartbeatMissed', 'Removed']);
  bridge.sent = [];
  board.sent = [];
  elapse(board, bridge, 53_000, 90_000);
  assert.equal(stopped(board), ['ns/p']);
  assert.equal(ofBoard(bridge, 'board-1').at(-1), 'Removed');
  assert.equal(ofBoard(bridge, 'board-0'), ['up', 'HeartbeatMissed', 'up']);
});

test('a bridge that was not there at the time drops what a birth lists and an operator moved away', () => {
  const { board } = standing('Moved');
  const { held, options } = bindings();
  held.bound = false;
  held.release = 'Moved';
  const next = new BridgeSide(20_000, options);
  next.revision = 10;
  elapse(board, next, 20_000, 40_000);
  assert.equal(stopped(board), ['ns/p']);
  assert.equal(next.machine.view().boards, ['board-0']);
});

test('a board that may be taken up waits for the Lease read, not for the next change', () => {
  const { board, bridge, rebind } = standing('Moved');
  rebind(false, 12_000);
  elapse(board, bridge, 12_000, 30_000);
  bridge.holder = false;
  rebind(true, 31_000);
  elapse(board, bridge, 31_000, 50_000);
  assert.equal(bridge.machine.view().boards, ['board-0']);
  bridge.holder = true;
  elapse(board, bridge, 50_100, 75_000);
  assert.equal(bridge.machine.view().boards, ['board-0', 'board-1']);
});

test('a change that concerns none of its boards costs a link nothing', () => {
  const { board, bridge } = standing(undefined);
  bridge.sent = [];
  bridge.step({ type: 'recheck' }, 12_000);
  assert.equal(bridge.sent, []);
  assert.is(types(board).filter((type) => type === 'greeted').length, 1);
});

test('drop by the API of the session goes down too', () => {
  const { bridge } = standing(undefined);
  bridge.step({ type: 'drop', board: 'board-1' }, 12_000);
  assert.equal(ofBoard(bridge, 'board-1'), ['up', 'Moved']);
});

test.run();
