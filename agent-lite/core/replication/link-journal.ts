/** The journal on its way (docs/protocol.md §5, J1–J5). */
import { type Jack, LIMITS } from '@boardlet/adapters/wire';
import {
  type LinkBoard,
  type LinkState,
  NEVER,
  publish,
  roomInMessage,
  talking,
  warn,
} from './link-state.ts';

export function addEvent(state: LinkState, b: number, entry: Uint8Array): void {
  const board = state.boards[b];
  if (board === undefined) return;
  if (entry.length > LIMITS.journalEntryBytes) {
    warn(state, 'BL_JOURNAL_ENTRY_TOO_LONG', b, '');
    return;
  }
  const n = board.journalNext++;
  board.journal.append(state.segment, n, entry);
  state.out.push({ type: 'append-journal', board: board.id, segment: state.segment, n, entry });
  for (const gone of board.journal.trim()) trimStored(state, board, gone.segment, gone.n);
  if (board.journalRetryAt === NEVER) sendJournal(state, board);
}

function trimStored(state: LinkState, board: LinkBoard, segment: number, n: number): void {
  const { lost } = board.journal;
  state.out.push({ type: 'trim-journal', board: board.id, segment, n, lost });
}

/** The oldest entries, again after a beat without acknowledgement. */
export function sendJournal(state: LinkState, board: LinkBoard): void {
  board.journalRetryAt = NEVER;
  if (!talking(state) || board.gone) return;
  const batch = board.journal.head(LIMITS.journalPerMessage, roomInMessage(state));
  if (batch === undefined) return;
  board.journalRetryAt = state.now + state.beatMs;
  const { lost } = board.journal;
  publish(state, 'j', 1, { type: 'journal', tag: state.tag, b: board.b, lost, ...batch });
}

export function restartJournals(state: LinkState): void {
  for (const board of state.boards) sendJournal(state, board);
}

export function tickJournals(state: LinkState): void {
  for (const board of state.boards)
    if (board.journalRetryAt <= state.now) sendJournal(state, board);
}

/** J2: cumulative within a segment. */
export function onJack(state: LinkState, jack: Jack): void {
  const board = state.boards[jack.b];
  if (board === undefined || !board.journal.acknowledge(jack.segment, jack.n)) return;
  trimStored(state, board, jack.segment, jack.n);
  sendJournal(state, board);
}
