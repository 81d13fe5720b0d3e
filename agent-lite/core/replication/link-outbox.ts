/** Reported documents on their way up (docs/protocol.md §5, R1, C1): dirty keys, their pace, one message in flight a board. */
import { ChunkSource, isName } from '@boardlet/adapters/sets';
import { type ChunkOp, LIMITS, type Op, type Up } from '@boardlet/adapters/wire';
import {
  type LinkBoard,
  type LinkState,
  NEVER,
  publish,
  type ReportedKey,
  readsKind,
  roomInMessage,
  talking,
  warn,
} from './link-state.ts';
import type { DocumentChange } from './store-contract.ts';

/** Wakes for waiting keys fall on this grid, so that many keys share one. */
const WAKE_GRID_MS = 16;
/** A lone change is on disk so soon; a burst once per `LIMITS.reportedPersistMs`. */
const SAVE_SOON_MS = 200;
/** Head of an op, without name and body. */
const OP_BYTES = 16;
const CHUNK_HEAD_BYTES = 48;
/** A change older than this says when it was made. */
const TELL_TIME_MS = 1000;

function keyOf(board: LinkBoard, kind: number, name: string): ReportedKey | undefined {
  return board.keys.get(kind)?.get(name);
}

function makeKey(board: LinkBoard, kind: number, name: string): ReportedKey {
  let names = board.keys.get(kind);
  if (names === undefined) {
    names = new Map();
    board.keys.set(kind, names);
  }
  const key: ReportedKey = {
    kind,
    name,
    pending: undefined,
    changedAt: NEVER,
    sentAt: Number.NEGATIVE_INFINITY,
    place: 'idle',
  };
  names.set(name, key);
  board.keyCount++;
  return key;
}

function dropKey(board: LinkBoard, key: ReportedKey): void {
  if (board.keys.get(key.kind)?.delete(key.name) === true) board.keyCount--;
}

/** The newest value, sent or not; null: none. */
function newest(board: LinkBoard, key: ReportedKey): Uint8Array | null {
  if (key.pending !== undefined) return key.pending;
  return board.reported.get(key.kind, key.name)?.body ?? null;
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null || a.length !== b.length) return a === b;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A reported document changed. Equal content is no change. */
export function report(
  state: LinkState,
  b: number,
  kind: number,
  name: string,
  body: Uint8Array | undefined,
): void {
  const board = state.boards[b];
  if (board === undefined) return;
  const tooLong = body !== undefined && body.length > LIMITS.documentBytes;
  if (tooLong || !isName(name, LIMITS.nameBytes)) {
    warn(state, tooLong ? 'BL_REPLICATION_TOO_LONG' : 'BL_REPLICATION_NAME', b, name);
    return;
  }
  const known = keyOf(board, kind, name);
  const value = body ?? null;
  const held = known === undefined ? board.reported.get(kind, name)?.body : newest(board, known);
  if (same(held ?? null, value)) return;
  if (known === undefined && board.keyCount >= LIMITS.documentsPerBoard) {
    warn(state, 'BL_REPLICATION_TOO_MANY', b, name);
    return;
  }
  const key = known ?? makeKey(board, kind, name);
  key.pending = value;
  key.changedAt = state.now;
  if (value === null || state.options.volatile?.(b, kind, name) !== true)
    markUnsaved(state, board, key);
  schedule(state, board, key);
  flush(state, board);
}

/** Asked for again, or lost on the way: goes with the next message, whatever its pace. */
export function resend(board: LinkBoard, kind: number, name: string): void {
  const key = keyOf(board, kind, name) ?? makeKey(board, kind, name);
  if (key.place === 'ready') return;
  if (key.pending === undefined) key.pending = newest(board, key);
  board.waiting.delete(key);
  key.place = 'ready';
  board.ready.push(key);
}

function schedule(state: LinkState, board: LinkBoard, key: ReportedKey): void {
  if (key.place !== 'idle') return;
  if (key.sentAt + state.paceMs > state.now) {
    wait(state, board, key);
    return;
  }
  key.place = 'ready';
  board.ready.push(key);
}

function dueAt(state: LinkState, key: ReportedKey): number {
  return Math.ceil((key.sentAt + state.paceMs) / WAKE_GRID_MS) * WAKE_GRID_MS;
}

function wait(state: LinkState, board: LinkBoard, key: ReportedKey): void {
  key.place = 'waiting';
  board.waiting.add(key);
  state.dueAt = Math.min(state.dueAt, dueAt(state, key));
}

/** Moves keys whose pace is over to the next message. */
export function tickOutbox(state: LinkState): void {
  if (state.saveAt <= state.now) save(state);
  if (state.dueAt > state.now) return;
  state.dueAt = NEVER;
  for (const board of state.boards) if (releaseDue(state, board)) flush(state, board);
}

function releaseDue(state: LinkState, board: LinkBoard): boolean {
  let any = false;
  for (const key of board.waiting) {
    const at = dueAt(state, key);
    if (at > state.now) {
      state.dueAt = Math.min(state.dueAt, at);
      continue;
    }
    board.waiting.delete(key);
    any = settle(board, key) || any;
  }
  return any;
}

function settle(board: LinkBoard, key: ReportedKey): boolean {
  if (key.pending !== undefined) {
    key.place = 'ready';
    board.ready.push(key);
    return true;
  }
  key.place = 'idle';
  if (board.reported.get(key.kind, key.name) === undefined) dropKey(board, key);
  return false;
}

export function flushAll(state: LinkState): void {
  for (const board of state.boards) flush(state, board);
}

/** Sends what may go: one unacknowledged message a board, 16 a link. */
export function flush(state: LinkState, board: LinkBoard): void {
  if (board.upInFlight || board.gone || !talking(state)) return;
  if (state.upsInFlight >= LIMITS.upsInFlightPerLink) return;
  const transfer = nextChunk(state, board);
  if (transfer !== undefined) {
    send(state, board, [transfer], []);
    return;
  }
  const { ops, keys } = collect(state, board);
  if (ops.length > 0) send(state, board, ops, keys);
  else if (board.transfer !== undefined) flush(state, board);
}

/** The rest of a large document, unless a newer value has come. */
function nextChunk(state: LinkState, board: LinkBoard): ChunkOp | undefined {
  const { transfer } = board;
  if (transfer === undefined) return undefined;
  const { key, source } = transfer;
  const stale = !source.current(board.reported.get(key.kind, key.name));
  if (source.finished || stale || key.pending !== undefined) {
    board.transfer = undefined;
    return undefined;
  }
  return source.next(roomInMessage(state) - CHUNK_HEAD_BYTES - key.name.length * 3);
}

function collect(state: LinkState, board: LinkBoard): { ops: Op[]; keys: ReportedKey[] } {
  const ops: Op[] = [];
  const keys: ReportedKey[] = [];
  let room = roomInMessage(state);
  const full = room;
  while (board.ready.length > 0 && board.transfer === undefined) {
    const key = board.ready[0];
    if (key === undefined) break;
    const size = OP_BYTES + key.name.length * 3 + (key.pending?.length ?? 0);
    if (size > room && ops.length > 0) break;
    board.ready.shift();
    const op = take(state, board, key, size > full);
    if (op === undefined) continue;
    ops.push(op);
    keys.push(key);
    room -= size;
  }
  return { ops, keys };
}

/** The pending value becomes the sent one. Undefined: nothing to send now (not read there, or too large for one message). */
function take(
  state: LinkState,
  board: LinkBoard,
  key: ReportedKey,
  large: boolean,
): Op | undefined {
  const { kind, name, pending } = key;
  key.pending = undefined;
  key.sentAt = state.now;
  wait(state, board, key);
  if (pending === undefined) return undefined;
  if (pending === null) {
    board.reported.remove(kind, name);
    return { op: 'delete', kind, name };
  }
  if (board.reported.put(kind, name, pending) === 'BL_SETS_KEY_COLLISION') {
    warn(state, 'BL_SETS_KEY_COLLISION', board.b, name);
    return undefined;
  }
  const entry = board.reported.get(kind, name);
  if (entry === undefined) return undefined;
  if (!readsKind(state.peerKinds, kind)) {
    board.reported.exclude(entry, true);
    return undefined;
  }
  if (!large) return { op: 'put', kind, name, body: pending };
  board.transfer = { source: new ChunkSource(entry), key };
  return undefined;
}

function send(state: LinkState, board: LinkBoard, ops: Op[], keys: readonly ReportedKey[]): void {
  const chunked = board.transfer?.key;
  board.upInFlight = true;
  state.upsInFlight++;
  state.counters.ups++;
  const message: Up = {
    type: 'up',
    tag: state.tag,
    seq: ++state.useq,
    b: board.b,
    ops,
    ...changeTime(state, keys),
  };
  publish(state, 'u', 1, message, (ok) => {
    board.upInFlight = false;
    state.upsInFlight--;
    if (!ok) lost(board, keys, chunked);
    flush(state, board);
  });
}

function changeTime(state: LinkState, keys: readonly ReportedKey[]): { readonly tMs?: number } {
  let at = Number.NEGATIVE_INFINITY;
  for (const key of keys) at = Math.max(at, key.changedAt);
  if (keys.length === 0 || state.now - at < TELL_TIME_MS) return {};
  return { tMs: Math.max(0, Math.round(at - state.startedAt)) };
}

/** The dirty set is the queue: what was not acknowledged is dirty again. */
function lost(
  board: LinkBoard,
  keys: readonly ReportedKey[],
  chunked: ReportedKey | undefined,
): void {
  for (const key of keys) resend(board, key.kind, key.name);
  if (chunked === undefined) return;
  board.transfer = undefined;
  resend(board, chunked.kind, chunked.name);
}

/** D9 for the reported set: kinds that the bridge does not read stay out of digests and lists. The pace is new too. */
export function applyPeerKinds(state: LinkState): void {
  state.dueAt = state.now;
  for (const board of state.boards) {
    board.transfer = undefined;
    for (const entry of board.reported.entries())
      board.reported.exclude(entry, !readsKind(state.peerKinds, entry.kind));
  }
}

function markUnsaved(state: LinkState, board: LinkBoard, key: ReportedKey): void {
  board.unsaved.add(key);
  if (state.saveAt !== NEVER) return;
  state.saveAt = Math.max(state.now + SAVE_SOON_MS, state.savedAt + LIMITS.reportedPersistMs);
}

/** Hands the newest values to the store, without fsync. */
export function save(state: LinkState): void {
  state.saveAt = NEVER;
  const changes: DocumentChange[] = [];
  for (const board of state.boards) {
    for (const key of board.unsaved) {
      const body = newest(board, key);
      const { kind, name } = key;
      changes.push({ board: board.id, kind, name, ...(body !== null && { body }) });
    }
    board.unsaved.clear();
  }
  if (changes.length === 0) return;
  state.savedAt = state.now;
  state.out.push({ type: 'save-reported', changes });
}
