/** The bridge's end of all links of its shards: one MQTT connection, one machine per link (docs/protocol.md). */
import type { Link, LinkHandlers } from '@boardlet/adapters/link';
import { Hasher, type StreamHandle } from '@boardlet/adapters/sets';
import { END_CODES, LIMITS } from '@boardlet/adapters/wire';
import { type JournalEffect, readRevision, takeJournal } from './api-calls.ts';
import { BoardTable } from './board-table.ts';
import type {
  BoardStream,
  BoardStreamHandler,
  ReportedChange,
  StreamHandlers,
} from './contract.ts';
import { LeaseReads } from './lease-reads.ts';
import { createLinkRecord, heldBy, type LinkRecord } from './link-record.ts';
import { BUSY_PER_S, PaceGovernor } from './pace-governor.ts';
import type { ReplicaView } from './replica-machine.ts';
import type { ReplicaEffect, ReplicaInput } from './replica-types.ts';
import type { BridgeSessions, SessionServerOptions } from './session-options.ts';
import { Topics, type UpTopic } from './topics.ts';

/** A link that was never greeted is forgotten after so long. */
const IDLE_MS = 600_000;
const NOTICE_GAP_MS = 60_000;
/** Wakes fall on this grid, so that many links share one. */
const WAKE_GRID_MS = 10;
const MAX_LINKS = 20_000;

type Listed = { readonly link: string; readonly view: ReplicaView };

class Sessions implements BridgeSessions {
  readonly #options: SessionServerOptions;
  readonly #topics: Topics;
  readonly #hasher: Hasher;
  readonly #link: Link;
  readonly #records = new Map<string, LinkRecord>();
  readonly #boards: BoardTable<LinkRecord>;
  readonly #queue: (readonly [LinkRecord, ReplicaInput])[] = [];
  readonly #leases = new Map<number, LeaseReads>();
  readonly #handlers = new Map<number, BoardStreamHandler>();
  readonly #pace: PaceGovernor;
  #congested = false;
  #running = false;
  #stopped = false;
  #timer: { readonly cancel: () => void } | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: SessionServerOptions) {
    this.#options = options;
    this.#topics = new Topics(options.fleet, options.shards, options.sha256);
    this.#hasher = new Hasher(options.sha256);
    this.#boards = new BoardTable(options.sink);
    this.#pace = new PaceGovernor(
      options.paceMs ?? LIMITS.paceMs,
      options.busyMessagesPerS ?? BUSY_PER_S,
    );
    this.#link = options.connect({
      subscriptions: this.#topics.subscriptions(options.owned),
      handlers: this.#linkHandlers(),
    });
    options.source.onChange((board, kind, name, revision) => {
      const record = this.#boards.holder(board);
      if (record !== undefined)
        this.#step(record, { type: 'changed', board, kind, name, revision });
    });
  }

  start = (): void => {
    this.#link.start();
  };

  stop = (): void => {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#link.close();
  };

  connected = (): boolean => this.#link.connected();

  online = (board: string): boolean => {
    return this.#boards.online(board);
  };

  reported = (board: string): ReadonlyMap<string, ReportedChange> => {
    return this.#boards.reported(board);
  };

  openStream = (
    board: string,
    type: number,
    args: Uint8Array,
    handlers: StreamHandlers,
  ): BoardStream | undefined => {
    const record = this.#boards.holder(board);
    const stream = record?.machine.open(board, type, args, handlers, this.#now());
    if (record === undefined || stream === undefined) return undefined;
    this.#settle(record);
    return this.#outside(record, stream);
  };

  onBoardStream = (type: number, handler: BoardStreamHandler): void => {
    this.#handlers.set(type, handler);
  };

  drop = (board: string): void => {
    const record = this.#boards.holder(board);
    if (record !== undefined) this.#step(record, { type: 'drop', board });
  };

  recheck = (link: string): void => {
    const record = this.#records.get(link);
    if (record !== undefined) this.#step(record, { type: 'recheck' });
  };

  links = (): readonly Listed[] => {
    return [...this.#records.values()].map(({ link, machine }) => ({ link, view: machine.view() }));
  };

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #linkHandlers(): LinkHandlers {
    const each = (input: ReplicaInput): void => {
      for (const record of [...this.#records.values()]) this.#step(record, input);
    };
    return {
      onUp: () => {
        this.#congested = false;
        each({ type: 'connected' });
      },
      onDown: (code, detail) => {
        this.#options.log.info('session.link-down', { code, detail });
        each({ type: 'disconnected' });
      },
      onMessage: (topic, payload) => {
        this.#onMessage(topic, payload);
      },
      onDrain: () => {
        this.#congested = false;
        each({ type: 'drain' });
      },
    };
  }

  #onMessage(topic: string, payload: Uint8Array): void {
    const to = this.#topics.parse(topic);
    if (this.#stopped || to === undefined || !this.#options.owned.includes(to.shard)) return;
    const record = this.#records.get(to.link) ?? this.#admitLink(to);
    if (record === undefined) return;
    const now = this.#now();
    record.heardAt = now;
    const guard = to.channel === 's' ? record.streamGuard : record.guard;
    if (!guard.admit(payload.length, now)) {
      const message = `link ${record.link} sends too much: ${guard.dropped} messages dropped`;
      this.#notice(record, 'Flooding', message);
      return;
    }
    if (to.channel === 'u' && this.#pace.count(now)) this.#changePace();
    // Valid during this call only, and an earlier input may still be at work.
    const bytes = this.#running ? payload.slice() : payload;
    this.#step(record, { type: 'message', channel: to.channel, bytes });
  }

  #punishRubbish(record: LinkRecord): void {
    const { rejected } = record.machine.view().counters;
    if (rejected === record.rejected) return;
    record.rejected = rejected;
    record.guard.rubbish();
    this.#notice(record, 'BadMessages', `link ${record.link} sends what cannot be read`);
  }

  #notice(record: LinkRecord, reason: string, message: string): void {
    const now = this.#now();
    if (now - record.noticedAt < NOTICE_GAP_MS) return;
    record.noticedAt = now;
    this.#options.log.warn('session.bad-link', { link: record.link, reason });
    const { boards } = record.machine.view();
    const shown = boards.length > 0 ? boards : [record.link];
    for (const board of shown)
      if (this.#options.entitlements.allowed(record.link, board))
        this.#options.sink.notice(board, reason, message);
  }

  #changePace(): void {
    const { paceMs } = this.#pace;
    this.#options.log.info('session.pace', { paceMs });
    for (const record of [...this.#records.values()]) this.#step(record, { type: 'pace', paceMs });
  }

  #admitLink(to: UpTopic): LinkRecord | undefined {
    if (to.channel !== 'u' || this.#records.size >= MAX_LINKS) return undefined;
    const now = this.#now();
    const record = createLinkRecord(to, this.#options, {
      now,
      hasher: this.#hasher,
      topics: this.#topics,
      paceMs: this.#pace.paceMs,
      entitled: (board) => this.#entitled(to.link, board),
      released: (board) => this.#options.entitlements.released?.(to.link, board),
      roomy: () => !this.#congested && this.#link.connected(),
      accept: (board, type, args, stream) => this.#accept(to.link, board, type, args, stream),
    });
    this.#records.set(to.link, record);
    this.#step(record, { type: 'connected' });
    return record;
  }

  #entitled(link: string, board: string): boolean {
    if (!this.#options.entitlements.allowed(link, board)) return false;
    const holder = this.#boards.holder(board);
    return holder === undefined || holder.link === link || !this.#boards.online(board);
  }

  #accept(
    link: string,
    board: string,
    type: number,
    args: Uint8Array,
    stream: StreamHandle,
  ): StreamHandlers | number {
    const handler = this.#handlers.get(type);
    const record = this.#records.get(link);
    if (handler === undefined || record === undefined) return END_CODES.notFound;
    return handler({ board, link, args }, this.#outside(record, stream));
  }

  #outside(record: LinkRecord, stream: StreamHandle): BoardStream {
    const after = <T>(result: T): T => {
      this.#settle(record);
      return result;
    };
    return {
      write: (bytes) => after(stream.write(bytes)),
      end: (code) => after(stream.end(code)),
      pause: () => after(stream.pause()),
      resume: () => after(stream.resume()),
    };
  }

  #step(record: LinkRecord, input: ReplicaInput): void {
    this.#queue.push([record, input]);
    this.#drain();
  }

  /** Carries out effects; what they cause is taken in turn, never inside one another: seqs leave in their order. */
  #drain(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#take(...next);
      }
    } finally {
      this.#running = false;
    }
  }

  #take(record: LinkRecord, input: ReplicaInput): void {
    try {
      for (const effect of record.machine.step(input, this.#now())) this.#perform(record, effect);
      if (input.type === 'message') this.#punishRubbish(record);
      this.#settleNow(record);
    } catch (error) {
      this.#abandon(record, error);
    }
  }

  /** A fault of ours, met on one link: that link starts over with a new greeting, the others do not notice. */
  #abandon(record: LinkRecord, error: unknown): void {
    this.#options.log.error('session.fault', { link: record.link, error: String(error) });
    this.#records.delete(record.link);
    this.#boards.forget(record);
  }

  #settle(record: LinkRecord): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    try {
      this.#settleNow(record);
    } finally {
      this.#running = false;
    }
    this.#drain();
  }

  #settleNow(record: LinkRecord): void {
    for (const effect of record.machine.take()) this.#perform(record, effect);
    this.#arm(record.machine.wakeAt());
  }

  #arm(at: number): void {
    if (at >= this.#timerAt || this.#stopped) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    const delay = Math.max(WAKE_GRID_MS, at - this.#now());
    this.#timer = this.#options.after(delay, () => {
      this.#wake();
    });
  }

  #wake(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    const now = this.#now();
    for (const record of [...this.#records.values()]) {
      if (record.machine.wakeAt() <= now + WAKE_GRID_MS) this.#step(record, { type: 'tick' });
      else this.#arm(record.machine.wakeAt());
      this.#forgetIdle(record, now);
    }
  }

  #forgetIdle(record: LinkRecord, now: number): void {
    if (now - record.heardAt > IDLE_MS && record.machine.view().boards.length === 0)
      this.#records.delete(record.link);
  }

  #perform(record: LinkRecord, effect: ReplicaEffect): void {
    const { sink } = this.#options;
    switch (effect.type) {
      case 'publish':
        if (!this.#link.publish(record.topics[effect.channel], effect.bytes, effect.qos))
          this.#congested = this.#link.connected();
        return;
      case 'lease-read':
        this.#leaseReads(record.shard).ask(record.link, effect.tag);
        return;
      case 'read-revision':
        void this.#readRevision(record);
        return;
      case 'up':
      case 'down':
      case 'reported':
      case 'synced':
      case 'duplicate':
        this.#boards.apply(effect, record, () => heldBy(record, effect.board));
        return;
      case 'journal':
        void this.#journal(record, effect);
        return;
      case 'notice':
        this.#options.log.warn('session.notice', { board: effect.board, reason: effect.reason });
        sink.notice(effect.board, effect.reason, effect.message);
    }
  }

  async #journal(record: LinkRecord, effect: JournalEffect): Promise<void> {
    const ok = await takeJournal(this.#options, effect);
    this.#step(record, { type: 'journal-done', ticket: effect.ticket, ok });
  }

  async #readRevision(record: LinkRecord): Promise<void> {
    const revision = await readRevision(this.#options);
    if (revision !== undefined) this.#step(record, { type: 'revision', revision });
  }

  #leaseReads(shard: number): LeaseReads {
    let reads = this.#leases.get(shard);
    if (reads === undefined) {
      reads = new LeaseReads(() => this.#options.ownership.isHolder(shard), {
        onHolder: (tags) => {
          this.#greet(tags);
        },
        onDeposed: () => {
          this.#depose(shard);
        },
        onFailed: (error) => {
          this.#options.log.warn('session.lease-read', { shard, error: String(error) });
        },
      });
      this.#leases.set(shard, reads);
    }
    return reads;
  }

  #greet(asked: ReadonlyMap<string, readonly number[]>): void {
    for (const [link, tags] of asked) {
      const record = this.#records.get(link);
      if (record !== undefined) this.#step(record, { type: 'lease', tags });
    }
  }

  /** Another replica owns the shard: all its links are unknown here, and nothing more is said or projected of them. */
  #depose(shard: number): void {
    this.#options.log.warn('session.deposed', { shard });
    for (const record of [...this.#records.values()]) {
      if (record.shard !== shard) continue;
      this.#records.delete(record.link);
      this.#boards.forget(record);
    }
    this.#options.onDeposed?.(shard);
  }
}

/** Nothing connects before `start`. */
export function createSessionServer(options: SessionServerOptions): BridgeSessions {
  return new Sessions(options);
}
