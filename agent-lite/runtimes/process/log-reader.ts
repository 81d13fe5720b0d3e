/** A container's log as `kubectl logs` shows it. */
import { watch } from 'node:fs';
import type { HostResult, Timer, Timers } from '../../core/host.ts';
import type { LogQuery, LogReader } from '../../core/runtime.ts';
import { MOST_LINE_BYTES, readEntry, TIME_CHARS, timeText } from './log-format.ts';
import { LogSegments } from './log-segments.ts';

export interface LogSource {
  readonly folder: string;
  readonly container: string;
  readonly attempt: number;
  /** The attempt ended: what is on disk is all there will be. */
  readonly ended: () => boolean;
  readonly unixMs: () => number;
  readonly timers: Timers;
}

const BLOCK_BYTES = 65_536;
/** An entry cannot be longer; what is, is no entry. */
const MOST_ENTRY_BYTES = MOST_LINE_BYTES + 64;
const NEWLINE = 0x0a;
const SOON_MS = 10;
const POLL_MS = 500;
/** `sinceMs` from here on is a time (Unix milliseconds), below it a span: the API knows both, sinceTime and sinceSeconds. */
const TIMES_FROM = 100_000_000_000;

/** Opens nothing before the first `read`. */
export function createLogReader(source: LogSource, query: LogQuery): LogReader {
  return new FileLogReader(source, query);
}

class FileLogReader implements LogReader {
  readonly #source: LogSource;
  readonly #query: LogQuery;
  readonly #segments: LogSegments;
  readonly #since: string;
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  readonly #pending: Uint8Array[] = [];
  #held: Uint8Array = new Uint8Array(0);
  #left: number;
  #placed = false;
  #lineStart = true;
  #watch: { readonly close: () => void } | undefined;
  #timer: Timer | undefined;
  #listener: () => void = () => undefined;
  #closed = false;

  constructor(source: LogSource, query: LogQuery) {
    this.#source = source;
    this.#query = query;
    this.#segments = new LogSegments(source.folder, source.container, source.attempt);
    this.#left = query.limitBytes ?? Number.POSITIVE_INFINITY;
    const { sinceMs } = query;
    const from =
      sinceMs === undefined || sinceMs >= TIMES_FROM ? sinceMs : source.unixMs() - sinceMs;
    this.#since = from === undefined ? '' : timeText(from);
  }

  read(maxBytes: number): HostResult<Uint8Array | 'end' | 'wait'> {
    try {
      return { ok: true, value: this.#next(maxBytes) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, code: 'BL_HOST_IO', message };
    }
  }

  /** The last listener counts. */
  onMore(listener: () => void): void {
    if (this.#closed || !this.#query.follow) return;
    this.#listener = listener;
    this.#watch ??= watchOrPoll(this.#source, () => this.#soon());
    // What came between the last read and now is not told by the watch.
    this.#soon();
  }

  /** Many writes are one call. */
  #soon(): void {
    this.#timer ??= this.#source.timers.after(SOON_MS, () => {
      this.#timer = undefined;
      if (!this.#closed) this.#listener();
    });
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#timer?.cancel();
    this.#segments.close();
  }

  #next(maxBytes: number): Uint8Array | 'end' | 'wait' {
    if (!this.#placed) this.#place();
    for (;;) {
      const ready = this.#take(maxBytes);
      if (ready !== undefined) return ready;
      if (this.#left <= 0) return 'end';
      // Asked before reading: an end seen here means that the bytes read next are the last.
      const ended = !this.#query.follow || this.#source.ended();
      const count = this.#segments.read(this.#block);
      if (count === 0) return ended ? 'end' : 'wait';
      this.#cut(this.#block.subarray(0, count));
    }
  }

  #place(): void {
    this.#placed = true;
    const { tailLines } = this.#query;
    if (tailLines === undefined) return;
    const place = this.#segments.placeOfLast(tailLines);
    if (place !== undefined) this.#segments.seek(place);
  }

  #take(maxBytes: number): Uint8Array | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    const most = Math.max(1, Math.min(maxBytes, this.#left));
    if (this.#left <= 0) return undefined;
    const bytes = first.subarray(0, most);
    if (bytes.length < first.length) this.#pending[0] = first.subarray(bytes.length);
    else this.#pending.shift();
    this.#left -= bytes.length;
    return bytes;
  }

  /** Whole entries become output; the rest waits for its newline. */
  #cut(bytes: Uint8Array): void {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const out: Uint8Array[] = [];
    let at = 0;
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, at)) {
      this.#show(all.subarray(at, end), out);
      at = end + 1;
    }
    const rest = all.subarray(at);
    this.#held = rest.length > MOST_ENTRY_BYTES ? new Uint8Array(0) : Uint8Array.from(rest);
    if (out.length > 0) this.#pending.push(Buffer.concat(out));
  }

  #show(line: Uint8Array, out: Uint8Array[]): void {
    const entry = readEntry(line);
    if (entry === undefined || entry.time < this.#since) return;
    if (this.#query.timestamps && this.#lineStart) out.push(line.subarray(0, TIME_CHARS + 1));
    out.push(entry.text);
    if (entry.full) out.push(END_OF_LINE);
    this.#lineStart = entry.full;
  }
}

const END_OF_LINE = Uint8Array.of(NEWLINE);

/** inotify where there is a watch left, else a poll. */
function watchOrPoll(source: LogSource, changed: () => void): { readonly close: () => void } {
  try {
    const watcher = watch(source.folder, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // ENOSPC: the system's inotify watches are used up.
    let timer: Timer | undefined;
    const poll = () => {
      changed();
      timer = source.timers.after(POLL_MS, poll);
    };
    poll();
    return { close: () => timer?.cancel() };
  }
}
