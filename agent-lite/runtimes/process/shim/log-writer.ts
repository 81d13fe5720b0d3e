/** Writes a container's log in the CRI format, in numbered segments: a segment is never written again once the next one
 * exists, so a reader that finds the next one knows that it has read all of this one. */
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { MOST_LINE_BYTES, type StreamName, segmentName, timeText } from '../log-format.ts';

export interface LogWriterOptions {
  readonly folder: string;
  readonly container: string;
  readonly attempt: number;
  /** A segment is closed before it would pass this size. */
  readonly segmentBytes: number;
  /** So many are kept, with the one being written. */
  readonly segments: number;
  readonly unixMs: () => number;
}

const BLOCK_BYTES = 65_536;
const HEADER_BYTES = 48;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

export class LogWriter {
  readonly #o: LogWriterOptions;
  readonly #block: Buffer;
  readonly #held: Record<StreamName, Buffer> = {
    stdout: NOTHING,
    stderr: NOTHING,
  };
  #used = 0;
  #lines = 0;
  #segment = 0;
  #size = 0;
  #fd: number | undefined;
  #lostLines = 0;

  constructor(options: LogWriterOptions) {
    this.#o = options;
    const room = MOST_LINE_BYTES + HEADER_BYTES + 1;
    this.#block = Buffer.allocUnsafe(Math.max(room, Math.min(BLOCK_BYTES, options.segmentBytes)));
  }

  /** The chunk may be reused afterwards. */
  write(stream: StreamName, chunk: Buffer): void {
    const held = this.#held[stream];
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const { full, part } = this.#headers(stream);
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      at = this.#parts(part, bytes, at, end);
      this.#entry(full, bytes, at, end);
      at = end + 1;
    }
    at = this.#parts(part, bytes, at, bytes.length);
    this.#held[stream] = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
    this.#flush();
  }

  /** Ends the log: what has no newline yet is written as it is. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const held = this.#held[stream];
      if (held.length > 0) this.#entry(this.#headers(stream).part, held, 0, held.length);
    }
    this.#flush();
    this.#report();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Once a chunk, not once a line: a text a line makes the heap of a fast program's shim grow by 30 MB. */
  #headers(stream: StreamName): { readonly full: Buffer; readonly part: Buffer } {
    const start = `${timeText(this.#o.unixMs())} ${stream}`;
    return { full: Buffer.from(`${start} F `), part: Buffer.from(`${start} P `) };
  }

  /** Writes parts while more than a line's greatest length lies before `end`; returns where the rest begins. */
  #parts(header: Buffer, bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (end - at > MOST_LINE_BYTES) {
      this.#entry(header, bytes, at, at + MOST_LINE_BYTES);
      at += MOST_LINE_BYTES;
    }
    return at;
  }

  #entry(header: Buffer, bytes: Buffer, from: number, end: number): void {
    if (this.#used + header.length + (end - from) + 1 > this.#block.length) this.#flush();
    this.#used += header.copy(this.#block, this.#used);
    this.#used += bytes.copy(this.#block, this.#used, from, end);
    this.#block[this.#used++] = NEWLINE;
    this.#lines += 1;
  }

  #flush(): void {
    if (this.#used === 0) return;
    if (this.#lostLines > 0) this.#report();
    if (!this.#append(this.#block.subarray(0, this.#used))) this.#lostLines += this.#lines;
    this.#used = 0;
    this.#lines = 0;
  }

  /** A full disk costs lines, not the program; how many is said in the log itself once there is room. */
  #report(): void {
    if (this.#lostLines === 0) return;
    const text = `boardlet: ${this.#lostLines} lines of log were lost: the disk could not take them`;
    const line = `${timeText(this.#o.unixMs())} stderr F ${text}\n`;
    if (this.#append(Buffer.from(line))) this.#lostLines = 0;
  }

  #append(bytes: Uint8Array): boolean {
    try {
      const fd = this.#open(bytes.length);
      let at = 0;
      while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at);
      this.#size += bytes.length;
      return true;
    } catch {
      // Counted by the caller and reported in the log; half an entry must not stay behind.
      this.#cutBack();
      return false;
    }
  }

  #cutBack(): void {
    if (this.#fd === undefined) return;
    try {
      ftruncateSync(this.#fd, this.#size);
    } catch {
      // The reader skips what is no entry.
    }
  }

  #open(more: number): number {
    const full = this.#size > 0 && this.#size + more > this.#o.segmentBytes;
    if (this.#fd !== undefined && !full) return this.#fd;
    const { folder, container, attempt, segments } = this.#o;
    const next = this.#fd === undefined ? this.#segment : this.#segment + 1;
    const fd = openSync(`${folder}/${segmentName(container, attempt, next)}`, 'w', 0o600);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = fd;
    this.#segment = next;
    this.#size = 0;
    if (next >= segments)
      rmSync(`${folder}/${segmentName(container, attempt, next - segments)}`, { force: true });
    return fd;
  }
}
