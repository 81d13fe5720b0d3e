/** Messages from the bridge, one after the other: each waits for the commit of the one before it (docs/protocol.md §5, G4, D6, D8). */
import { khFromBytes, khToBytes } from '@boardlet/adapters/sets';
import {
  type ChunkOp,
  type Down,
  type DownMessage,
  LIMITS,
  type Op,
  type PutOp,
  REFUSE_CODES,
} from '@boardlet/adapters/wire';
import { answerAsk, answerFetch } from './link-answers.ts';
import { beatSoon, onHello, refuse, took } from './link-greeting.ts';
import { onJack } from './link-journal.ts';
import {
  type LinkBoard,
  type LinkState,
  readsKind,
  type StagedChange,
  type Transaction,
} from './link-state.ts';
import type { AppliedChange } from './link-types.ts';

/** F1 lets 8 downs be under way; asks, fetches and acknowledgements come beside them. */
const INBOX_MESSAGES = 256;

export function receive(state: LinkState, message: DownMessage): void {
  if (state.inbox.length >= INBOX_MESSAGES) {
    state.counters.overflow++;
    return;
  }
  state.inbox.push(message);
  process(state);
}

/** Takes messages until one must wait for the disk. Downs that wait behind a commit share the next one. */
function process(state: LinkState): void {
  while (state.committing === undefined && state.inbox.length > 0) {
    const transaction: Transaction = { changes: new Map(), mark: state.mark, dseq: 0, drops: [] };
    while (state.inbox.length > 0) {
      const message = state.inbox[0];
      if (message === undefined || !(message.type === 'down' || message.type === 'drop')) break;
      state.inbox.shift();
      stage(state, transaction, message);
    }
    if (transaction.dseq > 0) commit(state, transaction);
    else {
      const message = state.inbox.shift();
      if (message !== undefined) handle(state, message);
    }
  }
}

/** G4: the tag equal and the seq above the last one taken; anything else is dead. */
function fenced(state: LinkState, message: DownMessage, last: number): boolean {
  if (message.type === 'hello') return false;
  const tagOk = message.tag === state.tag && state.phase === 'session';
  if (tagOk && (message.seq > last || state.options.rules?.seq === false)) return true;
  state.counters.stale++;
  return false;
}

function handle(state: LinkState, message: DownMessage): void {
  if (message.type === 'hello') {
    onHello(state, message);
    return;
  }
  if (!fenced(state, message, state.dseq)) return;
  took(state, message.seq);
  if (message.type === 'ask') answerAsk(state, message);
  else if (message.type === 'fetch') answerFetch(state, message);
  else if (message.type === 'jack') onJack(state, message);
  else if (message.type === 'refuse') onNotMine(state, message.b);
}

/** The stamp covers what both sides carry: a board that the bridge does not take stays out until the next session. */
function onNotMine(state: LinkState, b: number): void {
  const board = state.boards[b];
  if (board === undefined || board.gone) return;
  board.gone = true;
  state.out.push({ type: 'not-mine', b });
}

function stage(
  state: LinkState,
  transaction: Transaction,
  message: Extract<DownMessage, { type: 'down' | 'drop' }>,
): void {
  if (!fenced(state, message, Math.max(state.dseq, transaction.dseq))) return;
  transaction.dseq = message.seq;
  const board = state.boards[message.b];
  if (board === undefined || board.gone) {
    if (message.type === 'down') refuse(state, message.b, REFUSE_CODES.notMine);
    return;
  }
  state.counters.downs++;
  state.untold++;
  if (message.type === 'drop') stageDrop(transaction, board);
  else stageDown(state, transaction, board, message);
}

function stageDrop(transaction: Transaction, board: LinkBoard): void {
  for (const entry of board.desired.entries()) {
    const { kind, name, kh } = entry;
    transaction.changes.set(changeKey(board, kh), { board, kind, name, kh, body: undefined });
  }
  transaction.drops.push(board);
}

function stageDown(state: LinkState, t: Transaction, board: LinkBoard, down: Down): void {
  if (down.mark > t.mark) t.mark = down.mark;
  for (const op of down.ops) stageOp(state, t, board, op);
}

function changeKey(board: LinkBoard, kh: number): string {
  return `${board.b}:${kh}`;
}

function stageOp(state: LinkState, t: Transaction, board: LinkBoard, op: Op): void {
  if (op.op === 'chunk') {
    stageChunk(state, t, board, op);
    return;
  }
  if (op.op === 'delete-hash') {
    stageDelete(t, board, khFromBytes(op.kh, 0));
    return;
  }
  board.staging.drop(op.kind, op.name);
  if (op.op === 'put') stagePut(state, t, board, op);
  else stageDelete(t, board, board.desired.keyHash(op.kind, op.name));
}

function stageDelete(t: Transaction, board: LinkBoard, kh: number): void {
  board.staging.dropHash(kh);
  const held = t.changes.get(changeKey(board, kh)) ?? board.desired.byHash(kh);
  if (held === undefined) return;
  const { kind, name } = held;
  t.changes.set(changeKey(board, kh), { board, kind, name, kh, body: undefined });
}

/** Why a document cannot be taken; 0: it can. */
function objection(
  state: LinkState,
  t: Transaction,
  board: LinkBoard,
  op: PutOp,
  kh: number,
): number {
  if (op.body.length > LIMITS.documentBytes) return REFUSE_CODES.tooLong;
  const readable = readsKind(state.options.kindsRead, op.kind);
  if (!readable || !state.options.valid(op.kind, op.name, op.body)) return REFUSE_CODES.invalid;
  const held: { kind: number; name: string } | undefined =
    t.changes.get(changeKey(board, kh)) ?? board.desired.byHash(kh);
  if (held === undefined)
    return board.desired.size + t.changes.size >= LIMITS.documentsPerBoard ? REFUSE_CODES.space : 0;
  return held.kind === op.kind && held.name === op.name ? 0 : REFUSE_CODES.invalid;
}

function stagePut(state: LinkState, t: Transaction, board: LinkBoard, op: PutOp): void {
  const kh = board.desired.keyHash(op.kind, op.name);
  const code = objection(state, t, board, op, kh);
  const change: StagedChange = { board, kind: op.kind, name: op.name, kh, body: op.body.slice() };
  if (code === 0) t.changes.set(changeKey(board, kh), change);
  else refuseChange(state, change, code);
}

/** D8: both sides leave the key out, so an older content here is neither a difference nor deleted for it. */
function refuseChange(state: LinkState, change: StagedChange, code: number): void {
  const { board, kind, name, kh, body } = change;
  if (body === undefined) return;
  const held = board.desired.byHash(kh);
  if (held !== undefined && held.kind === kind && held.name === name)
    board.desired.exclude(held, true);
  const dh = board.desired.documentHash(kind, name, body);
  refuse(state, board.b, code, { kh: khToBytes(kh), dh });
  state.out.push({ type: 'warn', code: `BL_REPLICATION_REFUSED_${code}`, b: board.b, name });
}

function stageChunk(state: LinkState, t: Transaction, board: LinkBoard, op: ChunkOp): void {
  const outcome = board.staging.take(op);
  const { kind, name } = op;
  if (outcome.state === 'done') {
    stagePut(state, t, board, { op: 'put', kind, name, body: outcome.body });
    return;
  }
  if (outcome.state !== 'too-long' && outcome.state !== 'invalid') return;
  const code = outcome.state === 'too-long' ? REFUSE_CODES.tooLong : REFUSE_CODES.invalid;
  board.staging.drop(kind, name);
  refuse(state, board.b, code, { kh: khToBytes(board.desired.keyHash(kind, name)), dh: op.dh });
}

/** Drops what is there already; a repeated identical put costs no write. */
function prune(transaction: Transaction): void {
  for (const [key, { board, kind, name, body }] of transaction.changes) {
    const held = board.desired.get(kind, name);
    if (body === undefined ? held !== undefined : !sameBody(held?.body, body)) continue;
    if (held !== undefined) board.desired.exclude(held, false);
    transaction.changes.delete(key);
  }
}

function sameBody(held: Uint8Array | undefined, body: Uint8Array): boolean {
  if (held === undefined || held.length !== body.length) return false;
  for (let i = 0; i < body.length; i++) if (held[i] !== body[i]) return false;
  return true;
}

function commit(state: LinkState, transaction: Transaction): void {
  prune(transaction);
  state.committing = transaction;
  const { changes, mark } = transaction;
  if (changes.size === 0 && mark === state.mark) {
    finish(state, true, '');
    return;
  }
  if (state.options.rules?.commit === false) act(state, transaction);
  state.counters.commits++;
  state.out.push({
    type: 'commit',
    mark,
    changes: [...changes.values()].map(({ board, kind, name, body }) => ({
      board: board.id,
      kind,
      name,
      ...(body !== undefined && { body }),
    })),
  });
}

/** The store answered. */
export function committed(state: LinkState, ok: boolean, code: string): void {
  finish(state, ok, code);
  process(state);
}

function finish(state: LinkState, ok: boolean, code: string): void {
  const transaction = state.committing;
  if (transaction === undefined) return;
  state.committing = undefined;
  if (ok) {
    state.mark = transaction.mark;
    if (state.options.rules?.commit !== false) act(state, transaction);
  } else {
    state.out.push({ type: 'warn', code, b: 0, name: '' });
    for (const change of transaction.changes.values())
      refuseChange(state, change, REFUSE_CODES.space);
  }
  took(state, transaction.dseq);
  beatSoon(state);
}

function act(state: LinkState, transaction: Transaction): void {
  const byBoard = new Map<LinkBoard, AppliedChange[]>();
  for (const { board, kind, name, body } of transaction.changes.values()) {
    if (body === undefined) board.desired.remove(kind, name);
    else board.desired.put(kind, name, body);
    const list = byBoard.get(board) ?? [];
    list.push({ kind, name, ...(body !== undefined && { body }) });
    byBoard.set(board, list);
  }
  for (const [board, changes] of byBoard) state.out.push({ type: 'apply', b: board.b, changes });
  for (const board of transaction.drops) {
    board.gone = true;
    board.staging.clear();
    state.streams.dropBoard(board.b, state.now);
    state.out.push({ type: 'dropped', b: board.b });
  }
}
