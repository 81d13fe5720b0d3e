/** What replication asks of the board's store (docs/protocol.md §6). `core/store` implements it as a crash-safe log.
 * Boards are named by id, not by their index on the link: an index lives for one process only. Byte
 * arrays are shared, not copied: neither side changes one after handing it over. */
import type { HostResult } from '../host.ts';

export interface StoredDocument {
  readonly kind: number;
  readonly name: string;
  /** Encoded body exactly as received (desired) or as first encoded (reported): hashes cover these bytes. */
  readonly body: Uint8Array;
}

export interface DocumentChange {
  readonly board: string;
  readonly kind: number;
  readonly name: string;
  /** Absent: removed. */
  readonly body?: Uint8Array;
}

/** Entries `first`, `first + 1`, … of one process start (rule J1). */
export interface StoredSegment {
  readonly segment: number;
  readonly first: number;
  readonly entries: readonly Uint8Array[];
}

export interface StoredBoard {
  readonly id: string;
  readonly desired: readonly StoredDocument[];
  readonly reported: readonly StoredDocument[];
  /** Oldest first (rule J2). */
  readonly journal: readonly StoredSegment[];
  /** Entries that the bound pushed out, a running total (rule J3). */
  readonly lost: number;
}

export interface StoredLink {
  /** Highest resourceVersion shown to this link; 0 when nothing is stored. */
  readonly mark: number;
  /** 8 bytes, set at join; absent until the first hello that is taken. */
  readonly realm?: Uint8Array;
  /** Starts of the process with this store, this one counted: the first is 1. */
  readonly boots: number;
  readonly boards: readonly StoredBoard[];
}

export interface DocumentStore {
  /** Reads all that is stored, repairing a damaged tail, and counts this start. Called once, before anything else. */
  readonly load: () => HostResult<StoredLink>;
  /** Rule D6: all of `changes` and `mark` in one transaction, on disk (fsync) when `done` is called with ok; on
   * failure nothing of it is stored. `BL_HOST_NO_SPACE` or `BL_STORE_FULL`: there is no room. Calls are answered in
   * order; replication keeps at most one in flight. */
  readonly commitDesired: (
    changes: readonly DocumentChange[],
    mark: number,
    done: (result: HostResult<void>) => void,
  ) => void;
  /** Newest values of reported documents. `durable` false: no fsync, and may be lost by a power cut; replication
   * already coalesces them (`LIMITS.reportedPersistMs`). `durable` true: on disk when `done` is called. */
  readonly saveReported: (
    changes: readonly DocumentChange[],
    durable: boolean,
    done: (result: HostResult<void>) => void,
  ) => void;
  /** Appends one entry, without fsync (rule J5). */
  readonly appendJournal: (board: string, segment: number, n: number, entry: Uint8Array) => void;
  /** Forgets the entries of `segment` up to and including `n`: acknowledged, or pushed out by the bound, which
   * `lost` then counts (the new running total). */
  readonly trimJournal: (board: string, segment: number, n: number, lost: number) => void;
  /** On disk when `done` is called. */
  readonly saveRealm: (realm: Uint8Array, done: (result: HostResult<void>) => void) => void;
  /** Writes what is still lazy; `done` once it is on disk. Nothing may be called after it. */
  readonly close: (done: (result: HostResult<void>) => void) => void;
}
