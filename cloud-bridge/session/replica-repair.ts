/** Comparison and repair, which the bridge drives (docs/protocol.md §5, S3, S4, R2). */
import { beatStamp, comparePage, khToBytes, type PageDifference } from '@boardlet/adapters/sets';
import {
  type Beat,
  type Birth,
  LIMITS,
  type List,
  type Page,
  type Prefix,
  SETS,
  type SetId,
} from '@boardlet/adapters/wire';
import { turnAway } from './replica-bindings.ts';
import { acknowledge, acknowledgeAll, flushDowns } from './replica-desired.ts';
import { tryWriting } from './replica-expected.ts';
import { forgetFacts, joinParts, regreetWhenDue } from './replica-hello.ts';
import { removeReported } from './replica-reported.ts';
import {
  keyText,
  NEVER,
  notice,
  publish,
  type ReplicaBoard,
  type ReplicaState,
  roomDown,
  type Session,
} from './replica-state.ts';

/** A beat ahead of what was taken may be waited for so long. */
const AHEAD_MS = 1000;
const STATE_GAP_SHARE = 0.5;
const ROOT: Prefix = { depth: 0, prefix: 0 };
const PREFIX_BYTES = 7;
const KH_ITEM_BYTES = 7;
/** Prefixes asked of one set at once: 4,096 documents come down to entries within 256. */
const MAX_ASKED = 1024;

/** A beat of the present session. */
export function onBeat(state: ReplicaState, session: Session, beat: Beat): void {
  if (beat.dseq !== undefined) acknowledge(state, beat.dseq);
  if (beat.seq < session.useq) return;
  startWriting(state);
  flushDowns(state);
  regreetWhenDue(state);
  if (beat.seq > session.useq) waitOrAsk(state, session);
  else compare(state, session, beat);
}

/** Messages are on their way, or lost. */
function waitOrAsk(state: ReplicaState, session: Session): void {
  if (session.aheadAt === NEVER) session.aheadAt = state.now;
  else if (state.now - session.aheadAt > AHEAD_MS) askState(state, session);
}

function compare(state: ReplicaState, session: Session, beat: Beat): void {
  session.aheadAt = NEVER;
  const oldest = session.unacked[0];
  if (oldest !== undefined && state.now - oldest.at < state.beatMs) return;
  if (!session.writing) {
    askState(state, session);
    return;
  }
  state.counters.compared++;
  if (beatStamp(session.tag, beat.seq, boardSets(state)) === beat.stamp) {
    acknowledgeAll(state);
    for (const board of state.boards.values()) markSynced(state, board);
    return;
  }
  state.counters.differed++;
  askState(state, session);
}

/** All that the board reports is known here. */
function markSynced(state: ReplicaState, board: ReplicaBoard): void {
  if (board.synced) return;
  board.synced = true;
  state.out.push({ type: 'synced', board: board.id });
}

function* boardSets(state: ReplicaState): Iterable<{
  readonly b: number;
  readonly desired: ReplicaBoard['expected'];
  readonly reported: ReplicaBoard['reported'];
}> {
  for (const { b, expected, reported } of state.boards.values())
    yield { b, desired: expected, reported };
}

function askState(state: ReplicaState, session: Session): void {
  if (state.now - session.askedStateAt < state.beatMs * STATE_GAP_SHARE) return;
  session.askedStateAt = state.now;
  ask(state, session, 0, SETS.desired, []);
}

function ask(
  state: ReplicaState,
  session: Session,
  b: number,
  set: SetId,
  prefixes: readonly Prefix[],
): void {
  state.counters.asks++;
  publish(state, 'd', 1, {
    type: 'ask',
    tag: session.tag,
    seq: ++session.dseq,
    b,
    set,
    prefixes,
  });
}

/** A state of the present session: its digests say which sets differ. */
export function onState(state: ReplicaState, session: Session, birth: Birth): void {
  session.parts = joinParts(session.parts, birth);
  if (birth.mark > session.mark) session.mark = birth.mark;
  if (birth.more === true) return;
  const { parts } = session;
  session.parts = [];
  if (birth.dseq !== undefined) acknowledge(state, birth.dseq);
  tryWriting(state);
  compareState(state, parts);
}

/** Asks for the roots of all sets whose digest differs. */
export function compareState(state: ReplicaState, parts: readonly Birth[]): void {
  const { session } = state;
  if (session === undefined) return;
  session.aheadAt = NEVER;
  for (const entry of parts.flatMap((part) => part.staging ?? [])) {
    const board = state.boards.get(entry.b);
    // The message's bytes are the channel's; these are kept until a transfer starts.
    if (board !== undefined)
      board.peerStaging = { ...entry, kh: entry.kh.slice(), dh: entry.dh.slice() };
  }
  for (const digest of parts.flatMap((part) => part.digests)) {
    const board = state.boards.get(digest.b);
    if (board === undefined) {
      if (!onUnknownBoard(state, session, digest.b)) return;
      continue;
    }
    if (digest.reported === board.reported.digestLo) markSynced(state, board);
    else askRoot(state, session, board, SETS.reported);
    const settled = session.unacked.length === 0;
    if (session.writing && settled && digest.desired !== board.expected.digestLo)
      askRoot(state, session, board, SETS.desired);
  }
}

/** False: the table is not whole, and the link is greeted anew. */
function onUnknownBoard(state: ReplicaState, session: Session, b: number): boolean {
  if (state.facts?.boards.has(b) === true) {
    turnAway(state, session, b);
    return true;
  }
  forgetFacts(state);
  return false;
}

/** Caches may have come up after the birth: what it said of the desired sets was not compared. */
export function startWriting(state: ReplicaState): void {
  const { session } = state;
  if (session === undefined || !tryWriting(state)) return;
  session.askedStateAt = state.now;
  ask(state, session, 0, SETS.desired, []);
}

function askRoot(state: ReplicaState, session: Session, board: ReplicaBoard, set: SetId): void {
  board.asked[set].clear();
  askPrefixes(state, session, board, set, [ROOT]);
}

function prefixKey(prefix: Prefix): number {
  return prefix.depth * 2 ** 32 + prefix.prefix;
}

function askPrefixes(
  state: ReplicaState,
  session: Session,
  board: ReplicaBoard,
  set: SetId,
  all: readonly Prefix[],
): void {
  const perMessage = Math.floor(roomDown(state) / PREFIX_BYTES);
  const prefixes = all.slice(0, MAX_ASKED - board.asked[set].size);
  if (prefixes.length < all.length)
    notice(
      state,
      board.id,
      'ListTooDeep',
      `link ${state.options.link} lists more than it may hold`,
    );
  for (let i = 0; i < prefixes.length; i += perMessage) {
    const part = prefixes.slice(i, i + perMessage);
    for (const prefix of part) board.asked[set].add(prefixKey(prefix));
    ask(state, session, board.b, set, part);
  }
}

/** Pages that were asked for, each once. */
export function onList(state: ReplicaState, session: Session, list: List): void {
  acknowledge(state, list.dseq);
  const board = state.boards.get(list.b);
  if (board === undefined) return;
  if (list.set === SETS.desired && !session.writing) return;
  const descend: Prefix[] = [];
  const wanted: number[] = [];
  for (const page of list.pages) {
    const difference = takePage(state, board, list.set, page);
    if (difference === undefined) continue;
    descend.push(...difference.descend);
    if (list.set === SETS.desired) repairDesired(board, difference, list.dseq);
    else wanted.push(...repairReported(state, board, difference));
  }
  if (descend.length > 0) askPrefixes(state, session, board, list.set, descend);
  if (wanted.length > 0) fetch(state, session, board, wanted);
  flushDowns(state);
}

function takePage(
  state: ReplicaState,
  board: ReplicaBoard,
  set: SetId,
  page: Page,
): PageDifference | undefined {
  const asked = board.asked[set].delete(prefixKey(page));
  const mine = set === SETS.desired ? board.expected : board.reported;
  const difference = asked ? comparePage(mine, page, LIMITS.listPageDocuments) : undefined;
  if (difference === undefined) state.counters.rejected++;
  return difference;
}

/** The reader lists, the writer computes: puts for what is missing or other, deletes for what nobody wants. */
function repairDesired(board: ReplicaBoard, difference: PageDifference, dseq: number): void {
  for (const { kind, name } of [...difference.missing, ...difference.differing]) {
    const text = keyText(kind, name);
    const inFlight = board.inFlight.get(text);
    if (inFlight !== undefined && inFlight.seq > dseq) continue;
    if (board.transfer?.kind === kind && board.transfer.name === name) continue;
    if (!board.dirty.has(text)) board.dirty.set(text, { kind, name, revision: 0 });
  }
  for (const kh of difference.extra)
    if (board.expected.byHash(kh) === undefined) board.extra.add(kh);
}

/** R2: the page is of the moment of the last message taken, so it replaces its range. */
function repairReported(
  state: ReplicaState,
  board: ReplicaBoard,
  difference: PageDifference,
): number[] {
  removeReported(state, board, difference.missing);
  return [...difference.extra, ...difference.differing.map((entry) => entry.kh)];
}

function fetch(
  state: ReplicaState,
  session: Session,
  board: ReplicaBoard,
  all: readonly number[],
): void {
  const wanted = all.slice(0, LIMITS.documentsPerBoard);
  const perMessage = Math.floor(roomDown(state) / KH_ITEM_BYTES);
  state.counters.fetched += wanted.length;
  for (let i = 0; i < wanted.length; i += perMessage) {
    publish(state, 'd', 1, {
      type: 'fetch',
      tag: session.tag,
      seq: ++session.dseq,
      b: board.b,
      khs: wanted.slice(i, i + perMessage).map(khToBytes),
    });
  }
}
