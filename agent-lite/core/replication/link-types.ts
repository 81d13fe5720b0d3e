/** The link role of docs/protocol.md: what goes into the machine and what comes out of it. */
import type { Sha256, StreamEvents, StreamHandle, StreamRequest } from '@boardlet/adapters/sets';
import type { DocumentChange, StoredLink } from './store-contract.ts';

/** Last part of the topic: `u` sets and beats, `j` journal, `s` streams, `w` will and goodbye. */
export type UpChannel = 'u' | 'j' | 's' | 'w';
/** `d` everything down, `r` streams down. */
export type DownChannel = 'd' | 'r';

export interface LinkMachineOptions {
  /** Index = b on the wire, for the life of this process. At most `LIMITS.boardsPerLink`. */
  readonly boards: readonly string[];
  readonly stored: StoredLink;
  /** Protocol versions this side speaks, newest first. */
  readonly versions: readonly number[];
  /** Bit k: kind k is read as a desired document (D9). */
  readonly kindsRead: number;
  /** Largest message this side takes, bytes. */
  readonly maxMessage: number;
  readonly sha256: Sha256;
  /** Uniform unsigned 32-bit integers from a cryptographically strong source; tags and segments come from it (G1, J1). */
  readonly random32: () => number;
  /** False: the document cannot be read, and is refused as `invalid` (D8). */
  readonly valid: (kind: number, name: string, body: Uint8Array) => boolean;
  /** True: the value is not kept on disk, since its source tells it anew at the next start: a clock's or a meter's reading
   * would wear the flash of an idle board for nothing. Default: none is. */
  readonly volatile?: (b: number, kind: number, name: string) => boolean;
  /** The bridge opens a stream: its events, or a code of `END_CODES`. */
  readonly accept: (request: StreamRequest, stream: StreamHandle) => StreamEvents | number;
  /** Tests only: a rule switched off must make an invariant fail. */
  readonly rules?: LinkRules;
}

export interface LinkRules {
  readonly echo?: boolean;
  readonly seq?: boolean;
  readonly commit?: boolean;
}

export type LinkInput =
  | { readonly type: 'start' }
  | { readonly type: 'connected'; readonly maxPayloadBytes: number }
  | { readonly type: 'disconnected' }
  | { readonly type: 'message'; readonly channel: DownChannel; readonly bytes: Uint8Array }
  | { readonly type: 'tick' }
  /** Room again after a publish that was not taken. */
  | { readonly type: 'drain' }
  /** Outcome of a publish with a number other than 0. `taken` false: it never left (no room). */
  | {
      readonly type: 'published';
      readonly id: number;
      readonly ok: boolean;
      readonly taken: boolean;
      /** As in the effect. */
      readonly data?: { readonly id: number; readonly off: number };
    }
  | { readonly type: 'committed'; readonly ok: boolean; readonly code?: string }
  | {
      readonly type: 'report';
      readonly b: number;
      readonly kind: number;
      readonly name: string;
      /** Encoded; absent: removed. */
      readonly body?: Uint8Array;
    }
  | { readonly type: 'event'; readonly b: number; readonly entry: Uint8Array };

export interface AppliedChange {
  readonly kind: number;
  readonly name: string;
  /** Absent: removed. */
  readonly body?: Uint8Array;
}

export type LinkEffect =
  | {
      readonly type: 'publish';
      readonly channel: UpChannel;
      readonly qos: 0 | 1;
      readonly bytes: Uint8Array;
      /** 0: nobody waits for the outcome. */
      readonly id: number;
      /** Bytes of a stream, told back when the link has no room for them. */
      readonly data?: { readonly id: number; readonly off: number };
    }
  /** One transaction, fsync; answered by `committed`. Never two at once. */
  | { readonly type: 'commit'; readonly changes: readonly DocumentChange[]; readonly mark: number }
  /** After the commit: act on it (D6). */
  | { readonly type: 'apply'; readonly b: number; readonly changes: readonly AppliedChange[] }
  | { readonly type: 'save-reported'; readonly changes: readonly DocumentChange[] }
  | {
      readonly type: 'append-journal';
      readonly board: string;
      readonly segment: number;
      readonly n: number;
      readonly entry: Uint8Array;
    }
  | {
      readonly type: 'trim-journal';
      readonly board: string;
      readonly segment: number;
      readonly n: number;
      readonly lost: number;
    }
  | { readonly type: 'save-realm'; readonly realm: Uint8Array }
  | {
      readonly type: 'greeted';
      readonly beatS: number;
      readonly paceMs: number;
      readonly unixMs?: number;
    }
  /** The bridge says that this link may not carry the board, or that it has moved. */
  | { readonly type: 'not-mine' | 'dropped'; readonly b: number }
  /** Something was refused or given up; `code` is stable. */
  | { readonly type: 'warn'; readonly code: string; readonly b: number; readonly name: string };

/** Counts since the start; none is ever reset. */
export interface LinkCounters {
  beats: number;
  births: number;
  ups: number;
  lists: number;
  downs: number;
  /** Other tag or an old seq: dead messages (G4). */
  stale: number;
  /** Bytes that do not decode, or types that are not for this side. */
  rejected: number;
  refused: number;
  commits: number;
  /** Messages over the inbox's bound, dropped. */
  overflow: number;
}
