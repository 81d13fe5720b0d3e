/** Who is there (docs/protocol.md §5, L1–L4). */
import { DEATH_REASONS, type Death, LIMITS } from '@boardlet/adapters/wire';
import type { OfflineReason } from './contract.ts';
import { recheckBoards } from './replica-bindings.ts';
import { loseAll } from './replica-desired.ts';
import { reloadExpected } from './replica-expected.ts';
import { NEVER, type ReplicaState } from './replica-state.ts';

/** Intervals without a beat after a will (L1). */
const DEATH_BEATS = 1.5;

/** A sign of life of a session, or of a link that is being greeted. */
export function alive(state: ReplicaState): void {
  state.lastBeatAt = state.now;
  state.deathAt = Number.NEGATIVE_INFINITY;
  if (state.online || state.session === undefined) return;
  recheckBoards(state);
  reloadExpected(state);
  goOnline(state);
}

export function goOnline(state: ReplicaState): void {
  state.online = true;
  state.lastBeatAt = state.now;
  state.deathAt = Number.NEGATIVE_INFINITY;
  for (const board of state.boards.values()) {
    board.synced = false;
    state.out.push({ type: 'up', board: board.id });
  }
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

/** Neither the session nor a link that is being greeted was heard for 3.5 intervals, whatever it said before. */
export function isSilent(state: ReplicaState): boolean {
  return state.now - state.lastBeatAt >= (state.beatMs * LIMITS.deadBeatsTenths) / 10;
}

/** E2: when a second instance that fell silent counts as gone. */
export function duplicateEndsAt(state: ReplicaState): number {
  if (state.bannedAt === Number.NEGATIVE_INFINITY) return NEVER;
  return state.bannedAt + (state.beatMs * LIMITS.deadBeatsTenths) / 10;
}

export function tickLiveness(state: ReplicaState): void {
  if (duplicateEndsAt(state) <= state.now) {
    state.bannedAt = Number.NEGATIVE_INFINITY;
    for (const board of state.boards.values())
      state.out.push({ type: 'duplicate', board: board.id, present: false });
  }
  if (deadAt(state) > state.now) return;
  goOffline(state, willCounts(state) ? 'LinkLost' : 'HeartbeatMissed');
}
