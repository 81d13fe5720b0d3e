/** Boards that fall silent, come back, and change links. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BoardSide, type BridgeSide, elapse, exchange, fromOutside, greeted } from './pair.ts';
import { DESIRED_KIND, versionedBody } from './truth.ts';

/** Long enough for a missed heartbeat, with nothing heard from the link. */
function silence(board: BoardSide, bridge: BridgeSide, from: number): number {
  for (let now = from; now <= from + 40_000; now += 1000) bridge.step({ type: 'tick' }, now);
  board.sent = [];
  return from + 40_000;
}

test('a link that comes back within its session hears of what changed while another carried its board', () => {
  const { board, bridge } = greeted();
  const back = silence(board, bridge, 1000);
  assert.equal(bridge.states(), ['up', 'HeartbeatMissed']);
  bridge.revision++;
  bridge.documents.set('ns/p', {
    kind: DESIRED_KIND,
    name: 'ns/p',
    body: versionedBody(1),
    revision: bridge.revision,
  });
  elapse(board, bridge, back, back + 25_000);
  assert.equal(bridge.states(), ['up', 'HeartbeatMissed', 'up']);
  assert.equal(board.applied(), ['+ns/p']);
});

test('a board that was bound to another link meanwhile is refused on the return of this one', () => {
  let bound = true;
  const { board, bridge } = greeted(['board-0', 'board-1'], {
    entitled: (id) => id === 'board-0' || bound,
  });
  const back = silence(board, bridge, 1000);
  bound = false;
  elapse(board, bridge, back, back + 25_000);
  assert.equal(bridge.machine.view().boards, ['board-0']);
  assert.ok(bridge.notices().includes('NotMine'));
  bridge.set('ns/p', 1, back + 26_000);
  const before = bridge.machine.view().counters.differed;
  elapse(board, bridge, back + 26_000, back + 60_000);
  assert.equal(board.applied(), ['+ns/p']);
  assert.is(bridge.machine.view().counters.differed, before, 'and the stamps agree again');
});

test('a restart of the link with fewer boards takes the missing one offline', () => {
  const { board, bridge } = greeted(['board-0', 'board-1']);
  const next = greeted(['board-0']).board;
  next.sent = [];
  void board;
  next.step({ type: 'disconnected' }, 1000);
  next.connect(1000);
  exchange(next, bridge, 1000);
  assert.equal(bridge.machine.view().boards, ['board-0']);
  assert.ok(bridge.effects.some((e) => e.type === 'down' && e.board === 'board-1'));
});

test('a session is renewed before its seqs pass 2^16, and a longer pace comes with a new one', () => {
  const { board, bridge } = greeted();
  const first = bridge.machine.view().tag;
  for (const type of ['up', 'beat'] as const) {
    const ops = [{ op: 'delete', kind: 5, name: 'd/none' }] as const;
    const message =
      type === 'up'
        ? ({ type, tag: first, seq: 62_000, b: 0, ops } as const)
        : ({ type, tag: first, seq: 62_000, stamp: 1 } as const);
    bridge.take(fromOutside('u', message), 1000);
  }
  exchange(board, bridge, 1000);
  const second = bridge.machine.view().tag;
  assert.is.not(second, first);
  assert.is(board.machine.view().tag, second);
  bridge.step({ type: 'pace', paceMs: 4000 }, 20_000);
  exchange(board, bridge, 20_000);
  assert.ok(board.effects.some((e) => e.type === 'greeted' && e.paceMs === 4000));
  elapse(board, bridge, 20_100, 60_000);
  assert.equal(bridge.states(), ['up', 'up', 'up'], 'three sessions, never down');
});

test.run();
