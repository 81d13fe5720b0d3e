import type { Change } from './entry.ts';

/** The last changes of one kind, bounded in number and bytes. Positions count up for ever. */
export class ChangeLog {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #changes: Change[] = [];
  #head = 0;
  #first = 0;
  #bytes = 0;
  #floor: number;

  /** `floor`: the revision up to which changes are unknown. */
  constructor(floor: number, maxEvents: number, maxBytes: number) {
    this.#floor = floor;
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** Changes after this revision are all here; older ones are gone. */
  get floor(): number {
    return this.#floor;
  }
  /** Position of the next change to come. */
  get end(): number {
    return this.#first + this.#changes.length - this.#head;
  }

  push(change: Change): void {
    this.#changes.push(change);
    this.#bytes += sizeOf(change);
    while (this.#changes.length - this.#head > this.#maxEvents || this.#bytes > this.#maxBytes) {
      if (this.#changes.length - this.#head <= 1) break;
      this.#drop();
    }
  }

  #drop(): void {
    const oldest = this.#changes[this.#head];
    if (oldest === undefined) return;
    this.#bytes -= sizeOf(oldest);
    this.#floor = oldest.revision;
    this.#head++;
    this.#first++;
    if (this.#head > this.#maxEvents) {
      this.#changes = this.#changes.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The change at a position, or undefined when it is gone or not there yet. */
  at(position: number): Change | undefined {
    return position < this.#first ? undefined : this.#changes[this.#head + position - this.#first];
  }

  /** True when the change at this position has been dropped. */
  lost(position: number): boolean {
    return position < this.#first;
  }

  /** Position of the first change after `revision`, or undefined when some of them are gone. */
  after(revision: number): number | undefined {
    if (revision < this.#floor) return undefined;
    let low = this.#head;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#first + low - this.#head;
  }
}

function sizeOf(change: Change): number {
  return (change.present?.json.length ?? change.previous?.json.length ?? 0) + 64;
}
