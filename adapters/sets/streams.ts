/** Streams over a lossy, ordered-or-not channel: opened by id, credit flow control each way (docs/protocol.md §5, T0–T4).
 * The same table serves both ends; it does no IO and keeps no timer: its owner calls `tick` at `wakeAt`. */
import { END_CODES, type Open, type StreamMessage } from '../wire/index.ts';
import { InHalf, OutHalf, RETRY_MAX_MS, RETRY_MS } from './stream-halves.ts';
import type {
  StreamEvents,
  StreamHandle,
  StreamRequest,
  StreamTableOptions,
} from './stream-types.ts';

/** An `open` without any answer is given up after so many repeats. */
const OPEN_TRIES = 5;
/** Ended ids whose code is remembered, for a peer that missed the end. */
const REMEMBERED = 64;

interface Stream {
  readonly id: number;
  readonly b: number;
  readonly opener: boolean;
  readonly out: OutHalf;
  readonly in: InHalf;
  events: StreamEvents | undefined;
  open: Open | undefined;
  openTries: number;
  openAt: number;
  finishing: boolean;
  endAt: number;
  outEnded: boolean;
  inEnded: boolean;
  refused: boolean;
}

export class StreamTable {
  readonly #options: StreamTableOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #ended = new Map<number, number>();
  #tag = 0;
  #nextId: number;
  #peerHighest = 0;
  #online = false;
  #now = 0;

  constructor(options: StreamTableOptions) {
    this.#options = options;
    this.#nextId = options.side === 'board' ? 1 : 2;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** T4: a new tag aborts all streams; 0: no session, nothing can be opened. */
  setTag(tag: number, nowMs: number): void {
    this.#now = nowMs;
    this.#tag = tag;
    for (const stream of [...this.#streams.values()]) this.#remove(stream, END_CODES.session);
    this.#ended.clear();
    this.#nextId = this.#options.side === 'board' ? 1 : 2;
    this.#peerHighest = 0;
  }

  /** Aborts the streams of one board. */
  dropBoard(b: number, nowMs: number): void {
    this.#now = nowMs;
    for (const stream of [...this.#streams.values()])
      if (stream.b === b) this.#abort(stream, END_CODES.session);
  }

  online(online: boolean, nowMs: number): void {
    this.#now = nowMs;
    this.#online = online;
    if (!online) return;
    for (const stream of [...this.#streams.values()]) this.#resync(stream);
  }

  open(request: StreamRequest, events: StreamEvents, nowMs: number): StreamHandle | undefined {
    this.#now = nowMs;
    if (this.#tag === 0 || !this.#roomFor(request.b)) return undefined;
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = this.#create(id, request.b, true);
    stream.events = events;
    stream.open = { type: 'open', tag: this.#tag, id, ...request, args: request.args.slice() };
    this.#sendOpen(stream);
    return this.#handle(stream);
  }

  receive(message: StreamMessage, nowMs: number): void {
    this.#now = nowMs;
    if (message.tag !== this.#tag || this.#tag === 0) return;
    const stream = this.#streams.get(message.id);
    if (message.type === 'open') this.#onOpen(message, stream);
    else if (stream === undefined) this.#onUnknown(message);
    else {
      stream.open = undefined;
      this.#onMessage(stream, message);
    }
  }

  /** Time of the next `tick`; Infinity when nothing is waited for. */
  wakeAt(): number {
    let at = Number.POSITIVE_INFINITY;
    if (!this.#online) return at;
    for (const s of this.#streams.values())
      at = Math.min(at, s.out.retryAt, s.inEnded ? at : s.in.creditAt, s.openAt, s.endAt);
    return at;
  }

  tick(nowMs: number): void {
    this.#now = nowMs;
    if (!this.#online) return;
    for (const stream of [...this.#streams.values()]) this.#tickStream(stream);
  }

  /** The channel took `send`'s data and found later that it had no room: it goes again at the next `drain`, not after a retry. */
  unsent(id: number, off: number): void {
    this.#streams.get(id)?.out.unsent(off);
  }

  /** The channel has room again. */
  drain(nowMs: number): void {
    this.#now = nowMs;
    for (const stream of [...this.#streams.values()]) this.#pump(stream);
  }

  #roomFor(b: number): boolean {
    let n = 0;
    for (const stream of this.#streams.values()) if (stream.b === b) n++;
    return n < this.#options.streamsPerBoard;
  }

  #create(id: number, b: number, opener: boolean): Stream {
    const stream: Stream = {
      id,
      b,
      opener,
      out: new OutHalf(this.#options.windowBytes),
      in: new InHalf(this.#options.windowBytes, this.#now),
      events: undefined,
      open: undefined,
      openTries: 0,
      openAt: Number.POSITIVE_INFINITY,
      finishing: false,
      endAt: Number.POSITIVE_INFINITY,
      outEnded: false,
      inEnded: false,
      refused: false,
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #handle(stream: Stream): StreamHandle {
    return {
      write: (bytes) => {
        if (stream.finishing || !this.#streams.has(stream.id)) return false;
        stream.refused = !stream.out.write(bytes);
        if (!stream.refused) this.#pump(stream);
        return !stream.refused;
      },
      end: (code) => {
        if (this.#streams.get(stream.id) !== stream) return;
        if (code === END_CODES.ok) this.#finish(stream);
        else this.#abort(stream, code);
      },
      pause: () => {
        stream.in.pause();
      },
      resume: () => {
        stream.in.resume();
        if (this.#streams.get(stream.id) === stream) this.#credit(stream, 0);
      },
    };
  }

  #sendOpen(stream: Stream): void {
    if (stream.open === undefined) return;
    if (stream.openTries++ >= OPEN_TRIES) {
      this.#abort(stream, END_CODES.failed);
      return;
    }
    stream.openAt = this.#now + RETRY_MS * 2;
    this.#options.send(stream.open, 1);
    // QoS 1 as the open itself: a QoS 0 credit may overtake it, and then names an id that is not known.
    this.#credit(stream, 1);
  }

  #onOpen(message: Open, known: Stream | undefined): void {
    const own = message.id % 2 === (this.#options.side === 'board' ? 1 : 0);
    if (own || message.id === 0) return;
    if (known !== undefined) {
      this.#credit(known, 0);
      return;
    }
    const ended = this.#ended.get(message.id);
    if (ended !== undefined || message.id <= this.#peerHighest) {
      this.#sendEnd(message.id, ended ?? END_CODES.session);
      return;
    }
    this.#peerHighest = message.id;
    this.#accept(message);
  }

  #accept(message: Open): void {
    if (!this.#roomFor(message.b)) {
      this.#refuse(message.id, END_CODES.busy);
      return;
    }
    const stream = this.#create(message.id, message.b, false);
    const events = this.#options.accept(message, this.#handle(stream));
    if (typeof events === 'number') {
      this.#streams.delete(stream.id);
      this.#refuse(stream.id, events);
      return;
    }
    stream.events = events;
    if (this.#streams.has(stream.id)) this.#credit(stream, 1);
  }

  #refuse(id: number, code: number): void {
    this.#remember(id, code);
    this.#sendEnd(id, code);
  }

  #onUnknown(message: Exclude<StreamMessage, Open>): void {
    if (message.type === 'end') return;
    const ended = this.#ended.get(message.id);
    const own = message.id % 2 === (this.#options.side === 'board' ? 1 : 0);
    const past = own ? message.id < this.#nextId : message.id <= this.#peerHighest;
    // An id above all that was opened: its open is still on the way.
    if (ended !== undefined || past) this.#sendEnd(message.id, ended ?? END_CODES.session);
  }

  #onMessage(stream: Stream, message: Exclude<StreamMessage, Open>): void {
    stream.openAt = Number.POSITIVE_INFINITY;
    if (message.type === 'data') this.#onData(stream, message.off, message.bytes);
    else if (message.type === 'credit') this.#onCredit(stream, message.ack, message.limit);
    else this.#onEnd(stream, message.code);
  }

  #onData(stream: Stream, off: number, bytes: Uint8Array): void {
    if (stream.inEnded) return;
    const outcome = stream.in.data(off, bytes, this.#now, (b) => stream.events?.onData(b));
    if (outcome === 'over') this.#abort(stream, END_CODES.tooMuch);
    else if (outcome === 'credit') this.#credit(stream, 0);
  }

  #onCredit(stream: Stream, ack: number, limit: number): void {
    if (!stream.out.credit(ack, limit, this.#now)) {
      this.#abort(stream, END_CODES.invalid);
      return;
    }
    this.#pump(stream);
    if (stream.refused && stream.out.roomy && this.#streams.has(stream.id)) {
      stream.refused = false;
      stream.events?.onDrain?.();
    }
  }

  #onEnd(stream: Stream, code: number): void {
    if (code !== END_CODES.ok) {
      this.#remove(stream, code);
      return;
    }
    if (stream.inEnded) return;
    stream.inEnded = true;
    stream.events?.onEnd(END_CODES.ok);
    // The answering side has finished: nobody reads what the opener still has.
    if (stream.opener && this.#streams.has(stream.id)) this.#closeOut(stream);
    this.#settle(stream);
  }

  #finish(stream: Stream): void {
    if (stream.finishing) return;
    stream.finishing = true;
    this.#pump(stream);
  }

  #closeOut(stream: Stream): void {
    if (stream.outEnded) return;
    stream.finishing = true;
    stream.outEnded = true;
    this.#sendEnd(stream.id, END_CODES.ok);
    this.#settle(stream);
  }

  /** Sends what credit allows; then, once all is acknowledged, the half-close. */
  #pump(stream: Stream): void {
    if (!this.#online || stream.outEnded) return;
    for (;;) {
      const next = stream.out.next(this.#options.chunkBytes);
      if (next === undefined) break;
      if (!this.#sendData(stream, next.off, next.bytes)) return;
      stream.out.sent(next.bytes.length, this.#now);
    }
    stream.out.blocked(this.#now);
    if (!stream.finishing) return;
    if (stream.out.drained) this.#closeOut(stream);
    else if (stream.endAt === Number.POSITIVE_INFINITY) this.#probe(stream);
  }

  /** Empty data after the last byte: the reader answers with its credit at once. */
  #probe(stream: Stream): void {
    stream.endAt = this.#now + RETRY_MS;
    this.#sendData(stream, stream.out.total, new Uint8Array(0));
  }

  #tickStream(stream: Stream): void {
    const now = this.#now;
    if (stream.openAt <= now) this.#sendOpen(stream);
    if (stream.endAt <= now) {
      stream.endAt = stream.outEnded ? Number.POSITIVE_INFINITY : now + RETRY_MAX_MS;
      if (!stream.outEnded) this.#sendData(stream, stream.out.total, new Uint8Array(0));
    }
    if (stream.out.retryAt <= now) {
      stream.out.retry(now);
      if (stream.out.next(1) === undefined)
        this.#sendData(stream, stream.out.total, new Uint8Array(0));
      this.#pump(stream);
    }
    if (!stream.inEnded && stream.in.creditAt <= now && this.#streams.has(stream.id))
      this.#credit(stream, 0);
  }

  /** After a reconnect: what the peer may have missed. */
  #resync(stream: Stream): void {
    if (stream.open !== undefined) {
      this.#sendOpen(stream);
      return;
    }
    if (stream.outEnded) this.#sendEnd(stream.id, END_CODES.ok);
    else if (!stream.out.drained) stream.out.retry(this.#now);
    if (!stream.inEnded) this.#credit(stream, 1);
    this.#pump(stream);
  }

  #credit(stream: Stream, qos: 0 | 1): void {
    const { ack, limit } = stream.in.grant(this.#now);
    this.#options.send({ type: 'credit', tag: this.#tag, id: stream.id, ack, limit }, qos);
  }

  #sendData(stream: Stream, off: number, bytes: Uint8Array): boolean {
    return this.#options.send({ type: 'data', tag: this.#tag, id: stream.id, off, bytes }, 0);
  }

  #sendEnd(id: number, code: number): void {
    this.#options.send({ type: 'end', tag: this.#tag, id, code }, 1);
  }

  #abort(stream: Stream, code: number): void {
    this.#sendEnd(stream.id, code);
    this.#remove(stream, code);
  }

  #settle(stream: Stream): void {
    if (!stream.inEnded || !stream.outEnded) return;
    this.#streams.delete(stream.id);
    this.#remember(stream.id, END_CODES.ok);
  }

  #remove(stream: Stream, code: number): void {
    this.#streams.delete(stream.id);
    this.#remember(stream.id, code);
    if (!stream.inEnded) {
      stream.inEnded = true;
      stream.events?.onEnd(code);
    }
  }

  #remember(id: number, code: number): void {
    this.#ended.set(id, code);
    if (this.#ended.size <= REMEMBERED) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      break;
    }
  }
}
