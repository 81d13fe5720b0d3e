/** One replicated set of documents with its running digest (docs/protocol.md §5, S1). */
import { dhToBytes, type Hasher } from './hashing.ts';
import { mix64, splitmix64, type U64 } from './u64.ts';

/** One document. Only its set changes it. */
export interface DocumentEntry {
  readonly kind: number;
  readonly name: string;
  /** Key hash, an integer below 2^48. */
  readonly kh: number;
  body: Uint8Array;
  dhHi: number;
  dhLo: number;
  /** mix64(tag, dh) under the set's present tag. */
  mixHi: number;
  mixLo: number;
  /** Left out of digests and lists (D8: refused, so that both sides agree on the rest). */
  excluded: boolean;
}

/** `BL_SETS_KEY_COLLISION`: another key of this set has the same key hash, and this document was not taken. */
export type PutOutcome = 'changed' | 'same' | 'BL_SETS_KEY_COLLISION';

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Documents by kind and name. The digest is the XOR of mix64(tag, dh) over all that are not excluded. */
export class DocumentSet {
  readonly #hasher: Hasher;
  readonly #byKind = new Map<number, Map<string, DocumentEntry>>();
  readonly #byHash = new Map<number, DocumentEntry>();
  readonly #salt: U64 = { hi: 0, lo: 0 };
  readonly #work: U64 = { hi: 0, lo: 0 };
  #sorted: DocumentEntry[] | undefined;
  #tag = 0;
  #hi = 0;
  #lo = 0;

  constructor(hasher: Hasher, tag = 0) {
    this.#hasher = hasher;
    this.#tag = tag;
    this.#salt.lo = tag;
    splitmix64(this.#salt);
  }

  get size(): number {
    return this.#byHash.size;
  }
  get tag(): number {
    return this.#tag;
  }
  /** Upper half of the 64-bit digest. */
  get digestHi(): number {
    return this.#hi;
  }
  /** Lower half of the 64-bit digest: what `birth` tells. */
  get digestLo(): number {
    return this.#lo;
  }

  get(kind: number, name: string): DocumentEntry | undefined {
    return this.#byKind.get(kind)?.get(name);
  }
  byHash(kh: number): DocumentEntry | undefined {
    return this.#byHash.get(kh);
  }
  entries(): Iterable<DocumentEntry> {
    return this.#byHash.values();
  }
  /** Key hash of any key, in the set or not. */
  keyHash(kind: number, name: string): number {
    return this.get(kind, name)?.kh ?? this.#hasher.key(kind, name);
  }

  /** dh of any content as it stands on the wire. */
  documentHash(kind: number, name: string, body: Uint8Array): Uint8Array {
    this.#hasher.document(kind, name, body, this.#work);
    return dhToBytes(this.#work.hi, this.#work.lo);
  }

  /** Salts the digest with a new session's tag: O(n), once a session. Exclusions end (D8: until the session changes). */
  setTag(tag: number): void {
    this.#tag = tag;
    this.#salt.hi = 0;
    this.#salt.lo = tag;
    splitmix64(this.#salt);
    this.#hi = 0;
    this.#lo = 0;
    for (const entry of this.#byHash.values()) {
      entry.excluded = false;
      this.#remix(entry);
      this.#toggle(entry);
    }
  }

  put(kind: number, name: string, body: Uint8Array): PutOutcome {
    const old = this.get(kind, name);
    if (old !== undefined) return this.#replace(old, body);
    const kh = this.#hasher.key(kind, name);
    if (this.#byHash.has(kh)) return 'BL_SETS_KEY_COLLISION';
    const entry: DocumentEntry = {
      kind,
      name,
      kh,
      body,
      dhHi: 0,
      dhLo: 0,
      mixHi: 0,
      mixLo: 0,
      excluded: false,
    };
    this.#rehash(entry);
    this.#toggle(entry);
    this.#byHash.set(kh, entry);
    let names = this.#byKind.get(kind);
    if (names === undefined) {
      names = new Map();
      this.#byKind.set(kind, names);
    }
    names.set(name, entry);
    this.#sorted = undefined;
    return 'changed';
  }

  remove(kind: number, name: string): boolean {
    const entry = this.get(kind, name);
    if (entry === undefined) return false;
    if (!entry.excluded) this.#toggle(entry);
    this.#byHash.delete(entry.kh);
    this.#byKind.get(kind)?.delete(name);
    this.#sorted = undefined;
    return true;
  }

  clear(): void {
    this.#byHash.clear();
    this.#byKind.clear();
    this.#sorted = undefined;
    this.#hi = 0;
    this.#lo = 0;
  }

  /** Leaves an entry out of digests and lists, or takes it back in. */
  exclude(entry: DocumentEntry, excluded: boolean): void {
    if (entry.excluded === excluded) return;
    entry.excluded = excluded;
    this.#toggle(entry);
  }

  /** Entries ascending by key hash; the array is the set's own and valid until the next change. */
  sorted(): readonly DocumentEntry[] {
    this.#sorted ??= [...this.#byHash.values()].sort((a, b) => a.kh - b.kh);
    return this.#sorted;
  }

  #replace(entry: DocumentEntry, body: Uint8Array): PutOutcome {
    if (sameBytes(entry.body, body)) return 'same';
    if (!entry.excluded) this.#toggle(entry);
    entry.body = body;
    entry.excluded = false;
    this.#rehash(entry);
    this.#toggle(entry);
    return 'changed';
  }

  #rehash(entry: DocumentEntry): void {
    this.#hasher.document(entry.kind, entry.name, entry.body, this.#work);
    entry.dhHi = this.#work.hi;
    entry.dhLo = this.#work.lo;
    this.#remix(entry);
  }

  #remix(entry: DocumentEntry): void {
    this.#work.hi = (this.#salt.hi ^ entry.dhHi) >>> 0;
    this.#work.lo = (this.#salt.lo ^ entry.dhLo) >>> 0;
    splitmix64(this.#work);
    entry.mixHi = this.#work.hi;
    entry.mixLo = this.#work.lo;
  }

  #toggle(entry: DocumentEntry): void {
    this.#hi = (this.#hi ^ entry.mixHi) >>> 0;
    this.#lo = (this.#lo ^ entry.mixLo) >>> 0;
  }
}

/** Both sets of one board, as far as the stamp of a beat needs them. */
export interface BoardSets {
  readonly b: number;
  readonly desired: DocumentSet;
  readonly reported: DocumentSet;
}

/** S2: low 32 bits of mix64(tag, seq, XOR over boards of mix64(b, desired64, reported64)). */
export function beatStamp(tag: number, seq: number, boards: Iterable<BoardSets>): number {
  const x: U64 = { hi: 0, lo: 0 };
  let hi = 0;
  let lo = 0;
  for (const board of boards) {
    x.hi = 0;
    x.lo = board.b;
    mix64(x, board.desired.digestHi, board.desired.digestLo);
    mix64(x, board.reported.digestHi, board.reported.digestLo);
    hi ^= x.hi;
    lo ^= x.lo;
  }
  x.hi = 0;
  x.lo = tag;
  mix64(x, 0, seq);
  mix64(x, hi >>> 0, lo >>> 0);
  return x.lo;
}
