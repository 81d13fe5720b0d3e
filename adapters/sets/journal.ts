/** The bounded queue of journal entries on the board (docs/protocol.md §5, J1–J3). */

export interface JournalBatch {
  readonly segment: number;
  readonly first: number;
  readonly entries: readonly Uint8Array[];
}

interface Segment {
  readonly segment: number;
  first: number;
  readonly entries: Uint8Array[];
}

export interface JournalLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** Entries of several process starts, oldest first. Identity of an entry: (board, segment, n). */
export class JournalQueue {
  readonly #limits: JournalLimits;
  readonly #segments: Segment[] = [];
  #count = 0;
  #bytes = 0;
  #lost: number;

  constructor(limits: JournalLimits, lost = 0) {
    this.#limits = limits;
    this.#lost = lost;
  }

  get count(): number {
    return this.#count;
  }
  /** Entries that the bound pushed out, a running total. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes over what an earlier start left. */
  restore(segment: number, first: number, entries: readonly Uint8Array[]): void {
    if (entries.length === 0) return;
    this.#segments.push({ segment, first, entries: [...entries] });
    this.#count += entries.length;
    for (const entry of entries) this.#bytes += entry.length;
  }

  /** Appends to the segment of this start; answers its number, from 1. */
  append(segment: number, next: number, entry: Uint8Array): void {
    let last = this.#segments.at(-1);
    if (last === undefined || last.segment !== segment) {
      last = { segment, first: next, entries: [] };
      this.#segments.push(last);
    }
    last.entries.push(entry);
    this.#count++;
    this.#bytes += entry.length;
  }

  /** Pushes the oldest out until the bounds hold (J3); answers what has gone, by segment. */
  trim(): { readonly segment: number; readonly n: number }[] {
    const gone: { segment: number; n: number }[] = [];
    while (this.#count > this.#limits.entries || this.#bytes > this.#limits.bytes) {
      const head = this.#segments[0];
      if (head === undefined) break;
      const n = head.first;
      this.#shift(head);
      this.#lost++;
      const last = gone.at(-1);
      if (last?.segment === head.segment) last.n = n;
      else gone.push({ segment: head.segment, n });
    }
    return gone;
  }

  /** Cumulative acknowledgement within one segment (J2). True when something went. */
  acknowledge(segment: number, n: number): boolean {
    const found = this.#segments.find((s) => s.segment === segment);
    let any = false;
    while (found !== undefined && found.entries.length > 0 && found.first <= n) {
      this.#shift(found);
      any = true;
    }
    return any;
  }

  /** The oldest entries, of one segment, within both bounds; at least one. */
  head(maxEntries: number, maxBytes: number): JournalBatch | undefined {
    const head = this.#segments[0];
    if (head === undefined) return undefined;
    let bytes = 0;
    let n = 0;
    for (const entry of head.entries) {
      bytes += entry.length + 5;
      if (n >= maxEntries || (n > 0 && bytes > maxBytes)) break;
      n++;
    }
    return { segment: head.segment, first: head.first, entries: head.entries.slice(0, n) };
  }

  #shift(segment: Segment): void {
    const entry = segment.entries.shift();
    if (entry === undefined) return;
    segment.first++;
    this.#count--;
    this.#bytes -= entry.length;
    if (segment.entries.length === 0) this.#segments.splice(this.#segments.indexOf(segment), 1);
  }
}
