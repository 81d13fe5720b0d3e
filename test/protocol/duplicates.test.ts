/** Two live instances of one link (rule E2). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BoardSide, BridgeSide, elapse, exchange } from './pair.ts';

const BEAT_MS = 10_000;

/** The second one took the session at 1 s; by `until` the first one has it back. */
function twoInstances(until: number) {
  const first = new BoardSide(['board-0'], 0);
  const second = new BoardSide(['board-0'], 0);
  const bridge = new BridgeSide(0);
  first.connect(0);
  exchange(first, bridge, 0);
  second.connect(1000);
  exchange(second, bridge, 1000);
  beats([first, second], bridge, BEAT_MS, until);
  return { first, second, bridge };
}
function beats(boards: readonly BoardSide[], bridge: BridgeSide, from: number, to: number): void {
  for (let now = from; now <= to; now += BEAT_MS) {
    bridge.step({ type: 'tick' }, now);
    for (const board of boards) {
      board.step({ type: 'tick' }, now);
      exchange(board, bridge, now);
    }
  }
}
const conditions = (bridge: BridgeSide): readonly boolean[] =>
  bridge.effects.flatMap((e) => (e.type === 'duplicate' ? [e.present] : []));

test('the first keeps the session, the other is not greeted, and what to do is said', () => {
  const { first, second, bridge } = twoInstances(60_000);
  assert.is(bridge.machine.view().tag, first.machine.view().tag);
  assert.equal(conditions(bridge), [true]);
  const said = bridge.effects.find((e) => e.type === 'notice' && e.reason === 'Duplicate');
  assert.match(said?.type === 'notice' ? said.message : '', /stop one of them/);
  const before = second.effects.filter((e) => e.type === 'greeted').length;
  beats([first, second], bridge, 70_000, 300_000);
  assert.is(second.effects.filter((e) => e.type === 'greeted').length, before);
  assert.is(bridge.notices().filter((reason) => reason === 'Duplicate').length, 5, 'once a minute');
});

test('when the other is gone the first is served without a command, and the condition ends', () => {
  const { first, bridge } = twoInstances(60_000);
  beats([first], bridge, 70_000, 90_000);
  assert.equal(conditions(bridge), [true]);
  beats([first], bridge, 100_000, 110_000);
  assert.equal(conditions(bridge), [true, false]);
  bridge.set('ns/p', 1, 110_100);
  elapse(first, bridge, 110_200, 130_000);
  assert.equal(first.applied(), ['+ns/p']);
  assert.is(bridge.states().at(-1), 'up');
});

test('another that vanishes before anybody noticed leaves the link to the first', () => {
  const { first, bridge } = twoInstances(BEAT_MS);
  assert.is.not(bridge.machine.view().tag, first.machine.view().tag);
  beats([first], bridge, 20_000, 50_000);
  assert.is(bridge.machine.view().tag, first.machine.view().tag);
  bridge.set('ns/p', 1, 50_100);
  exchange(first, bridge, 50_100);
  assert.equal(first.applied(), ['+ns/p']);
});

test('when the first is gone the other is served, and a first that restarts is not gone', () => {
  const { first, second, bridge } = twoInstances(60_000);
  const goodbye = first.machine.death(true);
  bridge.step({ type: 'message', channel: 'w', bytes: goodbye }, 61_000);
  beats([second], bridge, 70_000, 80_000);
  assert.is(bridge.states().at(-1), 'Goodbye', 'it may be restarting');
  const served = (): boolean => bridge.machine.view().tag === second.machine.view().tag;
  assert.not(served());
  beats([second], bridge, 90_000, 110_000);
  assert.ok(served());
  assert.is(bridge.states().at(-1), 'up');
  beats([second], bridge, 120_000, 150_000);
  assert.equal(conditions(bridge), [true, false]);
});

test('the first restarts, and is served still', () => {
  const { first, second, bridge } = twoInstances(60_000);
  const goodbye = first.machine.death(true);
  bridge.step({ type: 'message', channel: 'w', bytes: goodbye }, 61_000);
  const again = new BoardSide(['board-0'], 65_000);
  again.connect(65_000);
  exchange(again, bridge, 65_000);
  beats([again, second], bridge, 70_000, 200_000);
  assert.is(bridge.machine.view().tag, again.machine.view().tag);
  assert.is(second.effects.filter((e) => e.type === 'greeted').length, 1);
});

test('a bridge that restarts between two instances serves whichever is left', () => {
  for (const left of [0, 1]) {
    const { first, second } = twoInstances(60_000);
    const boards = [first, second];
    const next = new BridgeSide(65_000);
    beats(boards, next, 70_000, 150_000);
    assert.ok(next.notices().includes('Duplicate'));
    const one = boards.slice(left, left + 1);
    beats(one, next, 160_000, 230_000);
    assert.is(next.machine.view().tag, one[0]?.machine.view().tag);
    assert.is(next.states().at(-1), 'up');
  }
});

test.run();
