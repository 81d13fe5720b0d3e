/** Desired documents on their way down (docs/protocol.md §5, D4, D5, C1, F1, F2). */
import {
  ChunkSource,
  type DocumentEntry,
  dhFromBytes,
  khFromBytes,
  khToBytes,
  type U64,
} from '@boardlet/adapters/sets';
import { LIMITS, type Op } from '@boardlet/adapters/wire';
import { kindsReadBy, putExpected } from './replica-expected.ts';
import {
  type DirtyKey,
  keyText,
  publish,
  type ReplicaBoard,
  type ReplicaState,
  readsKind,
  roomDown,
  type Session,
} from './replica-state.ts';

const OP_BYTES = 16;
const CHUNK_HEAD_BYTES = 48;

/** The source changed. Content is read at the moment of sending (D5): this is a mark on the key. */
export function onChanged(
  state: ReplicaState,
  id: string,
  kind: number,
  name: string,
  revision: number,
): void {
  const board = state.known.get(id);
  if (board === undefined || !board.expectedLoaded) return;
  const document = state.options.source.document(id, kind, name);
  if (document === undefined) board.expected.remove(kind, name);
  else if (!putExpected(state, board, kind, name, document.body)) return;
  const unread = !readsKind(kindsReadBy(state), kind);
  const entry = board.expected.get(kind, name);
  if (entry !== undefined && unread) board.expected.exclude(entry, true);
  if (unread || !board.carried) return;
  board.dirty.set(keyText(kind, name), { kind, name, revision });
  flushDowns(state);
}

/** F1: at most 8 downs or 64 KiB unacknowledged per link; boards take turns. */
export function flushDowns(state: ReplicaState): void {
  const { session } = state;
  if (session === undefined || !session.writing || !state.connected) return;
  const boards = [...state.boards.values()];
  let idle = 0;
  while (idle < boards.length && mayWrite(state, session)) {
    const board = boards[state.turn++ % boards.length];
    if (board === undefined) return;
    idle = sendDown(state, session, board) ? 0 : idle + 1;
  }
}

function mayWrite(state: ReplicaState, session: Session): boolean {
  return (
    session.unacked.length < LIMITS.downsInFlight &&
    session.unackedBytes < LIMITS.downBytesInFlight &&
    state.options.roomy()
  );
}

function sendDown(state: ReplicaState, session: Session, board: ReplicaBoard): boolean {
  const seq = session.dseq + 1;
  const { ops, mark } = collect(state, session, board, seq);
  if (ops.length === 0) return false;
  session.dseq = seq;
  const bytes = publish(state, 'd', 1, {
    type: 'down',
    tag: session.tag,
    seq,
    b: board.b,
    mark,
    ops,
  });
  state.counters.downs++;
  state.counters.downOps += ops.length;
  session.unacked.push({ seq, bytes, at: state.now });
  session.unackedBytes += bytes;
  return true;
}

interface Collected {
  readonly ops: Op[];
  mark: number;
}

function collect(
  state: ReplicaState,
  session: Session,
  board: ReplicaBoard,
  seq: number,
): Collected {
  const result: Collected = { ops: [], mark: 0 };
  let room = Math.min(roomDown(state), LIMITS.downBytesInFlight - session.unackedBytes);
  const full = roomDown(state);
  room -= addExtra(state, board, result, room);
  for (const [text, key] of board.dirty) {
    if (waits(state, board, text)) continue;
    const entry = board.expected.get(key.kind, key.name);
    const size = OP_BYTES + key.name.length * 3 + (entry?.body.length ?? 0);
    if (size > full) {
      if (board.transfer === undefined) startTransfer(board, entry);
      continue;
    }
    if (size > room && result.ops.length > 0) break;
    board.dirty.delete(text);
    if (entry?.excluded === true) continue;
    board.inFlight.set(text, { seq, at: state.now });
    addOp(state, board, result, key, entry);
    room -= size;
  }
  if (result.ops.length === 0) addChunk(state, board, result, seq);
  return result;
}

/** F2: not sent again before it is acknowledged, or a beat has passed. */
function waits(state: ReplicaState, board: ReplicaBoard, text: string): boolean {
  const inFlight = board.inFlight.get(text);
  return inFlight !== undefined && state.now - inFlight.at < state.beatMs;
}

function addOp(
  state: ReplicaState,
  board: ReplicaBoard,
  result: Collected,
  key: DirtyKey,
  entry: DocumentEntry | undefined,
): void {
  const { kind, name } = key;
  if (board.transfer?.kind === kind && board.transfer.name === name) board.transfer = undefined;
  if (entry === undefined) {
    result.ops.push({ op: 'delete', kind, name });
    raise(result, key.revision > 0 ? key.revision : state.options.source.revision());
    return;
  }
  result.ops.push({ op: 'put', kind, name, body: entry.body });
  raise(result, revisionOf(state, board, kind, name));
}

/** D4. */
function raise(result: Collected, revision: number): void {
  result.mark = Math.max(result.mark, revision);
}

function revisionOf(state: ReplicaState, board: ReplicaBoard, kind: number, name: string): number {
  return state.options.source.document(board.id, kind, name)?.revision ?? 0;
}

/** Listed by the board and wanted by nobody: deleted by hash, if that is still so. */
function addExtra(
  state: ReplicaState,
  board: ReplicaBoard,
  result: Collected,
  room: number,
): number {
  let used = 0;
  for (const kh of board.extra) {
    if (used + OP_BYTES > room) break;
    board.extra.delete(kh);
    if (board.expected.byHash(kh) !== undefined) continue;
    result.ops.push({ op: 'delete-hash', kh: khToBytes(kh) });
    raise(result, state.options.source.revision());
    used += OP_BYTES;
  }
  return used;
}

/** C1, C2: one document at a time, from where the board's staging stands. */
function startTransfer(board: ReplicaBoard, entry: DocumentEntry | undefined): void {
  if (entry === undefined) return;
  board.dirty.delete(keyText(entry.kind, entry.name));
  if (entry.excluded) return;
  const staged = board.peerStaging;
  const dh: U64 = { hi: 0, lo: 0 };
  if (staged !== undefined) dhFromBytes(staged.dh, 0, dh);
  const resumes =
    staged !== undefined &&
    khFromBytes(staged.kh, 0) === entry.kh &&
    dh.hi === entry.dhHi &&
    dh.lo === entry.dhLo;
  board.peerStaging = undefined;
  board.transfer = new ChunkSource(entry, resumes ? staged.have : 0);
}

function addChunk(state: ReplicaState, board: ReplicaBoard, result: Collected, seq: number): void {
  const { transfer } = board;
  if (transfer === undefined) return;
  const { kind, name } = transfer;
  if (transfer.finished || !transfer.current(board.expected.get(kind, name))) {
    board.transfer = undefined;
    return;
  }
  result.ops.push(transfer.next(roomDown(state) - CHUNK_HEAD_BYTES - name.length * 3));
  raise(result, revisionOf(state, board, kind, name));
  board.inFlight.set(keyText(kind, name), { seq, at: state.now });
  if (transfer.finished) board.transfer = undefined;
}

/** The board has taken everything up to `dseq`. */
export function acknowledge(state: ReplicaState, dseq: number): void {
  const { session } = state;
  if (session === undefined) return;
  let any = false;
  while (session.unacked.length > 0 && (session.unacked[0]?.seq ?? 0) <= dseq) {
    session.unackedBytes -= session.unacked.shift()?.bytes ?? 0;
    any = true;
  }
  if (!any) return;
  for (const board of state.boards.values())
    for (const [text, { seq }] of board.inFlight) if (seq <= dseq) board.inFlight.delete(text);
  flushDowns(state);
}

/** Everything sent is known to have arrived, or to be lost. */
export function acknowledgeAll(state: ReplicaState): void {
  if (state.session !== undefined) acknowledge(state, state.session.dseq);
}

/** The connection went: what was not acknowledged is dirty again, and goes with its content of then. */
export function loseAll(state: ReplicaState): void {
  const { session } = state;
  if (session === undefined) return;
  session.unacked.length = 0;
  session.unackedBytes = 0;
  for (const board of state.boards.values()) {
    for (const text of board.inFlight.keys()) redirty(board, text);
    board.inFlight.clear();
    board.transfer = undefined;
  }
}

function redirty(board: ReplicaBoard, text: string): void {
  if (board.dirty.has(text)) return;
  const slash = text.indexOf('/');
  const kind = Number(text.slice(0, slash));
  board.dirty.set(text, { kind, name: text.slice(slash + 1), revision: 0 });
}

/** The link forgets the board's desired set. Until it is acknowledged the link's stamps cover the board still. */
export function sendDrop(state: ReplicaState, session: Session, b: number): void {
  const seq = ++session.dseq;
  const bytes = publish(state, 'd', 1, { type: 'drop', tag: session.tag, seq, b });
  session.unacked.push({ seq, bytes, at: state.now });
  session.unackedBytes += bytes;
}
