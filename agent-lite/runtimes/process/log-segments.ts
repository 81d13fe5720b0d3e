/** Reads the bytes of a log across its segments, forwards from a place, and finds the place where the last lines begin. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { segmentName, segmentNumbers } from './log-format.ts';
import { names } from './records.ts';

export interface LogPlace {
  readonly segment: number;
  readonly offset: number;
}

const BLOCK_BYTES = 65_536;
const NEWLINE = 0x0a;

export class LogSegments {
  readonly #folder: string;
  readonly #container: string;
  readonly #attempt: number;
  #fd: number | undefined;
  #segment = -1;
  #offset = 0;

  constructor(folder: string, container: string, attempt: number) {
    this.#folder = folder;
    this.#container = container;
    this.#attempt = attempt;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Where the last `lines` entries begin. */
  placeOfLast(lines: number): LogPlace | undefined {
    let missing = lines;
    let place: LogPlace | undefined;
    for (const segment of [...this.#numbers()].reverse()) {
      const fd = this.#open(segment);
      if (fd === undefined) continue;
      try {
        const size = fstatSync(fd).size;
        if (place === undefined && lines === 0) return { segment, offset: size };
        const found = backwards(fd, size, missing);
        place = { segment, offset: found.offset };
        missing -= found.lines;
      } finally {
        closeSync(fd);
      }
      if (missing === 0) break;
    }
    return place;
  }

  seek(place: LogPlace): void {
    this.close();
    this.#segment = place.segment;
    this.#offset = place.offset;
    this.#fd = this.#open(place.segment);
  }

  /** The next bytes in order; undefined: none now. A segment is left only once the next exists and its end was read after that. */
  read(block: Uint8Array): number {
    for (;;) {
      if (this.#fd === undefined && !this.#advance()) return 0;
      if (this.#fd === undefined) return 0;
      const next = this.#numbers().find((number) => number > this.#segment);
      const count = readSync(this.#fd, block, 0, block.length, this.#offset);
      if (count > 0) {
        this.#offset += count;
        return count;
      }
      if (next === undefined || !this.#advance()) return 0;
    }
  }

  #advance(): boolean {
    const next = this.#numbers().find((number) => number > this.#segment);
    const fd = next === undefined ? undefined : this.#open(next);
    if (next === undefined || fd === undefined) return false;
    this.close();
    this.#fd = fd;
    this.#segment = next;
    this.#offset = 0;
    return true;
  }

  #numbers(): readonly number[] {
    return segmentNumbers(names(this.#folder), this.#container, this.#attempt);
  }

  #open(segment: number): number | undefined {
    try {
      const name = segmentName(this.#container, this.#attempt, segment);
      return openSync(`${this.#folder}/${name}`, 'r');
    } catch {
      // Rotated away since it was listed: what it held is beyond what is kept.
      return undefined;
    }
  }
}

/** From the end of a file: where its last `most` lines begin, and how many there are. */
function backwards(fd: number, size: number, most: number): { offset: number; lines: number } {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, size));
  let lines = 0;
  let end = size;
  let first = size;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const count = readSync(fd, block, 0, end - start, start);
    for (let i = count - 1; i >= 0; i--) {
      const at = start + i + 1;
      if (block[i] !== NEWLINE || at === size) continue;
      lines += 1;
      first = at;
      if (lines === most) return { offset: first, lines };
    }
    end = start;
  }
  return size === 0 ? { offset: 0, lines } : { offset: 0, lines: lines + 1 };
}
