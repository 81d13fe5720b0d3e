/** State of one link's machine, and what all its parts use. */
import { type ChunkSource, DocumentSet, Staging, StreamTable } from '@boardlet/adapters/sets';
import {
  type Birth,
  type DownMessage,
  encodeMessage,
  LIMITS,
  type StagingEntry,
  type StreamMessage,
} from '@boardlet/adapters/wire';
import type {
  DownChannel,
  ReplicaCounters,
  ReplicaEffect,
  ReplicaOptions,
} from './replica-types.ts';

export const NEVER: number = Number.POSITIVE_INFINITY;

export interface DirtyKey {
  readonly kind: number;
  readonly name: string;
  /** Of the change, where it was a deletion (D4). */
  readonly revision: number;
}

/** One board of the link, kept across its sessions. */
export interface ReplicaBoard {
  readonly id: string;
  b: number;
  /** In the link's present table, and entitled. */
  carried: boolean;
  /** All that it reports was known once since it came up. */
  synced: boolean;
  /** What the board should hold, as it was last told by the source. */
  readonly expected: DocumentSet;
  expectedLoaded: boolean;
  readonly reported: DocumentSet;
  readonly staging: Staging;
  readonly dirty: Map<string, DirtyKey>;
  /** Key hashes that the board lists and nobody wants. */
  readonly extra: Set<number>;
  /** F2: seq of the unacknowledged put or delete, by key. */
  readonly inFlight: Map<string, { readonly seq: number; readonly at: number }>;
  transfer: ChunkSource | undefined;
  /** How far the board's staging came, of its last birth. */
  peerStaging: StagingEntry | undefined;
  readonly asked: readonly [Set<number>, Set<number>];
  /** Refused for want of space: asked again after a while. */
  readonly retrySpace: Map<number, number>;
  readonly journalAt: Map<number, string>;
}

export interface Unacked {
  readonly seq: number;
  readonly bytes: number;
  readonly at: number;
}

export interface Session {
  readonly tag: number;
  readonly startedAt: number;
  useq: number;
  /** Last seq sent. */
  dseq: number;
  mark: number;
  writing: boolean;
  readonly unacked: Unacked[];
  unackedBytes: number;
  /** Since when beats are ahead of the last message taken. */
  aheadAt: number;
  askedStateAt: number;
  revisionAskedAt: number;
  /** Parts of a state under way. */
  parts: Birth[];
}

export interface Greeting {
  readonly echo: number;
  readonly ses: number;
  sentAt: number;
  /** Seq used for asks within the session that is not there yet. */
  seq: number;
  askedAt: number;
  /** The link's start as its birth told it. */
  readonly birth: Birth | undefined;
  parts: Birth[];
}

/** What a link tells of itself at its start. */
export interface LinkFacts {
  boards: ReadonlyMap<number, { readonly id: string; readonly boots: number }>;
  maxMessage: number;
  kindsRead: number;
}

export interface ReplicaState {
  readonly options: ReplicaOptions;
  readonly out: ReplicaEffect[];
  readonly streams: StreamTable;
  readonly counters: ReplicaCounters;
  /** By board id. */
  readonly known: Map<string, ReplicaBoard>;
  /** By index, carried ones only. */
  readonly boards: Map<number, ReplicaBoard>;
  readonly greetings: Greeting[];
  readonly seenBirths: Map<number, Birth>;
  readonly tickets: Map<
    number,
    { readonly board: ReplicaBoard; readonly segment: number; readonly n: number }
  >;
  readonly noticed: Map<string, number>;
  now: number;
  connected: boolean;
  facts: LinkFacts | undefined;
  session: Session | undefined;
  previousTag: number;
  previousBeats: number;
  previousBeatAt: number;
  /** E2: the tag of the second of two instances, not greeted while the first lives. */
  banned: number;
  /** When the second instance was last heard; -Infinity: no duplicate stands. */
  bannedAt: number;
  /** The link lists a board that it may carry and was refused: it is to be greeted anew. */
  adoptDue: boolean;
  beatMs: number;
  paceMs: number;
  online: boolean;
  lastBeatAt: number;
  deathAt: number;
  regreetAskedAt: number;
  nextTicket: number;
  reportedBytes: number;
  /** Smallest difference seen between our clock and the link's (K1). */
  clockOffset: number;
  /** Boards take turns. */
  turn: number;
}

const HEAD_ROOM = 64;
const NOTICE_GAP_MS = 60_000;
const NOTICES = 256;

function zeroCounters(): ReplicaCounters {
  return {
    messages: 0,
    rejected: 0,
    stale: 0,
    hellos: 0,
    sessions: 0,
    downs: 0,
    downOps: 0,
    compared: 0,
    differed: 0,
    asks: 0,
    fetched: 0,
    refused: 0,
  };
}

export function createReplicaState(options: ReplicaOptions): ReplicaState {
  const state: ReplicaState = {
    options,
    out: [],
    streams: new StreamTable({
      side: 'bridge',
      windowBytes: LIMITS.streamWindowBytes,
      chunkBytes: LIMITS.streamChunkBytes,
      streamsPerBoard: LIMITS.streamsPerBoard,
      send: (message, qos) => sendStream(state, message, qos),
      accept: (request, stream) => {
        const board = state.boards.get(request.b);
        if (board === undefined) return 1;
        return options.accept(board.id, request.streamType, request.args, stream);
      },
    }),
    counters: zeroCounters(),
    known: new Map(),
    boards: new Map(),
    greetings: [],
    seenBirths: new Map(),
    tickets: new Map(),
    noticed: new Map(),
    now: 0,
    connected: false,
    facts: undefined,
    session: undefined,
    previousTag: 0,
    previousBeats: 0,
    previousBeatAt: 0,
    banned: 0,
    bannedAt: Number.NEGATIVE_INFINITY,
    adoptDue: false,
    beatMs: options.beatS * 1000,
    paceMs: options.paceMs,
    online: false,
    lastBeatAt: Number.NEGATIVE_INFINITY,
    deathAt: Number.NEGATIVE_INFINITY,
    regreetAskedAt: Number.NEGATIVE_INFINITY,
    nextTicket: 1,
    reportedBytes: 0,
    clockOffset: NEVER,
    turn: 0,
  };
  return state;
}

export function createReplicaBoard(state: ReplicaState, id: string): ReplicaBoard {
  const { hasher } = state.options;
  return {
    id,
    b: 0,
    carried: false,
    synced: false,
    expected: new DocumentSet(hasher),
    expectedLoaded: false,
    reported: new DocumentSet(hasher),
    staging: new Staging(hasher, LIMITS.documentBytes),
    dirty: new Map(),
    extra: new Set(),
    inFlight: new Map(),
    transfer: undefined,
    peerStaging: undefined,
    asked: [new Set(), new Set()],
    retrySpace: new Map(),
    journalAt: new Map(),
  };
}

/** Never 0. */
export function draw(state: ReplicaState): number {
  for (;;) {
    const n = state.options.random32() >>> 0;
    if (n !== 0) return n;
  }
}

export function publish(
  state: ReplicaState,
  channel: DownChannel,
  qos: 0 | 1,
  message: DownMessage | StreamMessage,
): number {
  const bytes = encodeMessage(message);
  state.out.push({ type: 'publish', channel, qos, bytes });
  return bytes.length;
}

function sendStream(state: ReplicaState, message: StreamMessage, qos: 0 | 1): boolean {
  if (!state.connected || (qos === 0 && !state.options.roomy())) return false;
  publish(state, 'r', qos, message);
  return true;
}

/** Bytes for ops, prefixes or hashes in one message down. */
export function roomDown(state: ReplicaState): number {
  const peer = state.facts?.maxMessage ?? LIMITS.maxMessageFloorBytes;
  return Math.max(LIMITS.maxMessageFloorBytes, Math.min(peer, LIMITS.messageBytes)) - HEAD_ROOM;
}

/** Shown where a Kubernetes user would look; the same once a minute. */
export function notice(
  state: ReplicaState,
  board: string,
  reason: string,
  message: string,
  detail = '',
): void {
  const key = `${board} ${reason} ${detail}`;
  const last = state.noticed.get(key);
  if (last !== undefined && state.now - last < NOTICE_GAP_MS) return;
  if (state.noticed.size >= NOTICES) state.noticed.clear();
  state.noticed.set(key, state.now);
  state.out.push({ type: 'notice', board, reason, message });
}

export function readsKind(mask: number, kind: number): boolean {
  return kind < 32 && ((mask >>> kind) & 1) === 1;
}

export function keyText(kind: number, name: string): string {
  return `${kind}/${name}`;
}
