/** The board side of docs/protocol.md as a deterministic machine: no IO, no clock, no timer of its own. */
import type { StreamEvents, StreamHandle } from '@boardlet/adapters/sets';
import { decodeDown, decodeStream, encodeMessage } from '@boardlet/adapters/wire';
import { beat, startLink } from './link-greeting.ts';
import { committed, receive } from './link-inbox.ts';
import { addEvent, restartJournals, tickJournals } from './link-journal.ts';
import { flushAll, report, save, tickOutbox } from './link-outbox.ts';
import { createLinkState, type LinkState } from './link-state.ts';
import type { LinkCounters, LinkEffect, LinkInput, LinkMachineOptions } from './link-types.ts';

export interface LinkMachine {
  /** Takes one input at `nowMs` (monotonic) and answers what is to be done, in order. */
  readonly step: (input: LinkInput, nowMs: number) => LinkEffect[];
  /** When `tick` is due; Infinity while nothing is waited for. */
  readonly wakeAt: () => number;
  /** A stream opened from this side (odd ids). Undefined: no session, or too many. Effects of its handle: `take`. */
  readonly open: (
    request: { readonly b: number; readonly streamType: number; readonly args: Uint8Array },
    events: StreamEvents,
    nowMs: number,
  ) => StreamHandle | undefined;
  /** Effects that came up outside of `step`: stream handles were used. */
  readonly take: () => LinkEffect[];
  /** Values that the store does not have yet: before closing it. */
  readonly saveNow: () => LinkEffect[];
  /** Will for a CONNECT made now, and farewell (`goodbye`). */
  readonly death: (goodbye: boolean) => Uint8Array;
  readonly view: () => LinkView;
}

/** For status pages and tests. */
export interface LinkView {
  readonly phase: 'new' | 'session';
  readonly tag: number;
  readonly useq: number;
  readonly dseq: number;
  readonly mark: number;
  readonly counters: Readonly<LinkCounters>;
  readonly journalHeld: (b: number) => number;
  readonly journalLost: (b: number) => number;
  readonly documents: (
    b: number,
    set: 'desired' | 'reported',
  ) => Iterable<{ readonly kind: number; readonly name: string; readonly body: Uint8Array }>;
}

const GOODBYE = 1;

function onDown(state: LinkState, bytes: Uint8Array): void {
  // A message may wait for a commit, and bodies are kept: the caller's buffer is not ours that long.
  const decoded = decodeDown(bytes.slice());
  if (decoded.ok) receive(state, decoded.value);
  else state.counters.rejected++;
}

function onStream(state: LinkState, bytes: Uint8Array): void {
  const decoded = decodeStream(bytes);
  if (!decoded.ok) state.counters.rejected++;
  else if (state.phase === 'session') state.streams.receive(decoded.value, state.now);
}

function onConnected(state: LinkState, maxPayloadBytes: number): void {
  state.connected = true;
  state.congested = false;
  state.payloadMax = maxPayloadBytes;
  beat(state);
  state.streams.online(true, state.now);
  restartJournals(state);
  flushAll(state);
}

function onDisconnected(state: LinkState): void {
  state.connected = false;
  state.congested = false;
  state.streams.online(false, state.now);
  // The link's outgoing store is dropped with the connection: each outcome is known to be a loss.
  for (const id of [...state.waitingFor.keys()]) settle(state, id, false);
}

function settle(state: LinkState, id: number, ok: boolean): void {
  const done = state.waitingFor.get(id);
  state.waitingFor.delete(id);
  done?.(ok);
}

function onTick(state: LinkState): void {
  if (state.connected) {
    if (Math.min(state.nextBeatAt, state.earlyBeatAt) <= state.now) beat(state);
    tickJournals(state);
    state.streams.tick(state.now);
  }
  tickOutbox(state);
}

type Published = Extract<LinkInput, { type: 'published' }>;

function notTaken(state: LinkState, { data }: Published): void {
  state.congested = true;
  if (data !== undefined) state.streams.unsent(data.id, data.off);
}

function onDrain(state: LinkState): void {
  state.congested = false;
  state.streams.drain(state.now);
  restartJournals(state);
  flushAll(state);
}

function dispatch(state: LinkState, input: LinkInput): void {
  switch (input.type) {
    case 'start':
      startLink(state);
      return;
    case 'connected':
      onConnected(state, input.maxPayloadBytes);
      return;
    case 'disconnected':
      onDisconnected(state);
      return;
    case 'message':
      if (input.channel === 'r') onStream(state, input.bytes);
      else onDown(state, input.bytes);
      return;
    case 'tick':
      onTick(state);
      return;
    case 'drain':
      onDrain(state);
      return;
    case 'published':
      if (!input.taken) notTaken(state, input);
      settle(state, input.id, input.ok);
      return;
    case 'committed':
      committed(state, input.ok, input.code ?? '');
      return;
    case 'report':
      report(state, input.b, input.kind, input.name, input.body);
      return;
    case 'event':
      addEvent(state, input.b, input.entry);
      return;
  }
}

function wakeAt(state: LinkState): number {
  let at = state.saveAt;
  if (!state.connected) return at;
  at = Math.min(at, state.nextBeatAt, state.earlyBeatAt, state.streams.wakeAt());
  for (const board of state.boards) at = Math.min(at, board.journalRetryAt);
  return Math.min(at, state.dueAt);
}

function viewOf(state: LinkState): LinkView {
  return {
    phase: state.phase,
    tag: state.tag,
    useq: state.useq,
    dseq: state.dseq,
    mark: state.mark,
    counters: state.counters,
    journalHeld: (b) => state.boards[b]?.journal.count ?? 0,
    journalLost: (b) => state.boards[b]?.journal.lost ?? 0,
    documents: (b, set) => state.boards[b]?.[set].entries() ?? [],
  };
}

/** Creates the machine; nothing happens before its `start`. */
export function createLinkMachine(options: LinkMachineOptions): LinkMachine {
  const state = createLinkState(options);
  const take = (): LinkEffect[] => state.out.splice(0);
  return {
    step: (input, nowMs) => {
      state.now = nowMs;
      dispatch(state, input);
      return take();
    },
    wakeAt: () => wakeAt(state),
    open: (request, events, nowMs) => {
      state.now = nowMs;
      return state.connected ? state.streams.open(request, events, nowMs) : undefined;
    },
    take,
    saveNow: () => {
      save(state);
      return take();
    },
    death: (goodbye) =>
      encodeMessage({ type: 'death', tag: state.tag, ...(goodbye && { reason: GOODBYE }) }),
    view: () => viewOf(state),
  };
}
