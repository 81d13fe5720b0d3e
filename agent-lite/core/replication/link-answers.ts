/** What the bridge asks for: lists, state, documents (docs/protocol.md §5, S4). */
import { buildPage, khFromBytes } from '@boardlet/adapters/sets';
import { type Ask, type Fetch, LIMITS, type Page, SETS } from '@boardlet/adapters/wire';
import { sendBirth } from './link-greeting.ts';
import { flush, resend } from './link-outbox.ts';
import { type LinkBoard, type LinkState, publish, roomInMessage } from './link-state.ts';

/** All prefixes of a level fit one ask: 256 at depth 2, where 4,096 documents come down to entries. */
const PREFIXES_PER_ASK = 1024;
const PAGE_HEAD_BYTES = 12;

export function answerAsk(state: LinkState, ask: Ask): void {
  if (ask.prefixes.length === 0) {
    sendBirth(state, 0);
    return;
  }
  const board = state.boards[ask.b];
  if (board === undefined || board.gone) return;
  const set = ask.set === SETS.desired ? board.desired : board.reported;
  let pages: Page[] = [];
  let room = roomInMessage(state);
  for (const prefix of ask.prefixes.slice(0, PREFIXES_PER_ASK)) {
    const page = buildPage(set, prefix, LIMITS.listPageDocuments);
    const size = PAGE_HEAD_BYTES + page.bytes.length;
    if (size > room && pages.length > 0) {
      sendList(state, ask, pages);
      pages = [];
      room = roomInMessage(state);
    }
    pages.push(page);
    room -= size;
  }
  sendList(state, ask, pages);
}

function sendList(state: LinkState, ask: Ask, pages: readonly Page[]): void {
  state.counters.lists++;
  publish(state, 'u', 1, {
    type: 'list',
    tag: state.tag,
    seq: ++state.useq,
    dseq: state.dseq,
    b: ask.b,
    set: ask.set,
    pages,
  });
}

/** Named by key hash; one that is gone by now was told by its deletion. */
export function answerFetch(state: LinkState, fetch: Fetch): void {
  const board = state.boards[fetch.b];
  if (board === undefined || board.gone) return;
  for (const bytes of fetch.khs) resendHash(board, khFromBytes(bytes, 0));
  flush(state, board);
}

function resendHash(board: LinkBoard, kh: number): void {
  const entry = board.reported.byHash(kh);
  if (entry !== undefined && !entry.excluded) resend(board, entry.kind, entry.name);
}
