/** Who is there (docs/protocol.md §5, L1–L4). */
import { DEATH_REASONS, type Death, LIMITS } from '@boardlet/adapters/wire';
import type { OfflineReason } from './contract.ts';
import { loseAll } from './replica-desired.ts';
import { reloadExpected } from './replica-expected.ts';
import { refuseBoard } from './replica-hello.ts';
import { NEVER, type ReplicaState, type Session } from './replica-state.ts';

/** Intervals without a beat after a will (L1). */
const DEATH_BEATS = 1.5;

/** A sign of life of a session, or of a link that is being greeted. */
export function alive(state: ReplicaState): void {
  state.lastBeatAt = state.now;
  state.deathAt = Number.NEGATIVE_INFINITY;
  if (state.online || state.session === undefined) return;
  recheck(state, state.session);
  reloadExpected(state);
  goOnline(state);
}

/** E1: while this link was silent, a board of it may have been bound to another. */
function recheck(state: ReplicaState, session: Session): void {
  for (const [b, board] of state.boards) {
    if (state.options.entitled(board.id)) continue;
    state.boards.delete(b);
    board.carried = false;
    refuseBoard(state, session, b);
  }
}

export function goOnline(state: ReplicaState): void {
  state.online = true;
  state.lastBeatAt = state.now;
  state.deathAt = Number.NEGATIVE_INFINITY;
  for (const board of state.boards.values()) state.out.push({ type: 'up', board: board.id });
}

function goOffline(state: ReplicaState, reason: OfflineReason): void {
  if (!state.online) return;
  state.online = false;
  for (const board of state.boards.values())
    state.out.push({ type: 'down', board: board.id, reason });
}

export function onDeath(state: ReplicaState, death: Death): void {
  if (death.reason === DEATH_REASONS.goodbye && death.tag === state.session?.tag) {
    goOffline(state, 'Goodbye');
    return;
  }
  if (state.online) state.deathAt = state.now;
  loseAll(state);
}

function willCounts(state: ReplicaState): boolean {
  return state.deathAt > state.lastBeatAt;
}

/** When the link is dead unless it beats before. */
export function deadAt(state: ReplicaState): number {
  if (!state.online) return NEVER;
  const missed = state.lastBeatAt + (state.beatMs * LIMITS.deadBeatsTenths) / 10;
  return willCounts(state)
    ? Math.min(missed, Math.max(state.deathAt, state.lastBeatAt + state.beatMs * DEATH_BEATS))
    : missed;
}

export function tickLiveness(state: ReplicaState): void {
  if (deadAt(state) > state.now) return;
  goOffline(state, willCounts(state) ? 'LinkLost' : 'HeartbeatMissed');
}
