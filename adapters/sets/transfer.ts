/** Documents larger than a message, sent in pieces (docs/protocol.md §5, C1–C3). */
import type { ChunkOp } from '../wire/index.ts';
import type { DocumentEntry } from './document-set.ts';
import { dhFromBytes, dhToBytes, type Hasher, khToBytes } from './hashing.ts';
import type { U64 } from './u64.ts';

/** What one chunk came to. `stale`: a duplicate or a gap, nothing changed; the sender learns of it by the digests. */
export type ChunkOutcome =
  | { readonly state: 'more' | 'stale' | 'invalid' | 'too-long' }
  | { readonly state: 'done'; readonly body: Uint8Array };

interface Transfer {
  readonly kind: number;
  readonly name: string;
  readonly kh: number;
  readonly dh: U64;
  readonly total: number;
  readonly parts: Uint8Array[];
  have: number;
}

const MORE: ChunkOutcome = { state: 'more' };
const STALE: ChunkOutcome = { state: 'stale' };
const INVALID: ChunkOutcome = { state: 'invalid' };
const TOO_LONG: ChunkOutcome = { state: 'too-long' };

/** The reader's side for one board: at most one document, at most `limitBytes`, in memory. Named by content, so it
 * survives a change of session. */
export class Staging {
  readonly #hasher: Hasher;
  readonly #limitBytes: number;
  #transfer: Transfer | undefined;

  constructor(hasher: Hasher, limitBytes: number) {
    this.#hasher = hasher;
    this.#limitBytes = limitBytes;
  }

  /** Bytes held. */
  get heldBytes(): number {
    return this.#transfer?.have ?? 0;
  }

  /** How far the document in transfer came, for `birth` key 9. */
  progress():
    | { readonly kh: Uint8Array; readonly dh: Uint8Array; readonly have: number }
    | undefined {
    const t = this.#transfer;
    if (t === undefined || t.have === 0) return undefined;
    return { kh: khToBytes(t.kh), dh: dhToBytes(t.dh.hi, t.dh.lo), have: t.have };
  }

  /** Any other op for the key ends its transfer (C2). */
  drop(kind: number, name: string): void {
    if (this.#transfer?.kind === kind && this.#transfer.name === name) this.#transfer = undefined;
  }
  dropHash(kh: number): void {
    if (this.#transfer?.kh === kh) this.#transfer = undefined;
  }
  clear(): void {
    this.#transfer = undefined;
  }

  take(chunk: ChunkOp): ChunkOutcome {
    if (chunk.total > this.#limitBytes) return TOO_LONG;
    if (chunk.bytes.length === 0 || chunk.off + chunk.bytes.length > chunk.total) return INVALID;
    const transfer = this.#open(chunk);
    if (transfer === undefined || chunk.off > transfer.have) return STALE;
    const fresh = chunk.bytes.slice(transfer.have - chunk.off);
    if (fresh.length === 0) return STALE;
    transfer.parts.push(fresh);
    transfer.have += fresh.length;
    return transfer.have < transfer.total ? MORE : this.#finish(transfer);
  }

  #open(chunk: ChunkOp): Transfer | undefined {
    const dh: U64 = { hi: 0, lo: 0 };
    dhFromBytes(chunk.dh, 0, dh);
    const t = this.#transfer;
    const same =
      t !== undefined &&
      t.kind === chunk.kind &&
      t.name === chunk.name &&
      t.total === chunk.total &&
      t.dh.hi === dh.hi &&
      t.dh.lo === dh.lo;
    if (same || chunk.off !== 0) return same ? t : undefined;
    const kh = this.#hasher.key(chunk.kind, chunk.name);
    this.#transfer = {
      kind: chunk.kind,
      name: chunk.name,
      kh,
      dh,
      total: chunk.total,
      parts: [],
      have: 0,
    };
    return this.#transfer;
  }

  #finish(transfer: Transfer): ChunkOutcome {
    this.#transfer = undefined;
    const body = new Uint8Array(transfer.total);
    let at = 0;
    for (const part of transfer.parts) {
      body.set(part, at);
      at += part.length;
    }
    const dh: U64 = { hi: 0, lo: 0 };
    this.#hasher.document(transfer.kind, transfer.name, body, dh);
    if (dh.hi !== transfer.dh.hi || dh.lo !== transfer.dh.lo) return INVALID;
    return { state: 'done', body };
  }
}

/** The writer's side: cuts one document, from `off` on. */
export class ChunkSource {
  readonly kind: number;
  readonly name: string;
  readonly #body: Uint8Array;
  readonly #dh: Uint8Array;
  #off: number;

  constructor(entry: DocumentEntry, off = 0) {
    this.kind = entry.kind;
    this.name = entry.name;
    this.#body = entry.body;
    this.#dh = dhToBytes(entry.dhHi, entry.dhLo);
    this.#off = Math.min(off, entry.body.length);
  }

  get finished(): boolean {
    return this.#off >= this.#body.length;
  }
  /** True while the entry still has the content that is being sent. */
  current(entry: DocumentEntry | undefined): boolean {
    return entry !== undefined && entry.body === this.#body;
  }

  /** The next at most `maxBytes` (≥ 1) of the body. */
  next(maxBytes: number): ChunkOp {
    const off = this.#off;
    const bytes = this.#body.subarray(off, off + maxBytes);
    this.#off += bytes.length;
    return {
      op: 'chunk',
      kind: this.kind,
      name: this.name,
      dh: this.#dh,
      total: this.#body.length,
      off,
      bytes,
    };
  }
}
