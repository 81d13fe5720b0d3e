/** Reported documents as they arrive, and the journal (docs/protocol.md §5, R2, C1, K1, J1–J4). */
import type { DocumentEntry } from '@boardlet/adapters/sets';
import {
  type ChunkOp,
  decodeEvent,
  type Journal,
  LIMITS,
  type Op,
  type Up,
} from '@boardlet/adapters/wire';
import type { JournalEntry, ReportedChange } from './contract.ts';
import {
  notice,
  publish,
  type ReplicaBoard,
  type ReplicaState,
  readsKind,
} from './replica-state.ts';

/** K1: our clock minus the link's, the smallest seen since its process started. */
export function learnClock(state: ReplicaState, linkMs: number): void {
  state.clockOffset = Math.min(state.clockOffset, state.options.unixMs() - linkMs);
}

export function onUp(state: ReplicaState, up: Up): void {
  const board = state.boards.get(up.b);
  if (board === undefined) return;
  if (up.tMs !== undefined) learnClock(state, up.tMs);
  const unixMs = up.tMs === undefined ? undefined : up.tMs + state.clockOffset;
  const changes: ReportedChange[] = [];
  for (const op of up.ops) {
    const change = takeOp(state, board, op);
    if (change !== undefined) changes.push(unixMs === undefined ? change : { ...change, unixMs });
  }
  emit(state, board, changes);
}

function emit(state: ReplicaState, board: ReplicaBoard, changes: readonly ReportedChange[]): void {
  if (changes.length > 0) state.out.push({ type: 'reported', board: board.id, changes });
}

function takeOp(state: ReplicaState, board: ReplicaBoard, op: Op): ReportedChange | undefined {
  switch (op.op) {
    case 'put':
      board.staging.drop(op.kind, op.name);
      return put(state, board, op.kind, op.name, op.body.slice());
    case 'delete':
      board.staging.drop(op.kind, op.name);
      return remove(state, board, op.kind, op.name);
    case 'chunk':
      return takeChunk(state, board, op);
    case 'delete-hash':
      // Only a reader that was listed to names a document by its hash.
      state.counters.rejected++;
      return undefined;
  }
}

function takeChunk(
  state: ReplicaState,
  board: ReplicaBoard,
  op: ChunkOp,
): ReportedChange | undefined {
  const outcome = board.staging.take(op);
  if (outcome.state === 'done') return put(state, board, op.kind, op.name, outcome.body);
  if (outcome.state === 'too-long' || outcome.state === 'invalid') {
    state.counters.rejected++;
    board.staging.drop(op.kind, op.name);
  }
  return undefined;
}

function put(
  state: ReplicaState,
  board: ReplicaBoard,
  kind: number,
  name: string,
  body: Uint8Array,
): ReportedChange | undefined {
  if (!readsKind(state.options.kindsRead, kind)) {
    state.counters.rejected++;
    return undefined;
  }
  const old = board.reported.get(kind, name);
  const oldBytes = old?.body.length ?? 0;
  const full = old === undefined && board.reported.size >= LIMITS.documentsPerBoard;
  if (full || state.reportedBytes - oldBytes + body.length > LIMITS.storeBytes) {
    notice(
      state,
      board.id,
      'TooMuchReported',
      `link ${state.options.link} reports over its limits`,
    );
    return undefined;
  }
  if (board.reported.put(kind, name, body) !== 'changed') return undefined;
  state.reportedBytes += body.length - oldBytes;
  return { kind, name, body };
}

function remove(
  state: ReplicaState,
  board: ReplicaBoard,
  kind: number,
  name: string,
): ReportedChange | undefined {
  const old = board.reported.get(kind, name);
  if (old === undefined) return undefined;
  state.reportedBytes -= old.body.length;
  board.reported.remove(kind, name);
  return { kind, name };
}

/** Not in a list that covers their range: gone at the board. */
export function removeReported(
  state: ReplicaState,
  board: ReplicaBoard,
  entries: readonly DocumentEntry[],
): void {
  emit(
    state,
    board,
    entries.flatMap(({ kind, name }) => remove(state, board, kind, name) ?? []),
  );
}

/** J2: acknowledged once the sink has it; a repeat of what is still on its way there is not handed on again. */
export function onJournal(state: ReplicaState, journal: Journal): void {
  const board = state.boards.get(journal.b);
  if (board === undefined || journal.entries.length === 0) return;
  const batch = `${journal.first}+${journal.entries.length}`;
  if (board.journalAt.get(journal.segment) === batch) return;
  if (board.journalAt.size >= JOURNAL_BATCHES) return;
  board.journalAt.set(journal.segment, batch);
  const ticket = state.nextTicket++;
  const n = journal.first + journal.entries.length - 1;
  state.tickets.set(ticket, { board, segment: journal.segment, n });
  state.out.push({
    type: 'journal',
    ticket,
    board: board.id,
    entries: decodeEntries(state, board, journal),
    lost: journal.lost,
  });
}

/** Batches of one board under way to the sink. */
const JOURNAL_BATCHES = 4;

function decodeEntries(state: ReplicaState, board: ReplicaBoard, journal: Journal): JournalEntry[] {
  return journal.entries.flatMap((bytes, i) => {
    const event = decodeEvent(bytes);
    if (event.ok)
      return [{ identity: `${journal.segment}-${journal.first + i}`, event: event.value }];
    state.counters.rejected++;
    notice(
      state,
      board.id,
      'EventUnreadable',
      `an event of the board cannot be read: ${event.code}`,
    );
    return [];
  });
}

export function onJournalDone(state: ReplicaState, ticket: number, ok: boolean): void {
  const done = state.tickets.get(ticket);
  if (done === undefined) return;
  state.tickets.delete(ticket);
  const { board, segment, n } = done;
  board.journalAt.delete(segment);
  const { session } = state;
  if (!ok || session === undefined || !board.carried) return;
  publish(state, 'd', 1, {
    type: 'jack',
    tag: session.tag,
    seq: ++session.dseq,
    b: board.b,
    segment,
    n,
  });
}
