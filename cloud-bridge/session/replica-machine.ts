/** The bridge side of docs/protocol.md for one link, as a deterministic machine: no IO, no clock, no timer of its own. */
import type { DocumentEntry, StreamEvents, StreamHandle } from '@boardlet/adapters/sets';
import { decodeStream, decodeUp, type UpMessage } from '@boardlet/adapters/wire';
import { dropBoard, recheckBoards } from './replica-bindings.ts';
import { flushDowns, loseAll, onChanged } from './replica-desired.ts';
import { onRefuse, onRevision, spaceRetryAt, tickSpace } from './replica-expected.ts';
import { greet, regreet } from './replica-hello.ts';
import { alive, deadAt, duplicateEndsAt, onDeath, tickLiveness } from './replica-liveness.ts';
import { onBeat, onList, onState, startWriting } from './replica-repair.ts';
import { learnClock, onJournal, onJournalDone, onUp } from './replica-reported.ts';
import { onForeign } from './replica-sessions.ts';
import { createReplicaState, type ReplicaState, type Session } from './replica-state.ts';
import type {
  ReplicaCounters,
  ReplicaEffect,
  ReplicaInput,
  ReplicaOptions,
} from './replica-types.ts';

/** While caches are behind the mark, they are looked at so often. */
const WRITING_POLL_MS = 250;

export interface ReplicaMachine {
  /** Takes one input at `nowMs` (monotonic) and answers what is to be done, in order. */
  readonly step: (input: ReplicaInput, nowMs: number) => ReplicaEffect[];
  /** When `tick` is due; Infinity while nothing is waited for. */
  readonly wakeAt: () => number;
  /** A stream to a board (even ids). Undefined: no session with it, or too many. Effects of its handle: `take`. */
  readonly open: (
    board: string,
    streamType: number,
    args: Uint8Array,
    events: StreamEvents,
    nowMs: number,
  ) => StreamHandle | undefined;
  /** Effects that came up outside of `step`: stream handles were used. */
  readonly take: () => ReplicaEffect[];
  readonly view: () => ReplicaView;
}

/** For status pages and tests. */
export interface ReplicaView {
  readonly tag: number;
  readonly online: boolean;
  readonly writing: boolean;
  readonly mark: number;
  readonly unacked: number;
  readonly boards: readonly string[];
  readonly lastHeardMs: number;
  readonly counters: Readonly<ReplicaCounters>;
  readonly documents: (board: string, set: 'expected' | 'reported') => Iterable<DocumentEntry>;
}

type Fenced = Exclude<UpMessage, { type: 'death' | 'journal' | 'beat' }>;

/** G4, upward: seq above the last one taken. */
function onFenced(state: ReplicaState, session: Session, message: Fenced): void {
  if (message.seq <= session.useq && state.options.rules?.seq !== false) {
    state.counters.stale++;
    return;
  }
  session.useq = message.seq;
  switch (message.type) {
    case 'birth':
      learnClock(state, message.uptimeMs);
      onState(state, session, message);
      return;
    case 'up':
      onUp(state, message);
      return;
    case 'list':
      onList(state, session, message);
      return;
    case 'refuse':
      onRefuse(state, message);
  }
}

function onUpMessage(state: ReplicaState, message: UpMessage): void {
  if (message.type === 'death') {
    onDeath(state, message);
    return;
  }
  const { session } = state;
  if (session === undefined || message.tag !== session.tag) {
    onForeign(state, message);
    return;
  }
  if (message.type === 'journal') {
    onJournal(state, message);
    return;
  }
  alive(state);
  if (message.type === 'beat') onBeat(state, session, message);
  else onFenced(state, session, message);
}

function onBytes(state: ReplicaState, channel: string, bytes: Uint8Array): void {
  state.counters.messages++;
  if (channel === 's') {
    const decoded = decodeStream(bytes);
    if (decoded.ok) state.streams.receive(decoded.value, state.now);
    else state.counters.rejected++;
    return;
  }
  // Parts of a birth are kept; the caller's buffer is not ours that long.
  const decoded = decodeUp(bytes.slice());
  if (!decoded.ok || !belongs(channel, decoded.value)) state.counters.rejected++;
  else onUpMessage(state, decoded.value);
}

/** Each channel carries its own types only. */
function belongs(channel: string, message: UpMessage): boolean {
  if (message.type === 'death') return channel === 'w';
  if (message.type === 'journal') return channel === 'j';
  return channel === 'u';
}

function onTick(state: ReplicaState): void {
  tickLiveness(state);
  startWriting(state);
  if (spaceRetryAt(state) <= state.now) {
    tickSpace(state);
    flushDowns(state);
  }
  state.streams.tick(state.now);
}

function onConnection(state: ReplicaState, connected: boolean): void {
  state.connected = connected;
  state.streams.online(connected, state.now);
  if (!connected) {
    loseAll(state);
    return;
  }
  // Nobody could be heard meanwhile: intervals count from now.
  if (state.online) state.lastBeatAt = state.now;
  flushDowns(state);
}

function dispatch(state: ReplicaState, input: ReplicaInput): void {
  switch (input.type) {
    case 'message':
      onBytes(state, input.channel, input.bytes);
      return;
    case 'tick':
      onTick(state);
      return;
    case 'lease':
      for (const tag of input.tags) greet(state, tag);
      return;
    case 'revision':
      onRevision(state, input.revision);
      startWriting(state);
      return;
    case 'changed':
      onChanged(state, input.board, input.kind, input.name, input.revision);
      return;
    case 'journal-done':
      onJournalDone(state, input.ticket, input.ok);
      return;
    case 'pace':
      state.paceMs = input.paceMs;
      regreet(state);
      return;
    case 'drop':
      dropBoard(state, input.board);
      return;
    case 'recheck':
      recheckBoards(state);
      return;
    case 'connected':
      onConnection(state, true);
      return;
    case 'disconnected':
      onConnection(state, false);
      return;
    case 'drain':
      flushDowns(state);
      state.streams.drain(state.now);
      return;
  }
}

function wakeAt(state: ReplicaState): number {
  const { session } = state;
  const poll = session !== undefined && !session.writing ? state.now + WRITING_POLL_MS : Infinity;
  return Math.min(
    poll,
    deadAt(state),
    duplicateEndsAt(state),
    spaceRetryAt(state),
    state.streams.wakeAt(),
  );
}

function viewOf(state: ReplicaState): ReplicaView {
  const { session } = state;
  return {
    tag: session?.tag ?? 0,
    online: state.online,
    writing: session?.writing ?? false,
    mark: session?.mark ?? 0,
    unacked: session?.unacked.length ?? 0,
    boards: [...state.boards.values()].map((board) => board.id),
    lastHeardMs: state.lastBeatAt,
    counters: state.counters,
    documents: (board, set) => state.known.get(board)?.[set].entries() ?? [],
  };
}

export function createReplicaMachine(options: ReplicaOptions): ReplicaMachine {
  const state = createReplicaState(options);
  const take = (): ReplicaEffect[] => state.out.splice(0);
  return {
    step: (input, nowMs) => {
      state.now = nowMs;
      dispatch(state, input);
      return take();
    },
    wakeAt: () => wakeAt(state),
    open: (board, streamType, args, events, nowMs) => {
      state.now = nowMs;
      const found = state.known.get(board);
      if (found === undefined || !found.carried || !state.online) return undefined;
      return state.streams.open({ b: found.b, streamType, args }, events, nowMs);
    },
    take,
    view: () => viewOf(state),
  };
}
