/** Lists by key-hash prefix, and what they differ in (docs/protocol.md §5, S4). */
import type { Page, Prefix } from '../wire/index.ts';
import type { DocumentEntry, DocumentSet } from './document-set.ts';
import { KH_BYTES, khFromBytes, readU32, writeKh, writeU32 } from './hashing.ts';

/** Hex digits of a key hash. */
const KH_DIGITS = 12;
const ENTRY_BYTES = 10;
const FANOUT = 16;
const CHILD_BYTES = 4;
/** The wire's deepest prefix. */
export const MAX_DEPTH = 8;

/** Key hashes `[low, high)` under a prefix. */
function bounds(prefix: Prefix): { readonly low: number; readonly high: number } {
  const span = 16 ** (KH_DIGITS - prefix.depth);
  return { low: prefix.prefix * span, high: (prefix.prefix + 1) * span };
}

function lowerBound(sorted: readonly DocumentEntry[], kh: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle]?.kh ?? 0) < kh) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Entries under a prefix, ascending by key hash, excluded ones left out. */
export function entriesUnder(set: DocumentSet, prefix: Prefix): DocumentEntry[] {
  const sorted = set.sorted();
  const { low, high } = bounds(prefix);
  return sorted
    .slice(lowerBound(sorted, low), lowerBound(sorted, high))
    .filter((entry) => !entry.excluded);
}

/** XOR of mix(tag, dh) for each of the 16 digits that follow the prefix. */
function childDigests(entries: readonly DocumentEntry[], depth: number): Uint32Array {
  const digests = new Uint32Array(FANOUT);
  const span = 16 ** (KH_DIGITS - depth - 1);
  for (const entry of entries) {
    const digit = Math.floor(entry.kh / span) % FANOUT;
    digests[digit] = (digests[digit] ?? 0) ^ entry.mixLo;
  }
  return digests;
}

/** The answer to one asked prefix: entries if at most `pageLimit` documents lie under it, else 16 child digests.
 * At the deepest prefix entries always, of which the first `pageLimit`. */
export function buildPage(set: DocumentSet, prefix: Prefix, pageLimit: number): Page {
  const entries = entriesUnder(set, prefix);
  if (entries.length <= pageLimit || prefix.depth >= MAX_DEPTH) {
    const shown = entries.slice(0, pageLimit);
    const bytes = new Uint8Array(shown.length * ENTRY_BYTES);
    shown.forEach((entry, i) => {
      writeKh(bytes, i * ENTRY_BYTES, entry.kh);
      writeU32(bytes, i * ENTRY_BYTES + KH_BYTES, entry.mixLo);
    });
    return { depth: prefix.depth, prefix: prefix.prefix, bytes, children: false };
  }
  const bytes = new Uint8Array(FANOUT * CHILD_BYTES);
  childDigests(entries, prefix.depth).forEach((digest, i) => {
    writeU32(bytes, i * CHILD_BYTES, digest);
  });
  return { depth: prefix.depth, prefix: prefix.prefix, bytes, children: true };
}

export interface PageDifference {
  /** Listed, and here with other content. */
  readonly differing: DocumentEntry[];
  /** Listed, not here: key hashes. */
  readonly extra: number[];
  /** Here, not listed. */
  readonly missing: DocumentEntry[];
  /** Prefixes to ask for next. */
  readonly descend: Prefix[];
}

function compareChildren(page: Page, entries: readonly DocumentEntry[]): Prefix[] {
  const own = childDigests(entries, page.depth);
  const descend: Prefix[] = [];
  own.forEach((digest, i) => {
    if (digest !== readU32(page.bytes, i * CHILD_BYTES))
      descend.push({ depth: page.depth + 1, prefix: page.prefix * FANOUT + i });
  });
  return descend;
}

/** Entries ascending, unique and under the prefix; undefined when the page is malformed. */
function listedHashes(page: Page): number[] | undefined {
  if (page.bytes.length % ENTRY_BYTES !== 0) return undefined;
  const { low, high } = bounds(page);
  const hashes: number[] = [];
  let last = low - 1;
  for (let at = 0; at < page.bytes.length; at += ENTRY_BYTES) {
    const kh = khFromBytes(page.bytes, at);
    if (kh <= last || kh >= high) return undefined;
    hashes.push(kh);
    last = kh;
  }
  return hashes;
}

/** Compares a page with the same range here; undefined when the page is malformed. `pageLimit` as for `buildPage`: a
 * full page at the deepest prefix says nothing of what follows its last entry. */
export function comparePage(
  set: DocumentSet,
  page: Page,
  pageLimit: number,
): PageDifference | undefined {
  const result: PageDifference = { differing: [], extra: [], missing: [], descend: [] };
  const own = entriesUnder(set, page);
  if (page.children) {
    if (page.bytes.length !== FANOUT * CHILD_BYTES || page.depth >= MAX_DEPTH) return undefined;
    result.descend.push(...compareChildren(page, own));
    return result;
  }
  const listed = listedHashes(page);
  if (listed === undefined) return undefined;
  const cut = page.depth >= MAX_DEPTH && listed.length >= pageLimit;
  const end = cut ? (listed.at(-1) ?? 0) : Number.POSITIVE_INFINITY;
  const byHash = new Map(own.map((entry) => [entry.kh, entry]));
  listed.forEach((kh, i) => {
    const entry = byHash.get(kh);
    byHash.delete(kh);
    if (entry === undefined) result.extra.push(kh);
    else if (entry.mixLo !== readU32(page.bytes, i * ENTRY_BYTES + KH_BYTES))
      result.differing.push(entry);
  });
  for (const entry of byHash.values()) if (entry.kh <= end) result.missing.push(entry);
  return result;
}
