/** The messages of the replication protocol (docs/protocol.md §4) as TypeScript shapes.
 * `body` stays as the bytes that were received: a document's hash covers them, so they are never re-encoded. */

/** u32, never 0 except as hello's echo. */
export type Tag = number;

export type SetId = 0 | 1;

export interface PutOp {
  readonly op: 'put';
  readonly kind: number;
  readonly name: string;
  /** Encoded CBOR of the body. */
  readonly body: Uint8Array;
}
export interface DeleteOp {
  readonly op: 'delete';
  readonly kind: number;
  readonly name: string;
}
export interface DeleteHashOp {
  readonly op: 'delete-hash';
  readonly kh: Uint8Array;
}
export interface ChunkOp {
  readonly op: 'chunk';
  readonly kind: number;
  readonly name: string;
  readonly dh: Uint8Array;
  readonly total: number;
  readonly off: number;
  readonly bytes: Uint8Array;
}
export type Op = PutOp | DeleteOp | DeleteHashOp | ChunkOp;

/** Entries (10 bytes each: kh ‖ mix(tag, dh)) or 16 child digests of 4 bytes. */
export interface Page {
  readonly depth: number;
  readonly prefix: number;
  readonly bytes: Uint8Array;
  readonly children: boolean;
}
export interface Prefix {
  readonly depth: number;
  readonly prefix: number;
}

export interface Beat {
  readonly type: 'beat';
  readonly tag: Tag;
  readonly seq: number;
  readonly stamp: number;
  readonly dseq?: number;
}
export interface BoardDigest {
  readonly b: number;
  readonly desired: number;
  readonly reported: number;
}
export interface BoardEntry {
  readonly b: number;
  readonly id: string;
  readonly boots: number;
}
export interface StagingEntry {
  readonly b: number;
  readonly kh: Uint8Array;
  readonly dh: Uint8Array;
  readonly have: number;
}
export interface Birth {
  readonly type: 'birth';
  readonly tag: Tag;
  readonly seq: number;
  readonly versions?: readonly number[];
  readonly realm?: Uint8Array;
  readonly mark: number;
  readonly uptimeMs: number;
  readonly digests: readonly BoardDigest[];
  readonly boards?: readonly BoardEntry[];
  readonly maxMessage?: number;
  readonly kindsRead?: number;
  readonly staging?: readonly StagingEntry[];
  readonly dseq?: number;
  readonly more?: true;
}
export interface Up {
  readonly type: 'up';
  readonly tag: Tag;
  readonly seq: number;
  readonly b: number;
  readonly ops: readonly Op[];
  readonly tMs?: number;
}
export interface Journal {
  readonly type: 'journal';
  readonly tag: Tag;
  readonly b: number;
  readonly segment: number;
  readonly first: number;
  readonly lost: number;
  readonly entries: readonly Uint8Array[];
}
export interface List {
  readonly type: 'list';
  readonly tag: Tag;
  readonly seq: number;
  readonly dseq: number;
  readonly b: number;
  readonly set: SetId;
  readonly pages: readonly Page[];
}
export interface Death {
  readonly type: 'death';
  readonly tag: Tag;
  readonly reason?: number;
}
export interface Refuse {
  readonly type: 'refuse';
  readonly tag: Tag;
  readonly seq: number;
  readonly b: number;
  readonly code: number;
  readonly kh?: Uint8Array;
  readonly dh?: Uint8Array;
}
export interface Hello {
  readonly type: 'hello';
  readonly echo: Tag;
  readonly ses: Tag;
  readonly version: number;
  readonly realm: Uint8Array;
  readonly beatS: number;
  readonly paceMs: number;
  readonly maxMessage: number;
  readonly kindsRead?: number;
  readonly want?: number;
  /** The bridge's wall clock, so that a board without one learns the time from an authenticated peer. */
  readonly unixMs?: number;
}
export interface Down {
  readonly type: 'down';
  readonly tag: Tag;
  readonly seq: number;
  readonly b: number;
  readonly mark: number;
  readonly ops: readonly Op[];
}
export interface Ask {
  readonly type: 'ask';
  readonly tag: Tag;
  readonly seq: number;
  readonly b: number;
  readonly set: SetId;
  /** Empty: answer with a birth of keys 3, 4, 5, 9, 10. */
  readonly prefixes: readonly Prefix[];
}
export interface Fetch {
  readonly type: 'fetch';
  readonly tag: Tag;
  readonly seq: number;
  readonly b: number;
  readonly khs: readonly Uint8Array[];
}
export interface Jack {
  readonly type: 'jack';
  readonly tag: Tag;
  readonly seq: number;
  readonly b: number;
  readonly segment: number;
  readonly n: number;
}
export interface Drop {
  readonly type: 'drop';
  readonly tag: Tag;
  readonly seq: number;
  readonly b: number;
}
export interface Open {
  readonly type: 'open';
  readonly tag: Tag;
  readonly id: number;
  readonly b: number;
  readonly streamType: number;
  /** Encoded CBOR. */
  readonly args: Uint8Array;
}
export interface Data {
  readonly type: 'data';
  readonly tag: Tag;
  readonly id: number;
  readonly off: number;
  readonly bytes: Uint8Array;
}
export interface Credit {
  readonly type: 'credit';
  readonly tag: Tag;
  readonly id: number;
  readonly ack: number;
  readonly limit: number;
}
export interface End {
  readonly type: 'end';
  readonly tag: Tag;
  readonly id: number;
  readonly code: number;
}
export type StreamMessage = Open | Data | Credit | End;
export type UpMessage = Beat | Birth | Up | Journal | List | Death | Refuse;
export type DownMessage = Hello | Down | Ask | Fetch | Jack | Drop | Refuse;
export type Message = UpMessage | DownMessage | StreamMessage;
