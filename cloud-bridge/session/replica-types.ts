/** The replica role of docs/protocol.md, one machine per link: what goes in and what comes out. */
import type { Hasher, StreamEvents, StreamHandle } from '@boardlet/adapters/sets';
import type {
  DesiredSource,
  JournalEntry,
  OfflineReason,
  Release,
  ReportedChange,
} from './contract.ts';

/** `u` sets and beats, `j` journal, `s` streams, `w` will and goodbye. */
export type UpChannel = 'u' | 'j' | 's' | 'w';
/** `d` everything down, `r` streams down. */
export type DownChannel = 'd' | 'r';

export interface ReplicaOptions {
  readonly link: string;
  readonly source: DesiredSource;
  /** E1. */
  readonly entitled: (board: string) => boolean;
  /** E1: an operator decided that this link carries the board no longer. */
  readonly released?: (board: string) => Release | undefined;
  readonly hasher: Hasher;
  /** 8 bytes: hash of the cluster's id (E4). */
  readonly realm: Uint8Array;
  /** Protocol versions spoken here, newest first. */
  readonly versions: readonly number[];
  /** 1..3600. */
  readonly beatS: number;
  readonly paceMs: number;
  /** Largest message taken here, bytes. */
  readonly maxMessage: number;
  /** Bit k: reported kind k is read here (D9). */
  readonly kindsRead: number;
  /** Cryptographically strong. */
  readonly random32: () => number;
  readonly unixMs: () => number;
  /** False: the channel takes no more just now. */
  readonly roomy: () => boolean;
  /** The board opens a stream: its events, or a code of `END_CODES`. */
  readonly accept: (
    board: string,
    streamType: number,
    args: Uint8Array,
    stream: StreamHandle,
  ) => StreamEvents | number;
  /** Tests only: a rule switched off must make an invariant fail. */
  readonly rules?: ReplicaRules;
}

export interface ReplicaRules {
  readonly leaseRead?: boolean;
  readonly mark?: boolean;
  readonly seq?: boolean;
}

export type ReplicaInput =
  | { readonly type: 'message'; readonly channel: UpChannel; readonly bytes: Uint8Array }
  | { readonly type: 'tick' }
  /** A Lease read, begun after `tags` were asked for, shows this process as holder (G2). */
  | { readonly type: 'lease'; readonly tags: readonly number[] }
  | { readonly type: 'revision'; readonly revision: number }
  | {
      readonly type: 'changed';
      readonly board: string;
      readonly kind: number;
      readonly name: string;
      readonly revision: number;
    }
  | { readonly type: 'journal-done'; readonly ticket: number; readonly ok: boolean }
  | { readonly type: 'pace'; readonly paceMs: number }
  /** A decided move: this link forgets the board. */
  | { readonly type: 'drop'; readonly board: string }
  /** What this link may carry has changed (E1). */
  | { readonly type: 'recheck' }
  | { readonly type: 'connected' | 'disconnected' | 'drain' };

export type ReplicaEffect =
  | {
      readonly type: 'publish';
      readonly channel: DownChannel;
      readonly qos: 0 | 1;
      readonly bytes: Uint8Array;
    }
  /** Answered by `lease` when a read begun from now on shows the holder; by nothing when it does not. */
  | { readonly type: 'lease-read'; readonly tag: number }
  | { readonly type: 'read-revision' }
  | { readonly type: 'up'; readonly board: string }
  | { readonly type: 'down'; readonly board: string; readonly reason: OfflineReason }
  /** The first comparison since `up` ended equal. */
  | { readonly type: 'synced'; readonly board: string }
  /** E2. */
  | { readonly type: 'duplicate'; readonly board: string; readonly present: boolean }
  | {
      readonly type: 'reported';
      readonly board: string;
      readonly changes: readonly ReportedChange[];
    }
  | {
      readonly type: 'journal';
      readonly ticket: number;
      readonly board: string;
      readonly entries: readonly JournalEntry[];
      readonly lost: number;
    }
  | {
      readonly type: 'notice';
      readonly board: string;
      readonly reason: string;
      readonly message: string;
    };

/** Counts since the machine was made. */
export interface ReplicaCounters {
  messages: number;
  /** Bytes that do not decode, or lists that nobody asked for. */
  rejected: number;
  stale: number;
  hellos: number;
  sessions: number;
  downs: number;
  downOps: number;
  compared: number;
  differed: number;
  asks: number;
  fetched: number;
  refused: number;
}
