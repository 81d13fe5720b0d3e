/** Which boards of a link it may carry (docs/protocol.md §5, E1). */
import { REFUSE_CODES } from '@boardlet/adapters/wire';
import type { OfflineReason } from './contract.ts';
import { sendDrop } from './replica-desired.ts';
import { forgetExpected } from './replica-expected.ts';
import { regreet } from './replica-hello.ts';
import {
  notice,
  publish,
  type ReplicaBoard,
  type ReplicaState,
  type Session,
} from './replica-state.ts';

/** A decided move: the link forgets the board's desired set. */
export function dropBoard(state: ReplicaState, id: string): void {
  const board = state.known.get(id);
  const { session } = state;
  if (board === undefined || session === undefined || !board.carried) return;
  sendDrop(state, session, board.b);
  leave(state, board, 'Moved');
}

/** What this link may not carry is dropped where an operator decided it, else refused, and shown on the board it claims. */
export function turnAway(state: ReplicaState, session: Session, b: number): void {
  const id = state.facts?.boards.get(b)?.id;
  if (id !== undefined && state.options.released?.(id) !== undefined) {
    sendDrop(state, session, b);
    return;
  }
  publish(state, 'd', 1, {
    type: 'refuse',
    tag: session.tag,
    seq: ++session.dseq,
    b,
    code: REFUSE_CODES.notMine,
  });
  if (id === undefined) return;
  const message = `link ${state.options.link} claims a board that is not bound to it`;
  notice(state, id, 'NotMine', message);
}

/** The bindings changed, or may have while the link was silent. A link lists what it was refused only in its next session,
 * so a board that it may carry now is taken up by a new one. */
export function recheckBoards(state: ReplicaState): void {
  const { session } = state;
  if (session === undefined) return;
  for (const board of [...state.boards.values()]) {
    if (state.options.entitled(board.id)) continue;
    turnAway(state, session, board.b);
    leave(state, board, whyNotCarried(state, board.id));
  }
  state.adoptDue = mayAdopt(state);
  if (state.adoptDue) regreet(state);
}

function mayAdopt(state: ReplicaState): boolean {
  for (const [b, { id }] of state.facts?.boards ?? [])
    if (!state.boards.has(b) && state.known.get(id)?.carried !== true && state.options.entitled(id))
      return true;
  return false;
}

/** Of a board that was carried. */
export function whyNotCarried(state: ReplicaState, id: string): OfflineReason {
  for (const listed of state.facts?.boards.values() ?? [])
    if (listed.id === id) return state.options.released?.(id) ?? 'NotBound';
  return 'LinkLost';
}

/** Told also of a board that is away already: why it will not come back. */
function leave(state: ReplicaState, board: ReplicaBoard, reason: OfflineReason): void {
  state.boards.delete(board.b);
  state.streams.dropBoard(board.b, state.now);
  board.carried = false;
  forgetExpected(board);
  state.out.push({ type: 'down', board: board.id, reason });
}
