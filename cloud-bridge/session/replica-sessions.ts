/** Greeting links and starting sessions (docs/protocol.md §5, G2–G5, E1, E2). */
import { type Beat, type Birth, LIMITS, type UpMessage } from '@boardlet/adapters/wire';
import { whyNotCarried } from './replica-bindings.ts';
import { forgetExpected, reloadExpected, resetDesired, tryWriting } from './replica-expected.ts';
import { BEAT_SHARE, joinParts, noticeRefusedHello, wantGreeting } from './replica-hello.ts';
import { goOnline, isSilent } from './replica-liveness.ts';
import { compareState } from './replica-repair.ts';
import {
  createReplicaBoard,
  type Greeting,
  NEVER,
  notice,
  publish,
  type ReplicaState,
  type Session,
} from './replica-state.ts';

const SEEN_BIRTHS = 4;
/** E2: beats of the previous tag, each at least a beat apart. */
const DUPLICATE_BEATS = 3;

/** A message whose tag is not the session's. */
export function onForeign(
  state: ReplicaState,
  message: Exclude<UpMessage, { type: 'death' }>,
): void {
  const { tag } = message;
  const greeting = state.greetings.find((g) => g.ses === tag);
  if (greeting !== undefined) {
    onPending(state, greeting, message);
    return;
  }
  state.counters.stale++;
  if (message.type === 'journal') return;
  if (tag === state.banned) onSecond(state);
  else if (tag === state.previousTag) onPrevious(state, message);
  else {
    if (message.type === 'birth' && message.more !== true) rememberBirth(state, message);
    wantGreeting(state, tag);
  }
}

function rememberBirth(state: ReplicaState, birth: Birth): void {
  if (birth.boards === undefined) return;
  state.seenBirths.delete(birth.tag);
  state.seenBirths.set(birth.tag, birth);
  for (const tag of state.seenBirths.keys()) {
    if (state.seenBirths.size <= SEEN_BIRTHS) break;
    state.seenBirths.delete(tag);
  }
}

/** E2: the link is in its next session, and yet somebody beats with the tag before it. */
function onPrevious(state: ReplicaState, message: Exclude<UpMessage, { type: 'death' }>): void {
  if (message.type !== 'beat' && message.type !== 'birth') return;
  if (state.now - state.previousBeatAt < state.beatMs * BEAT_SHARE) return;
  state.previousBeatAt = state.now;
  if (++state.previousBeats < DUPLICATE_BEATS) return;
  state.previousBeats = 0;
  const first = state.previousTag;
  state.banned = state.session?.tag ?? 0;
  state.previousTag = 0;
  onSecond(state);
  wantGreeting(state, first);
}

/** The second of two instances is heard. It is not greeted while the first lives; an operator decides by stopping one. */
function onSecond(state: ReplicaState): void {
  if (isSilent(state)) {
    const left = state.banned;
    state.banned = 0;
    wantGreeting(state, left);
    return;
  }
  const fresh = state.bannedAt === Number.NEGATIVE_INFINITY;
  state.bannedAt = state.now;
  const message = `two live instances use link ${state.options.link}, the one that was there first is served: stop one of them, and the other is served`;
  for (const { id } of state.boards.values()) {
    if (fresh) state.out.push({ type: 'duplicate', board: id, present: true });
    notice(state, id, 'Duplicate', message);
  }
}

/** A message of a session that was offered. It starts with the (last part of the) birth. */
function onPending(
  state: ReplicaState,
  greeting: Greeting,
  message: Exclude<UpMessage, { type: 'death' }>,
): void {
  if (message.type === 'birth') {
    const parts = joinParts(greeting.parts, message);
    greeting.parts = parts;
    if (message.more !== true) startSession(state, greeting, parts);
  } else if (message.type === 'beat') askPending(state, greeting, message);
  else if (message.type === 'refuse') noticeRefusedHello(state, message.code);
}

function askPending(state: ReplicaState, greeting: Greeting, beat: Beat): void {
  if (state.now - greeting.askedAt < state.beatMs * BEAT_SHARE) return;
  greeting.askedAt = state.now;
  greeting.seq++;
  publish(state, 'd', 1, {
    type: 'ask',
    tag: beat.tag,
    seq: greeting.seq,
    b: 0,
    set: 0,
    prefixes: [],
  });
}

function startSession(state: ReplicaState, greeting: Greeting, parts: readonly Birth[]): void {
  const last = parts.at(-1);
  if (last === undefined) return;
  const replaced = state.session;
  learnFacts(state, greeting, parts, replaced);
  if (state.facts === undefined) {
    // Without the link's table nothing can be compared: greet again, and ask for it.
    state.greetings.splice(state.greetings.indexOf(greeting), 1);
    wantGreeting(state, greeting.ses);
    return;
  }
  const session: Session = {
    tag: greeting.ses,
    startedAt: state.now,
    useq: last.seq,
    dseq: greeting.seq,
    mark: last.mark,
    writing: false,
    unacked: [],
    unackedBytes: 0,
    aheadAt: NEVER,
    askedStateAt: Number.NEGATIVE_INFINITY,
    revisionAskedAt: Number.NEGATIVE_INFINITY,
    parts: [],
  };
  state.session = session;
  state.counters.sessions++;
  if (replaced !== undefined) {
    state.previousTag = replaced.tag;
    state.previousBeats = 0;
  }
  state.greetings.length = 0;
  openSession(state, session, parts);
}

function openSession(state: ReplicaState, session: Session, parts: readonly Birth[]): void {
  state.streams.setTag(session.tag, state.now);
  for (const board of state.boards.values()) {
    board.reported.setTag(session.tag);
    resetDesired(state, board, session.tag);
  }
  goOnline(state);
  tryWriting(state);
  compareState(state, parts);
}

/** The link's table: from this birth, from the one that was greeted, or as it was. */
function learnFacts(
  state: ReplicaState,
  greeting: Greeting,
  parts: readonly Birth[],
  replaced: Session | undefined,
): void {
  const told = parts.some((part) => part.boards !== undefined) ? parts : undefined;
  const start = told ?? (greeting.birth === undefined ? undefined : [greeting.birth]);
  if (start === undefined) {
    if (replaced?.tag !== greeting.echo) state.facts = undefined;
    else adoptBoards(state);
    return;
  }
  if (greeting.birth !== undefined) state.clockOffset = NEVER;
  const entries = start.flatMap((part) => part.boards ?? []);
  state.facts = {
    boards: new Map(entries.map(({ b, id, boots }) => [b, { id, boots }])),
    maxMessage: start[0]?.maxMessage ?? LIMITS.maxMessageFloorBytes,
    kindsRead: start[0]?.kindsRead ?? 0,
  };
  adoptBoards(state);
}

function adoptBoards(state: ReplicaState): void {
  const before = [...state.boards.values()];
  fillTable(state);
  state.adoptDue = false;
  if (!state.online) {
    reloadExpected(state);
    return;
  }
  for (const board of state.boards.values()) if (!before.includes(board)) forgetExpected(board);
  for (const { carried, id } of before)
    if (!carried) state.out.push({ type: 'down', board: id, reason: whyNotCarried(state, id) });
}

function fillTable(state: ReplicaState): void {
  state.boards.clear();
  for (const board of state.known.values()) board.carried = false;
  const facts = state.facts;
  if (facts === undefined || facts.boards.size > LIMITS.boardsPerLink) return;
  for (const [b, { id }] of facts.boards) {
    if (!state.options.entitled(id)) continue;
    const board = state.known.get(id) ?? createReplicaBoard(state, id);
    if (board.carried) continue;
    state.known.set(id, board);
    board.b = b;
    board.carried = true;
    state.boards.set(b, board);
  }
}
