/** When all that a board reports is known. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BoardSide, BridgeSide, elapse, exchange, greeted } from './pair.ts';
import { REPORTED_KIND } from './truth.ts';

const body = new Uint8Array([1]);
const order = (bridge: BridgeSide): readonly string[] =>
  bridge.effects.flatMap((e) => (/^(up|down|reported|synced)$/.test(e.type) ? [e.type] : []));

function reporting(count: number): BoardSide {
  const board = new BoardSide(['board-0'], 0);
  for (let i = 0; i < count; i++)
    board.step({ type: 'report', b: 0, kind: REPORTED_KIND, name: `d/x${i}`, body }, 0);
  board.connect(0);
  return board;
}

test('a board that has nothing to report is known at once', () => {
  const { bridge } = greeted();
  assert.equal(order(bridge), ['up', 'synced']);
});

test('after a restart of the bridge it comes once, after all that is reported, though desired documents are not settled', () => {
  const board = reporting(50);
  exchange(board, new BridgeSide(0), 0);
  const next = new BridgeSide(5000);
  next.warm = false;
  elapse(board, next, 5000, 40_000);
  const seen = order(next);
  assert.is(seen.filter((type) => type === 'synced').length, 1);
  assert.is(seen.at(-1), 'synced');
  assert.ok(seen.includes('reported'));
  assert.is([...next.machine.view().documents('board-0', 'reported')].length, 50);
});

test('it comes again for a link that was silent, after what vanished meanwhile', () => {
  const board = reporting(3);
  const bridge = new BridgeSide(0);
  exchange(board, bridge, 0);
  elapse(board, bridge, 100, 1000);
  for (let now = 1000; now <= 41_000; now += 1000) bridge.step({ type: 'tick' }, now);
  board.step({ type: 'report', b: 0, kind: REPORTED_KIND, name: 'd/x1' }, 41_000);
  board.step({ type: 'tick' }, 41_100);
  assert.ok(board.sent.some((l) => l.message.type === 'up'));
  board.sent = [];
  elapse(board, bridge, 42_000, 90_000);
  const seen = order(bridge);
  assert.equal(seen.slice(seen.indexOf('down')), ['down', 'up', 'reported', 'synced']);
});

test.run();
