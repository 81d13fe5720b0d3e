/** State of the link machine, and what all its parts use. */
import {
  type ChunkSource,
  DocumentSet,
  Hasher,
  JournalQueue,
  Staging,
  StreamTable,
} from '@boardlet/adapters/sets';
import {
  type DownMessage,
  encodeMessage,
  LIMITS,
  type StreamMessage,
  type UpMessage,
} from '@boardlet/adapters/wire';
import type { LinkCounters, LinkEffect, LinkMachineOptions, UpChannel } from './link-types.ts';

export const NEVER: number = Number.POSITIVE_INFINITY;

/** One reported key: what was sent is in the board's set, what is newer waits here. */
export interface ReportedKey {
  readonly kind: number;
  readonly name: string;
  /** Newest value not sent yet; null: removed; undefined: none. */
  pending: Uint8Array | null | undefined;
  /** When the newest value came; Infinity: before this start, nobody knows. */
  changedAt: number;
  sentAt: number;
  /** `idle`: nothing to send; `ready`: goes with the next message; `waiting`: for its pace. */
  place: 'idle' | 'ready' | 'waiting';
}

export interface LinkBoard {
  readonly b: number;
  readonly id: string;
  /** Dropped or refused by the bridge until the next session: in no birth, beat or list. */
  gone: boolean;
  readonly desired: DocumentSet;
  /** What was sent: digests and lists speak of it, so that a value waiting for its pace is no difference. */
  readonly reported: DocumentSet;
  readonly staging: Staging;
  readonly keys: Map<number, Map<string, ReportedKey>>;
  keyCount: number;
  ready: ReportedKey[];
  readonly waiting: Set<ReportedKey>;
  readonly unsaved: Set<ReportedKey>;
  upInFlight: boolean;
  transfer: { readonly source: ChunkSource; readonly key: ReportedKey } | undefined;
  readonly journal: JournalQueue;
  journalNext: number;
  journalRetryAt: number;
}

/** A change that waits for its commit, by board and key hash. */
export interface StagedChange {
  readonly board: LinkBoard;
  readonly kind: number;
  readonly name: string;
  readonly kh: number;
  readonly body: Uint8Array | undefined;
}

export interface Transaction {
  readonly changes: Map<string, StagedChange>;
  mark: number;
  dseq: number;
  /** Boards that the link no longer carries once this is on disk. */
  readonly drops: LinkBoard[];
}

export interface LinkState {
  readonly options: LinkMachineOptions;
  readonly hasher: Hasher;
  readonly out: LinkEffect[];
  readonly boards: readonly LinkBoard[];
  readonly streams: StreamTable;
  readonly counters: LinkCounters;
  /** Outcome of publishes that somebody waits for. */
  readonly waitingFor: Map<number, (ok: boolean) => void>;
  readonly inbox: DownMessage[];
  now: number;
  startedAt: number;
  phase: 'new' | 'session';
  connected: boolean;
  /** The link took no more; nothing but beats goes until it drains. */
  congested: boolean;
  tag: number;
  useq: number;
  /** Last seq taken, told in beats; a down is taken once it is committed. */
  dseq: number;
  /** Beats that still tell dseq. */
  dseqBeats: number;
  /** Downs taken since the last beat. */
  untold: number;
  mark: number;
  realm: Uint8Array | undefined;
  beatMs: number;
  paceMs: number;
  /** Largest message the peer takes. */
  peerMax: number;
  payloadMax: number;
  peerKinds: number;
  segment: number;
  nextPublish: number;
  upsInFlight: number;
  nextBeatAt: number;
  lastBeatAt: number;
  earlyBeatAt: number;
  savedAt: number;
  saveAt: number;
  /** When the first key that waits for its pace may be due. */
  dueAt: number;
  committing: Transaction | undefined;
}

/** Bytes kept free in a message for its head. */
const HEAD_ROOM = 64;

function restoreBoard(options: LinkMachineOptions, hasher: Hasher, b: number): LinkBoard {
  const id = options.boards[b] ?? '';
  const stored = options.stored.boards.find((board) => board.id === id);
  const journal = new JournalQueue(
    { entries: LIMITS.journalEntries, bytes: LIMITS.journalBytes },
    stored?.lost ?? 0,
  );
  for (const s of stored?.journal ?? []) journal.restore(s.segment, s.first, s.entries);
  const board: LinkBoard = {
    b,
    id,
    gone: false,
    desired: new DocumentSet(hasher),
    reported: new DocumentSet(hasher),
    staging: new Staging(hasher, LIMITS.documentBytes),
    keys: new Map(),
    keyCount: 0,
    ready: [],
    waiting: new Set(),
    unsaved: new Set(),
    upInFlight: false,
    transfer: undefined,
    journal,
    journalNext: 1,
    journalRetryAt: NEVER,
  };
  for (const d of stored?.desired ?? []) board.desired.put(d.kind, d.name, d.body);
  for (const d of stored?.reported ?? []) board.reported.put(d.kind, d.name, d.body);
  return board;
}

function zeroCounters(): LinkCounters {
  return {
    beats: 0,
    births: 0,
    ups: 0,
    lists: 0,
    downs: 0,
    stale: 0,
    rejected: 0,
    refused: 0,
    commits: 0,
    overflow: 0,
  };
}

export function createLinkState(options: LinkMachineOptions): LinkState {
  const hasher = new Hasher(options.sha256);
  const state: LinkState = {
    options,
    hasher,
    out: [],
    boards: options.boards.map((_, b) => restoreBoard(options, hasher, b)),
    streams: new StreamTable({
      side: 'board',
      windowBytes: LIMITS.streamWindowBytes,
      chunkBytes: LIMITS.streamChunkBytes,
      streamsPerBoard: LIMITS.streamsPerBoard,
      send: (message, qos) => sendStream(state, message, qos),
      accept: options.accept,
    }),
    counters: zeroCounters(),
    waitingFor: new Map(),
    inbox: [],
    now: 0,
    startedAt: 0,
    phase: 'new',
    connected: false,
    congested: false,
    tag: 0,
    useq: 0,
    dseq: 0,
    dseqBeats: 0,
    untold: 0,
    mark: options.stored.mark,
    realm: options.stored.realm,
    beatMs: LIMITS.beatS * 1000,
    paceMs: LIMITS.paceMs,
    peerMax: LIMITS.messageBytes,
    payloadMax: LIMITS.messageBytes,
    peerKinds: 0xffffffff,
    segment: 0,
    nextPublish: 1,
    upsInFlight: 0,
    nextBeatAt: 0,
    lastBeatAt: Number.NEGATIVE_INFINITY,
    earlyBeatAt: NEVER,
    savedAt: Number.NEGATIVE_INFINITY,
    saveAt: NEVER,
    dueAt: NEVER,
    committing: undefined,
  };
  return state;
}

/** A tag or segment: never 0. */
export function draw(state: LinkState): number {
  for (;;) {
    const n = state.options.random32() >>> 0;
    if (n !== 0) return n;
  }
}

/** Room for ops, pages or entries in one message. */
export function roomInMessage(state: LinkState): number {
  return (
    Math.max(LIMITS.maxMessageFloorBytes, Math.min(state.peerMax, state.payloadMax)) - HEAD_ROOM
  );
}

export function publish(
  state: LinkState,
  channel: UpChannel,
  qos: 0 | 1,
  message: UpMessage,
  done?: (ok: boolean) => void,
): void {
  let id = 0;
  if (done !== undefined) {
    id = state.nextPublish++;
    state.waitingFor.set(id, done);
  }
  state.out.push({ type: 'publish', channel, qos, bytes: encodeMessage(message), id });
}

function sendStream(state: LinkState, message: StreamMessage, qos: 0 | 1): boolean {
  if (!state.connected || (state.congested && qos === 0)) return false;
  // Many chunks of one step may be on their way before the link says that it is full.
  const data = message.type === 'data' ? { data: { id: message.id, off: message.off } } : {};
  state.out.push({
    type: 'publish',
    channel: 's',
    qos,
    bytes: encodeMessage(message),
    id: 0,
    ...data,
  });
  return true;
}

/** May anything but birth and beat be sent? */
export function talking(state: LinkState): boolean {
  return state.connected && state.phase === 'session' && !state.congested;
}

export function readsKind(mask: number, kind: number): boolean {
  return kind < 32 && ((mask >>> kind) & 1) === 1;
}

export function warn(state: LinkState, code: string, b: number, name: string): void {
  state.out.push({ type: 'warn', code, b, name });
}
