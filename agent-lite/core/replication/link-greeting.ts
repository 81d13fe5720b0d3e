/** Birth, beat and hello (docs/protocol.md §5, G1–G4, S2). */
import { beatStamp } from '@boardlet/adapters/sets';
import {
  BIRTH_KEYS,
  type Birth,
  type BoardDigest,
  type BoardEntry,
  type Hello,
  LIMITS,
  REFUSE_CODES,
  type StagingEntry,
} from '@boardlet/adapters/wire';
import { restartJournals } from './link-journal.ts';
import { applyPeerKinds, flushAll } from './link-outbox.ts';
import {
  draw,
  type LinkBoard,
  type LinkState,
  NEVER,
  publish,
  roomInMessage,
} from './link-state.ts';

const ALL_KEYS = 0xffff;
/** Beats that repeat a changed dseq. */
const DSEQ_BEATS = 3;
const EARLY_BEAT_MS = 200;
const FIRST_GAP_MS = 1000;
const MAX_BEAT_S = 3600;
const MAX_PACE_MS = 60_000;
/** Upper estimates of one board's share of a birth, beside its id. */
const DIGEST_BYTES = 16;
const ENTRY_BYTES = 12;
const STAGING_BYTES = 26;

/** G1: a fresh tag for this process start. */
export function startLink(state: LinkState): void {
  state.startedAt = state.now;
  state.tag = draw(state);
  state.segment = draw(state);
  for (const board of state.boards) salt(board, state.tag);
}

function salt(board: LinkBoard, tag: number): void {
  board.desired.setTag(tag);
  board.reported.setTag(tag);
}

function carried(state: LinkState): LinkBoard[] {
  return state.boards.filter((board) => !board.gone);
}

function boardCost(board: LinkBoard, withIds: boolean): number {
  const staging = board.staging.progress() === undefined ? 0 : STAGING_BYTES;
  return DIGEST_BYTES + staging + (withIds ? ENTRY_BYTES + board.id.length * 3 : 0);
}

/** Boards in groups that fit a message each; one empty group when there is no board. */
function birthParts(state: LinkState, withIds: boolean): LinkBoard[][] {
  const parts: LinkBoard[][] = [[]];
  const room = roomInMessage(state) - 64;
  let used = 0;
  for (const board of carried(state)) {
    const cost = boardCost(board, withIds);
    if (used + cost > room && used > 0) {
      parts.push([]);
      used = 0;
    }
    parts.at(-1)?.push(board);
    used += cost;
  }
  return parts;
}

function digestOf(board: LinkBoard): BoardDigest {
  return {
    b: board.b,
    desired: board.desired.digestLo,
    reported: board.reported.digestLo,
  };
}

function stagingOf(boards: readonly LinkBoard[]): StagingEntry[] {
  return boards.flatMap((board) => {
    const progress = board.staging.progress();
    return progress === undefined ? [] : [{ b: board.b, ...progress }];
  });
}

/** Which optional keys to tell: bit k = key k (hello key 8). */
function optionalKeys(state: LinkState, want: number, part: readonly LinkBoard[]): Partial<Birth> {
  const { options } = state;
  const wants = (key: number): boolean => ((want >>> key) & 1) === 1;
  const boards: BoardEntry[] = part.map(({ b, id }) => ({ b, id, boots: options.stored.boots }));
  const staging = stagingOf(part);
  return {
    ...(wants(BIRTH_KEYS.versions) && { versions: options.versions }),
    ...(wants(BIRTH_KEYS.realm) && state.realm !== undefined && { realm: state.realm }),
    ...(wants(BIRTH_KEYS.boards) && boards.length > 0 && { boards }),
    ...(wants(BIRTH_KEYS.maxMessage) && { maxMessage: options.maxMessage }),
    ...(wants(BIRTH_KEYS.kindsRead) && { kindsRead: options.kindsRead }),
    ...(staging.length > 0 && { staging }),
  };
}

/** A birth with the keys of `want` besides 3, 4, 5, 9 and 10; in several parts where it must be. */
export function sendBirth(state: LinkState, want: number): void {
  const parts = birthParts(state, ((want >>> BIRTH_KEYS.boards) & 1) === 1);
  parts.forEach((part, i) => {
    publish(state, 'u', 1, {
      type: 'birth',
      tag: state.tag,
      seq: ++state.useq,
      mark: state.mark,
      uptimeMs: Math.round(state.now - state.startedAt),
      digests: part.map(digestOf),
      ...optionalKeys(state, want, part),
      ...(state.phase === 'session' && { dseq: state.dseq }),
      ...(i < parts.length - 1 && { more: true as const }),
    });
  });
  state.counters.births++;
}

/** A board may be up before its bridge: the first births follow each other faster than beats. */
function birthGap(state: LinkState): number {
  return Math.min(state.beatMs, FIRST_GAP_MS * 2 ** Math.min(state.counters.births, 10));
}

/** The beat of a session, or the repeated birth before one. */
export function beat(state: LinkState): void {
  state.nextBeatAt = state.now + (state.phase === 'new' ? birthGap(state) : state.beatMs);
  state.lastBeatAt = state.now;
  state.earlyBeatAt = NEVER;
  state.untold = 0;
  if (state.phase === 'new') {
    sendBirth(state, ALL_KEYS);
    return;
  }
  const tells = state.dseqBeats > 0;
  if (tells) state.dseqBeats--;
  publish(state, 'u', 0, {
    type: 'beat',
    tag: state.tag,
    seq: state.useq,
    stamp: beatStamp(state.tag, state.useq, carried(state)),
    ...(tells && { dseq: state.dseq }),
  });
  state.counters.beats++;
}

/** A new dseq: told in the next three beats. */
export function took(state: LinkState, seq: number): void {
  if (seq === state.dseq) return;
  state.dseq = seq;
  state.dseqBeats = DSEQ_BEATS;
}

/** D6: after a commit the beat goes within 200 ms; at once if none went in the last 200 ms, or if half the window of F1
 * waits for it. */
export function beatSoon(state: LinkState): void {
  if (!state.connected || state.phase !== 'session') return;
  const at = state.lastBeatAt + EARLY_BEAT_MS;
  if (at <= state.now || state.untold >= LIMITS.downsInFlight / 2) beat(state);
  else state.earlyBeatAt = Math.min(state.earlyBeatAt, at);
}

/** F1, D8: tells that a document, or a hello, was not taken. */
export function refuse(
  state: LinkState,
  b: number,
  code: number,
  pair?: { readonly kh: Uint8Array; readonly dh: Uint8Array },
): void {
  state.counters.refused++;
  publish(state, 'u', 1, {
    type: 'refuse',
    tag: state.tag,
    seq: ++state.useq,
    b,
    code,
    ...pair,
  });
}

function sameRealm(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** G3. */
export function onHello(state: LinkState, hello: Hello): void {
  const echoOff = state.options.rules?.echo === false;
  if (echoOff ? hello.ses === state.tag : hello.echo !== state.tag) {
    if (hello.echo === 0) beatZero(state);
    else state.counters.stale++;
    return;
  }
  if (state.realm !== undefined && !sameRealm(state.realm, hello.realm)) {
    refuse(state, 0, REFUSE_CODES.realm);
    return;
  }
  if (!state.options.versions.includes(hello.version) || hello.ses === 0) {
    refuse(state, 0, REFUSE_CODES.version);
    return;
  }
  if (state.realm === undefined) {
    state.realm = hello.realm.slice();
    state.out.push({ type: 'save-realm', realm: state.realm });
  }
  startSession(state, hello);
}

/** Echo 0 asks for a birth only. */
function beatZero(state: LinkState): void {
  sendBirth(state, ALL_KEYS);
}

function startSession(state: LinkState, hello: Hello): void {
  state.tag = hello.ses;
  state.useq = 0;
  state.dseq = 0;
  state.dseqBeats = 0;
  state.phase = 'session';
  state.beatMs = Math.min(MAX_BEAT_S, Math.max(1, hello.beatS)) * 1000;
  state.paceMs = Math.min(MAX_PACE_MS, hello.paceMs);
  state.peerMax = Math.min(LIMITS.messageBytes, hello.maxMessage);
  for (const board of state.boards) {
    board.gone = false;
    salt(board, state.tag);
  }
  if (hello.kindsRead !== undefined) state.peerKinds = hello.kindsRead;
  applyPeerKinds(state);
  state.streams.setTag(state.tag, state.now);
  sendBirth(state, hello.want ?? 0);
  state.nextBeatAt = state.now + state.beatMs;
  state.earlyBeatAt = NEVER;
  state.out.push({
    type: 'greeted',
    beatS: state.beatMs / 1000,
    paceMs: state.paceMs,
    ...(hello.unixMs !== undefined && { unixMs: hello.unixMs }),
  });
  restartJournals(state);
  flushAll(state);
}
