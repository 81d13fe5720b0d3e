/** The IO rim around the link machine: host timers, the store, one MQTT link. */

import type { Link, LinkHandlers } from '@boardlet/adapters/link';
import {
  type StreamEvents,
  type StreamHandle,
  type StreamRequest,
  shardName,
  shardOf,
} from '@boardlet/adapters/sets';
import { END_CODES, LIMITS, PROTOCOL } from '@boardlet/adapters/wire';
import type { BoardDocuments } from '../documents.ts';
import type { Host, HostResult, Timer } from '../host.ts';
import {
  type BoardFacade,
  createBoardFacade,
  KINDS_READ,
  validDocument,
} from './board-documents.ts';
import { createLinkMachine, type LinkMachine, type LinkView } from './link-machine.ts';
import type { LinkEffect, LinkInput } from './link-types.ts';
import type { DocumentStore, StoredLink } from './store-contract.ts';

/** What the link needs to know of replication. */
export interface LinkWiring {
  readonly subscriptions: readonly { readonly topic: string; readonly qos: 0 | 1 }[];
  readonly will: () => { readonly topic: string; readonly payload: Uint8Array };
  readonly handlers: LinkHandlers;
}

export interface ReplicationOptions {
  readonly host: Pick<Host, 'clock' | 'timers' | 'log' | 'crypto' | 'adjustClock'>;
  readonly store: DocumentStore;
  readonly fleet: string;
  /** Of the fleet, 1..256. */
  readonly shards: number;
  /** Link id: certificate CN, MQTT user and client id. */
  readonly link: string;
  /** Ids of the boards that this link carries; at most `LIMITS.boardsPerLink`. */
  readonly boards: readonly string[];
  /** Reported documents that are not kept on disk, since their source tells them anew at the next start. Default: none. */
  readonly volatile?: (board: string, kind: number, name: string) => boolean;
  /** Makes the link; `start` is called by replication. */
  readonly connect: (wiring: LinkWiring) => Link;
}

/** A stream that the bridge opened. */
export type StreamHandler = (
  request: { readonly board: string; readonly args: Uint8Array },
  stream: StreamHandle,
) => StreamEvents | number;

export interface Replication {
  /** Starts connecting. */
  readonly start: () => void;
  /** Says goodbye, writes what is still lazy, and calls back. Nothing may be called after it. */
  readonly stop: (done: () => void) => void;
  readonly board: (id: string) => BoardDocuments | undefined;
  /** Handles streams of one type (`STREAM_TYPES`) that the bridge opens; answers its events, or an end code. */
  readonly onOpen: (streamType: number, handler: StreamHandler) => void;
  /** Opens a stream to the bridge; undefined: not connected and greeted, or too many. */
  readonly openStream: (
    board: string,
    streamType: number,
    args: Uint8Array,
    events: StreamEvents,
  ) => StreamHandle | undefined;
  /** Called at each hello that was taken. */
  readonly onGreeted: (listener: (greeting: Greeting) => void) => void;
  readonly connected: () => boolean;
  /** A new connection in place of the present one, without a goodbye: for a certificate that was renewed. */
  readonly reconnect: () => void;
  readonly view: () => LinkView;
}

export interface Greeting {
  readonly beatS: number;
  readonly paceMs: number;
  readonly unixMs?: number;
}

function random32(host: ReplicationOptions['host']): () => number {
  return () => {
    const bytes = host.crypto.random(4);
    return bytes.reduce((n, byte) => ((n << 8) | byte) >>> 0, 0);
  };
}

class Rim implements Replication {
  readonly #options: ReplicationOptions;
  readonly #machine: LinkMachine;
  readonly #link: Link;
  readonly #facades: readonly BoardFacade[];
  readonly #handlers = new Map<number, StreamHandler>();
  readonly #greeted: ((greeting: Greeting) => void)[] = [];
  readonly #topics: Readonly<Record<string, string>>;
  readonly #inputs: LinkInput[] = [];
  #running = false;
  #stopped = false;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: ReplicationOptions, stored: StoredLink) {
    this.#options = options;
    const { host, boards } = options;
    this.#topics = topicsOf(options);
    this.#facades = boards.map((id, b) => this.#facade(stored, id, b));
    this.#machine = createLinkMachine({
      boards,
      stored,
      versions: [...new Set([PROTOCOL.current, PROTOCOL.previous])],
      kindsRead: KINDS_READ,
      maxMessage: LIMITS.messageBytes,
      sha256: host.crypto.sha256,
      random32: random32(host),
      valid: validDocument,
      volatile: (b, kind, name) => options.volatile?.(boards[b] ?? '', kind, name) ?? false,
      accept: (request, stream) => this.#accept(request, stream),
    });
    this.#link = options.connect(this.#wiring());
    // The process has started, whether it ever connects or not: events of now belong to its segment (J1).
    this.#machine.step({ type: 'start' }, this.#now());
  }

  start = (): void => {
    this.#link.start();
  };

  stop = (done: () => void): void => {
    for (const effect of this.#machine.saveNow()) this.#perform(effect);
    this.#stopped = true;
    this.#timer?.cancel();
    this.#link.close({ topic: this.#topic('w'), payload: this.#machine.death(true) });
    this.#options.store.close((result) => {
      if (!result.ok) this.#options.host.log.error('replication.close', { code: result.code });
      done();
    });
  };

  board = (id: string): BoardDocuments | undefined => {
    return this.#facades[this.#options.boards.indexOf(id)]?.documents;
  };

  onOpen = (streamType: number, handler: StreamHandler): void => {
    this.#handlers.set(streamType, handler);
  };

  openStream = (
    board: string,
    streamType: number,
    args: Uint8Array,
    events: StreamEvents,
  ): StreamHandle | undefined => {
    const b = this.#options.boards.indexOf(board);
    if (b < 0) return undefined;
    const stream = this.#machine.open({ b, streamType, args }, events, this.#now());
    this.#settle();
    return stream === undefined ? undefined : this.#outside(stream);
  };

  onGreeted = (listener: (greeting: Greeting) => void): void => {
    this.#greeted.push(listener);
  };

  connected = (): boolean => {
    return this.#link.connected();
  };

  reconnect(): void {
    this.#link.reconnect();
  }

  view = (): LinkView => {
    return this.#machine.view();
  };

  #now(): number {
    return this.#options.host.clock.monotonicMs();
  }

  #topic(channel: string): string {
    return this.#topics[channel] ?? '';
  }

  #facade(stored: StoredLink, id: string, b: number): BoardFacade {
    const facade = createBoardFacade({
      log: this.#options.host.log,
      report: (kind, name, body) => {
        this.#feed({ type: 'report', b, kind, name, ...(body !== undefined && { body }) });
      },
      event: (entry) => {
        this.#feed({ type: 'event', b, entry });
      },
    });
    const found = stored.boards.find((board) => board.id === id);
    if (found !== undefined) facade.restore(found.desired, found.reported);
    return facade;
  }

  #wiring(): LinkWiring {
    const { log } = this.#options.host;
    return {
      subscriptions: [
        { topic: this.#topic('d'), qos: 1 },
        { topic: this.#topic('r'), qos: 1 },
      ],
      will: () => ({ topic: this.#topic('w'), payload: this.#machine.death(false) }),
      handlers: {
        onUp: (capabilities) => {
          log.info('replication.link-up', { protocol: capabilities.protocolLevel });
          this.#feed({ type: 'connected', maxPayloadBytes: capabilities.maxPayloadBytes });
        },
        onDown: (code, detail) => {
          log.info('replication.link-down', { code, detail });
          this.#feed({ type: 'disconnected' });
        },
        onMessage: (topic, payload) => {
          // Valid during this call only, and an earlier input may still be at work.
          const bytes = this.#running ? payload.slice() : payload;
          if (topic === this.#topic('d')) this.#feed({ type: 'message', channel: 'd', bytes });
          else if (topic === this.#topic('r')) this.#feed({ type: 'message', channel: 'r', bytes });
        },
        onDrain: () => {
          this.#feed({ type: 'drain' });
        },
      },
    };
  }

  #accept(request: StreamRequest, stream: StreamHandle): StreamEvents | number {
    const board = this.#options.boards[request.b];
    const handler = this.#handlers.get(request.streamType);
    if (board === undefined || handler === undefined) return END_CODES.notFound;
    return handler({ board, args: request.args }, this.#outside(stream));
  }

  /** A handle whose effects are carried out when it is used outside of a step. */
  #outside(stream: StreamHandle): StreamHandle {
    const after = <T>(result: T): T => {
      this.#settle();
      return result;
    };
    return {
      write: (bytes) => after(stream.write(bytes)),
      end: (code) => after(stream.end(code)),
      pause: () => after(stream.pause()),
      resume: () => after(stream.resume()),
    };
  }

  #feed(input: LinkInput): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    this.#settle();
  }

  /** Carries out effects; what they cause is taken in turn, never inside one another. */
  #settle(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    try {
      for (;;) {
        for (const effect of this.#machine.take()) this.#perform(effect);
        const input = this.#inputs.shift();
        if (input === undefined) break;
        for (const effect of this.#machine.step(input, this.#now())) this.#perform(effect);
      }
    } finally {
      this.#running = false;
    }
    this.#arm();
  }

  #arm(): void {
    const at = this.#machine.wakeAt();
    if (at >= this.#timerAt || this.#stopped) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#options.host.timers.after(Math.max(0, at - this.#now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.#feed({ type: 'tick' });
    });
  }

  #perform(effect: LinkEffect): void {
    const { store, host, boards } = this.#options;
    switch (effect.type) {
      case 'publish':
        this.#publish(effect);
        return;
      case 'commit':
        store.commitDesired(effect.changes, effect.mark, (r) => {
          this.#feed({ type: 'committed', ok: r.ok, ...(!r.ok && { code: r.code }) });
        });
        return;
      case 'apply':
        this.#facades[effect.b]?.apply(effect.changes);
        return;
      case 'save-reported':
        store.saveReported(effect.changes, false, (r) => {
          this.#saved(r);
        });
        return;
      case 'append-journal':
        store.appendJournal(effect.board, effect.segment, effect.n, effect.entry);
        return;
      case 'trim-journal':
        store.trimJournal(effect.board, effect.segment, effect.n, effect.lost);
        return;
      case 'save-realm':
        store.saveRealm(effect.realm, (r) => {
          this.#saved(r);
        });
        return;
      case 'greeted':
        this.#onGreeted(effect);
        return;
      case 'not-mine':
      case 'dropped':
        host.log.warn(`replication.${effect.type}`, { board: boards[effect.b] ?? '' });
        return;
      case 'warn':
        host.log.warn('replication.refused', {
          code: effect.code,
          board: boards[effect.b] ?? '',
          name: effect.name,
        });
    }
  }

  #publish(effect: Extract<LinkEffect, { type: 'publish' }>): void {
    const { id, qos, data } = effect;
    const done =
      id === 0
        ? undefined
        : (ok: boolean): void => {
            this.#feed({ type: 'published', id, ok, taken: true });
          };
    if (this.#link.publish(this.#topic(effect.channel), effect.bytes, qos, done)) return;
    const lost = data === undefined ? {} : { data };
    this.#feed({ type: 'published', id, ok: false, taken: false, ...lost });
  }

  #saved(result: HostResult<void>): void {
    if (!result.ok) this.#options.host.log.error('replication.save', { code: result.code });
  }

  #onGreeted(effect: Extract<LinkEffect, { type: 'greeted' }>): void {
    const { host } = this.#options;
    if (effect.unixMs !== undefined) host.adjustClock(effect.unixMs);
    host.log.info('replication.greeted', { beatS: effect.beatS, paceMs: effect.paceMs });
    for (const listener of this.#greeted) listener(effect);
  }
}

function topicsOf(options: ReplicationOptions): Record<string, string> {
  const { host, fleet, shards, link } = options;
  const shard = shardName(shardOf(host.crypto.sha256, link, shards));
  const base = `bl/${fleet}/${shard}/${link}`;
  return Object.fromEntries(['u', 'j', 's', 'w', 'd', 'r'].map((x) => [x, `${base}/${x}`]));
}

/** Reads the store (and counts this start) and makes the boards' documents available; connects only on `start`. */
export function createReplication(options: ReplicationOptions): HostResult<Replication> {
  const stored = options.store.load();
  if (!stored.ok) return stored;
  return { ok: true, value: new Rim(options, stored.value) };
}
