/** Serves a container's log on a stream that the bridge opened: as fast as credit allows, nothing held but one chunk. */
import type { StreamEvents, StreamHandle } from '@boardlet/adapters/sets';
import { decodeLogArgs, END_CODES, LIMITS, type LogArgs } from '@boardlet/adapters/wire';
import type { HostResult } from './host.ts';
import type { LogReader } from './runtime.ts';

export type OpenLog = (query: LogArgs) => HostResult<LogReader>;

class LogStream implements StreamEvents {
  readonly #reader: LogReader;
  readonly #stream: StreamHandle;
  #chunk: Uint8Array | undefined;
  #ended = false;

  constructor(reader: LogReader, stream: StreamHandle) {
    this.#reader = reader;
    this.#stream = stream;
    reader.onMore(() => this.#pump());
  }

  start(): void {
    this.#pump();
  }

  onData(): void {
    // A log takes no input.
  }

  onEnd(code: number): void {
    // The bridge half-closes its side when the reader of the log is content with reading: only an abort ends it.
    if (code !== END_CODES.ok) this.#close();
  }

  onDrain(): void {
    this.#pump();
  }

  #close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#chunk = undefined;
    this.#reader.close();
  }

  #pump(): void {
    while (!this.#ended) {
      this.#chunk ??= this.#next();
      if (this.#chunk === undefined || !this.#stream.write(this.#chunk)) return;
      this.#chunk = undefined;
    }
  }

  #next(): Uint8Array | undefined {
    const read = this.#reader.read(LIMITS.streamChunkBytes);
    if (!read.ok) {
      this.#close();
      this.#stream.end(END_CODES.failed);
      return undefined;
    }
    if (read.value === 'wait') return undefined;
    if (read.value !== 'end') return read.value;
    this.#close();
    this.#stream.end(END_CODES.ok);
    return undefined;
  }
}

/** Handler of `STREAM_TYPES.log`: the events of an accepted stream, or the end code of a refused one. */
export function acceptLogStream(
  args: Uint8Array,
  stream: StreamHandle,
  open: OpenLog,
  later: (work: () => void) => void,
): StreamEvents | number {
  const query = decodeLogArgs(args);
  if (!query.ok) return END_CODES.invalid;
  const reader = open(query.value);
  if (!reader.ok) return END_CODES.notFound;
  const log = new LogStream(reader.value, stream);
  // The stream exists for its table only once this call has returned.
  later(() => log.start());
  return log;
}
