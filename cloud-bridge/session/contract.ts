/** The seam between sessions (the replication protocol's bridge role) and projection (Kubernetes objects).
 * Projection implements `DesiredSource` and `ReportedSink`; `SessionServer` is what sessions offer it. */
import type { EventEntry } from '@boardlet/adapters/wire';

/** A desired document, its body encoded once. */
export interface DesiredDocument {
  readonly kind: number;
  readonly name: string;
  readonly body: Uint8Array;
  /** Highest resourceVersion of the objects it was made from. */
  readonly revision: number;
}

export interface DesiredSource {
  /** Every cache needed is listed (rule D2). */
  readonly warm: () => boolean;
  /** Highest resourceVersion that all caches together reflect; never goes back in one process. */
  readonly revision: () => number;
  /** A consistent read of the API's present resourceVersion (rule D2: a mark above it is of another history). */
  readonly readRevision: () => Promise<number>;
  readonly documents: (board: string) => Iterable<DesiredDocument>;
  readonly document: (board: string, kind: number, name: string) => DesiredDocument | undefined;
  /** `revision` of a deletion is the deleted object's last version where known, else the cache's. */
  readonly onChange: (
    listener: (board: string, kind: number, name: string, revision: number) => void,
  ) => void;
}

export type OfflineReason =
  /** The link said goodbye. */
  | 'Goodbye'
  /** The broker published the link's will. */
  | 'LinkLost'
  /** No beat for 3.5 intervals. */
  | 'HeartbeatMissed'
  | Release
  /** Its link may carry it no longer, though nobody is known to have decided so. */
  | 'NotBound';

/** What an operator decided of a board, seen from the link that carried it (rule E1). */
export type Release =
  /** Bound to another link. */
  | 'Moved'
  /** Bound to none. */
  | 'Removed';

export interface ReportedChange {
  readonly kind: number;
  readonly name: string;
  /** Encoded body; absent: deleted. */
  readonly body?: Uint8Array;
  /** Unix ms at which the board made the change, where it said. */
  readonly unixMs?: number;
}

export interface JournalEntry {
  /** `<segment>-<n>`: the same entry always has the same identity, so Events made from it are idempotent. */
  readonly identity: string;
  readonly event: EventEntry;
}

export interface ReportedSink {
  /** The session started (or restarted); `reported` holds all that the board reports once the first comparison ended equal. */
  readonly boardUp: (board: string, link: string) => void;
  readonly reported: (board: string, changes: readonly ReportedChange[]) => void;
  readonly boardDown: (board: string, reason: OfflineReason) => void;
  /** The first comparison since `boardUp` ended equal: what was not reported by now is not there. */
  readonly synced: (board: string) => void;
  /** Two live instances use the board's link (rule E2), or no longer do. */
  readonly duplicate: (board: string, present: boolean) => void;
  /** Resolves when the entries are in the API (or known to be duplicates); only then are they acknowledged to the board. */
  readonly journal: (
    board: string,
    entries: readonly JournalEntry[],
    lost: number,
  ) => Promise<void>;
  /** A board refused a document, a link claimed what is not its own, two instances use one id: shown as an Event. */
  readonly notice: (board: string, reason: string, message: string) => void;
}

/** Which boards a link may carry (design §3). Made at enrolment, never derived from a Node. */
export interface Entitlements {
  readonly allowed: (link: string, board: string) => boolean;
  /** An operator decided that this link carries the board no longer, so it is told to forget it. Absent, or undefined: nobody
   * decided, and the link is only refused. */
  readonly released?: (link: string, board: string) => Release | undefined;
}

/** A linearizable Lease read begun after the call (rule G2). */
export interface Ownership {
  readonly isHolder: (shard: number) => Promise<boolean>;
  /** resourceVersion of the Lease acquisition (rule R4). */
  readonly term: (shard: number) => string;
}

export interface StreamHandlers {
  readonly onData: (bytes: Uint8Array) => void;
  /** `code` from the registry's `endCodes`. */
  readonly onEnd: (code: number) => void;
  /** Room again after a refused write. */
  readonly onDrain?: () => void;
}
export interface BoardStream {
  /** False: the window is full (or the stream has ended) and nothing was taken. */
  readonly write: (bytes: Uint8Array) => boolean;
  readonly end: (code: number) => void;
  /** Stops granting credit: back-pressure down to the board. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Answers a stream that a board opened: its handlers, or a code of the registry's `endCodes`. */
export type BoardStreamHandler = (
  request: { readonly board: string; readonly link: string; readonly args: Uint8Array },
  stream: BoardStream,
) => StreamHandlers | number;

export interface SessionServer {
  readonly start: () => void;
  readonly stop: () => void;
  readonly online: (board: string) => boolean;
  /** Reported documents held for a board: encoded bodies by kind and name. */
  readonly reported: (board: string) => ReadonlyMap<string, ReportedChange>;
  readonly openStream: (
    board: string,
    type: number,
    args: Uint8Array,
    handlers: StreamHandlers,
  ) => BoardStream | undefined;
  /** Handles streams of one type (`STREAM_TYPES`) that boards open, such as the renewal of a certificate. */
  readonly onBoardStream: (type: number, handler: BoardStreamHandler) => void;
  /** A decided move: the link that carries the board forgets it, with its desired documents. */
  readonly drop: (board: string) => void;
  /** What this link may carry has changed (rule E1): boards it may not are dropped or refused and go down, boards it may are
   * taken up, without a restart of the link. After a move call it for the old link first. */
  readonly recheck: (link: string) => void;
}
