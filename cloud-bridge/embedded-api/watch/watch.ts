import { type ApiFault, expired, statusOf } from '../fault.ts';
import { type Representation, renderBookmark, renderOne } from '../http/representation.ts';
import type { ResourceType } from '../kinds.ts';
import { type Selection, selects } from '../objects/read.ts';
import type { Collection } from '../store/collection.ts';
import type { Change, Entry } from '../store/entry.ts';

/** Where a watch writes. `write` answers false when the reader is slow; `onReady` is then called once it is not. */
export interface WatchSink {
  readonly write: (bytes: Uint8Array) => boolean;
  /** Hands what was written to the socket at once. */
  readonly flush: () => void;
  readonly end: () => void;
  readonly destroy: () => void;
}

export interface WatchOptions {
  readonly type: ResourceType;
  /** `''` for all namespaces. */
  readonly namespace: string;
  readonly selection: Selection;
  readonly wanted: Representation;
  readonly bookmarks: boolean;
  /** Objects to send as ADDED before anything else. */
  readonly initial: readonly Entry[];
  readonly endInitial: boolean;
  /** What the stream starts from. */
  readonly revision: number;
  readonly collection: Collection;
  readonly nowMs: () => number;
}

/** Objects written between two looks at whether the reader keeps up, so that one long list does not hold up the rest. */
const BURST = 256;

/**
 * One watch: a cursor into the change log of a kind. Nothing is buffered for it beyond what its socket takes: a
 * slow reader stays behind in the shared log and is cut with 410 when the log has moved on without it.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #sink: WatchSink;
  #initial: readonly Entry[] | undefined;
  #sent = 0;
  #position: number;
  #blockedSinceMs: number | undefined;
  #ended = false;

  constructor(options: WatchOptions, position: number, sink: WatchSink) {
    this.#options = options;
    this.#sink = sink;
    this.#initial = options.initial;
    this.#position = position;
  }

  get storage(): string {
    return this.#options.type.storage;
  }
  /** How long the reader has taken nothing, in ms. */
  stalledMs(nowMs: number): number {
    return this.#blockedSinceMs === undefined ? 0 : nowMs - this.#blockedSinceMs;
  }

  ready(): void {
    this.#blockedSinceMs = undefined;
    this.pump();
  }

  /** Writes whatever there is, as far as the reader takes it. */
  pump(): void {
    let burst = 0;
    while (!this.#ended && this.#blockedSinceMs === undefined) {
      if (burst++ === BURST) {
        setImmediate(() => this.pump());
        break;
      }
      if (!this.#step()) break;
    }
    if (!this.#ended) this.#sink.flush();
  }

  /** One event; false when there is none. */
  #step(): boolean {
    if (this.#initial !== undefined) {
      this.#sendInitial(this.#initial);
      return true;
    }
    const { log } = this.#options.collection;
    if (log.lost(this.#position)) {
      this.fail(expired('too old resource version: the watch fell behind'));
      return false;
    }
    const change = log.at(this.#position);
    if (change === undefined) return false;
    this.#position++;
    this.#sendChange(change);
    return true;
  }

  #sendInitial(initial: readonly Entry[]): void {
    const entry = initial[this.#sent++];
    if (entry !== undefined) {
      this.#write(this.#line('ADDED', entry));
      return;
    }
    this.#initial = undefined;
    const { endInitial, revision } = this.#options;
    if (endInitial) this.#writeBookmark(revision, true);
  }

  #matches(entry: Entry | undefined): entry is Entry {
    const { namespace, selection } = this.#options;
    if (entry === undefined || (namespace !== '' && entry.namespace !== namespace)) return false;
    return selects(selection, entry.object);
  }

  #sendChange(change: Change): void {
    const before = this.#matches(change.previous);
    const after = this.#matches(change.present);
    const entry = change.present ?? change.removed;
    if (entry === undefined || (!before && !after)) return;
    const kind = !after ? 'DELETED' : before ? 'MODIFIED' : 'ADDED';
    const { type, wanted } = this.#options;
    const key = `${kind} ${type.group}/${type.version} ${wanted.form} ${wanted.include}`;
    let line = change.encoded.get(key);
    if (line === undefined) {
      line = this.#line(kind, entry);
      change.encoded.set(key, line);
    }
    this.#write(line);
  }

  #line(kind: string, entry: Entry): Uint8Array {
    const { type, wanted, nowMs } = this.#options;
    return Buffer.from(`{"type":"${kind}","object":${renderOne(type, entry, wanted, nowMs())}}\n`);
  }

  #writeBookmark(revision: number, initialEnd: boolean): void {
    const { type, wanted } = this.#options;
    const text = renderBookmark(type, revision, initialEnd, wanted);
    this.#write(Buffer.from(`{"type":"BOOKMARK","object":${text}}\n`));
  }

  #write(bytes: Uint8Array): void {
    if (!this.#sink.write(bytes)) this.#blockedSinceMs = this.#options.nowMs();
  }

  /** Tells how far the watch has come, if it has come that far. */
  bookmark(revision: number): void {
    const caughtUp =
      this.#initial === undefined && this.#position === this.#options.collection.log.end;
    if (this.#ended || !this.#options.bookmarks || !caughtUp) return;
    if (this.#blockedSinceMs === undefined) this.#writeBookmark(revision, false);
  }

  fail(fault: ApiFault): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.write(Buffer.from(`{"type":"ERROR","object":${JSON.stringify(statusOf(fault))}}\n`));
    this.#sink.end();
  }
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.end();
  }
  cut(): void {
    this.#ended = true;
    this.#sink.destroy();
  }
}
