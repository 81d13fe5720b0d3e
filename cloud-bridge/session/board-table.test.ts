import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BoardTable } from './board-table.ts';

function bench() {
  const said: string[] = [];
  const table = new BoardTable<{ readonly link: string }>({
    boardUp: (board, link) => said.push(`up ${board} ${link}`),
    boardDown: (board, reason) => said.push(`down ${board} ${reason}`),
    synced: (board) => said.push(`synced ${board}`),
    duplicate: (board, present) => said.push(`duplicate ${board} ${present}`),
    reported: (board, changes) => said.push(`reported ${board} ${changes.length}`),
    journal: () => Promise.resolve(),
    notice: () => undefined,
  });
  return { said, table, a: { link: 'a' }, b: { link: 'b' } };
}
const NOTHING = (): [] => [];

test('a link that carried a board before says nothing of it any more', () => {
  const { said, table, a, b } = bench();
  table.apply({ type: 'up', board: 'x' }, a, NOTHING);
  table.apply({ type: 'down', board: 'x', reason: 'Moved' }, a, NOTHING);
  table.apply({ type: 'up', board: 'x' }, b, NOTHING);
  said.length = 0;
  table.apply({ type: 'down', board: 'x', reason: 'HeartbeatMissed' }, a, NOTHING);
  table.apply({ type: 'synced', board: 'x' }, a, NOTHING);
  table.apply({ type: 'duplicate', board: 'x', present: true }, a, NOTHING);
  table.apply({ type: 'reported', board: 'x', changes: [{ kind: 5, name: 'd' }] }, a, NOTHING);
  assert.equal(said, []);
  assert.ok(table.online('x'));
  assert.is(table.holder('x'), b);
});

test('a board on another link starts anew from what that link reported of it', () => {
  const { said, table, a, b } = bench();
  const body = new Uint8Array([1]);
  table.apply({ type: 'up', board: 'x' }, a, NOTHING);
  table.apply(
    { type: 'reported', board: 'x', changes: [{ kind: 5, name: 'd', body }] },
    a,
    NOTHING,
  );
  table.apply({ type: 'up', board: 'x' }, b, () => [{ kind: 5, name: 'e', body }]);
  assert.equal([...table.reported('x').keys()], ['5/e']);
  table.apply({ type: 'down', board: 'x', reason: 'Goodbye' }, b, NOTHING);
  assert.not(table.online('x'));
  assert.is(said.at(-1), 'down x Goodbye');
});

test.run();
