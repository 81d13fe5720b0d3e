/** What a board should hold, and what it refused (docs/protocol.md §5, D1, D2, D8, D9). */
import { dhFromBytes, isName, khFromBytes, type U64 } from '@boardlet/adapters/sets';
import { LIMITS, REFUSE_CODES, type Refuse } from '@boardlet/adapters/wire';
import { noticeRefusedHello } from './replica-hello.ts';
import {
  keyText,
  notice,
  type ReplicaBoard,
  type ReplicaState,
  readsKind,
  type Session,
} from './replica-state.ts';

/** A document refused for want of space is offered again so often. */
const SPACE_RETRY_MS = 60_000;
/** How long the caches may stay behind the mark before a consistent read judges it. */
const BEHIND_MS = 2000;

/** A new session: what was under way is forgotten, what was refused may be offered once more (D8). */
export function resetDesired(state: ReplicaState, board: ReplicaBoard, tag: number): void {
  board.dirty.clear();
  board.extra.clear();
  board.inFlight.clear();
  board.transfer = undefined;
  board.peerStaging = undefined;
  board.retrySpace.clear();
  for (const asked of board.asked) asked.clear();
  board.expected.setTag(tag);
  if (board.expectedLoaded) leaveOutUnread(state, board);
}

export function kindsReadBy(state: ReplicaState): number {
  return state.facts?.kindsRead ?? 0;
}

/** Another link may have carried the board meanwhile, and heard of its changes: read all of it again. */
export function reloadExpected(state: ReplicaState): void {
  for (const board of state.known.values()) {
    forgetExpected(board);
    if (board.carried && state.session?.writing === true) loadExpected(state, board);
  }
}

/** Changes of a board that is not carried are not heard. */
export function forgetExpected(board: ReplicaBoard): void {
  board.expectedLoaded = false;
  board.expected.clear();
  board.dirty.clear();
  board.transfer = undefined;
}

/** D9: digests cover what the reader declared, and nothing else is sent. */
function leaveOutUnread(state: ReplicaState, board: ReplicaBoard): void {
  for (const entry of board.expected.entries())
    board.expected.exclude(entry, !readsKind(kindsReadBy(state), entry.kind));
}

/** D1, D2: writes once every cache is listed and has reached the mark. True when that has just come true. */
export function tryWriting(state: ReplicaState): boolean {
  const { session, options } = state;
  if (session === undefined || session.writing || !options.source.warm()) return false;
  const behind = options.source.revision() < session.mark;
  if (behind && options.rules?.mark !== false) {
    judgeMark(state, session);
    return false;
  }
  session.writing = true;
  for (const board of state.boards.values()) loadExpected(state, board);
  return true;
}

/** A mark above a consistent read is of another history: etcd restored, or a lie. */
function judgeMark(state: ReplicaState, session: Session): void {
  if (state.now - session.startedAt < BEHIND_MS) return;
  if (state.now - session.revisionAskedAt < state.beatMs) return;
  session.revisionAskedAt = state.now;
  state.out.push({ type: 'read-revision' });
}

export function onRevision(state: ReplicaState, revision: number): void {
  const { session } = state;
  if (session === undefined || session.writing || revision >= session.mark) return;
  for (const board of state.boards.values())
    notice(
      state,
      board.id,
      'OtherHistory',
      `the board was shown revision ${session.mark}, the API is at ${revision}: it was restored`,
    );
  session.mark = revision;
}

function loadExpected(state: ReplicaState, board: ReplicaBoard): void {
  if (!board.expectedLoaded) {
    board.expectedLoaded = true;
    for (const document of state.options.source.documents(board.id))
      putExpected(state, board, document.kind, document.name, document.body);
  }
  leaveOutUnread(state, board);
}

export function putExpected(
  state: ReplicaState,
  board: ReplicaBoard,
  kind: number,
  name: string,
  body: Uint8Array,
): boolean {
  if (!isName(name, LIMITS.nameBytes)) {
    notice(state, board.id, 'DocumentInvalid', 'a name is too long, or no text');
    return false;
  }
  const full = board.expected.size >= LIMITS.documentsPerBoard;
  if (
    body.length > LIMITS.documentBytes ||
    (full && board.expected.get(kind, name) === undefined)
  ) {
    notice(state, board.id, 'DocumentTooLarge', `${name}: over the limits of a board`, name);
    return false;
  }
  const outcome = board.expected.put(kind, name, body);
  if (outcome === 'BL_SETS_KEY_COLLISION')
    notice(state, board.id, 'KeyCollision', `${name} has the key hash of another document`, name);
  return outcome === 'changed';
}

/** D8: left out of what is expected until the content or the session changes. */
export function onRefuse(state: ReplicaState, refuse: Refuse): void {
  state.counters.refused++;
  const board = state.boards.get(refuse.b);
  if (refuse.kh === undefined || refuse.dh === undefined || board === undefined) {
    noticeRefusedHello(state, refuse.code);
    return;
  }
  const entry = board.expected.byHash(khFromBytes(refuse.kh, 0));
  const dh: U64 = { hi: 0, lo: 0 };
  dhFromBytes(refuse.dh, 0, dh);
  if (entry === undefined || entry.dhHi !== dh.hi || entry.dhLo !== dh.lo) return;
  board.expected.exclude(entry, true);
  if (refuse.code === REFUSE_CODES.space)
    board.retrySpace.set(entry.kh, state.now + SPACE_RETRY_MS);
  notice(
    state,
    board.id,
    REFUSAL_REASONS.get(refuse.code) ?? 'DocumentRefused',
    `the board refused ${entry.name}`,
    entry.name,
  );
}

const REFUSAL_REASONS: ReadonlyMap<number, string> = new Map([
  [REFUSE_CODES.space, 'BoardStorageFull'],
  [REFUSE_CODES.tooLong, 'DocumentTooLarge'],
  [REFUSE_CODES.invalid, 'DocumentInvalid'],
]);

/** When a document refused for want of space is offered again. */
export function spaceRetryAt(state: ReplicaState): number {
  let at = Number.POSITIVE_INFINITY;
  for (const board of state.boards.values())
    for (const due of board.retrySpace.values()) at = Math.min(at, due);
  return at;
}

export function tickSpace(state: ReplicaState): void {
  for (const board of state.boards.values())
    for (const [kh, due] of board.retrySpace) {
      if (due > state.now) continue;
      board.retrySpace.delete(kh);
      const entry = board.expected.byHash(kh);
      if (entry === undefined || !entry.excluded) continue;
      board.expected.exclude(entry, false);
      board.dirty.set(keyText(entry.kind, entry.name), { ...entry, revision: 0 });
    }
}
