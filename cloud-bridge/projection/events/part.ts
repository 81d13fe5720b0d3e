/** Events: what boards wrote into their journals, and what the bridge itself has to say of them. */
import { EVENTS, KubeError, type KubeErrorShape, type KubeObject } from '../../kube/index.ts';
import type { JournalEntry } from '../../session/contract.ts';
import {
  type Naming,
  type OwnEvent,
  type PartContext,
  PRIORITY,
  type ProjectionPart,
} from '../contract.ts';
import { type Bucket, type BucketLimits, takeToken } from './bucket.ts';
import {
  journalEvent,
  lostEvent,
  nodeSubject,
  type Occurrence,
  occurrenceName,
  ownEvent,
  subjectOf,
} from './object.ts';

/** A board's journal may burst; more is taken from it more slowly, and it keeps (or counts as lost) what waits. */
const JOURNAL_RATE: BucketLimits = { burst: 64, refillMs: 250 };
/** The bridge's own, per board: as client-go's spam filter, but a minute instead of five. */
const OWN_RATE: BucketLimits = { burst: 25, refillMs: 60_000 };
/** Occurrences whose counts are remembered; the oldest is forgotten and counts from the API's number again. */
const MAX_REMEMBERED = 4_096;
/** Counts of one Event are written at most this often. */
const COUNT_MS = 5_000;

interface Counted {
  readonly firstMs: number;
  count: number;
  lastMs: number;
  writtenMs: number;
  waiting: boolean;
  /** As the API last answered it. */
  object: KubeObject | undefined;
}

export interface EventsPart {
  readonly own: (event: OwnEvent) => void;
  /** Resolves when all are in the API, were there already, or can never be taken; rejects with `BL_KUBE_ABORTED` when the
   * bridge stands down before. */
  readonly journal: (
    board: string,
    entries: readonly JournalEntry[],
    lost: number,
  ) => Promise<void>;
  readonly reset: () => void;
}

type EventsContext = Pick<PartContext, 'queue' | 'clock' | 'timers' | 'log'> & {
  readonly naming: Naming;
  readonly subject: NonNullable<ProjectionPart['subject']>;
};

class Events implements EventsPart {
  readonly #context: EventsContext;
  readonly #journalRate = new Map<string, Bucket>();
  readonly #ownRate = new Map<string, Bucket>();
  readonly #counted = new Map<string, Counted>();
  readonly #lost = new Map<string, number>();
  readonly #pending = new Map<string, Promise<void>>();

  constructor(context: EventsContext) {
    this.#context = context;
  }

  reset(): void {
    this.#lost.clear();
    this.#journalRate.clear();
  }

  async journal(board: string, entries: readonly JournalEntry[], lost: number): Promise<void> {
    const node = this.#context.naming.nodeOf(board);
    const nowMs = this.#context.clock.unixMs();
    const objects = entries.map((entry) => {
      const { about, name } = entry.event;
      const found = about === 'node' ? undefined : this.#context.subject(board, about, name);
      const subject =
        about === 'node' ? nodeSubject(node) : found === undefined ? undefined : subjectOf(found);
      return journalEvent(entry, { node, subject }, nowMs);
    });
    const before = this.#lost.get(board) ?? 0;
    this.#lost.set(board, lost);
    if (lost > before) objects.unshift(lostEvent(node, lost, lost - before, nowMs));
    await Promise.all(objects.map((object) => this.#paced(board, object)));
  }

  own(event: OwnEvent): void {
    const { naming, clock, log } = this.#context;
    const node = naming.nodeOf(event.board);
    if (naming.boardOf(node) === undefined) {
      log.warn('projection.event-of-no-board', { reason: event.reason });
      return;
    }
    const subject = event.about === undefined ? nodeSubject(node) : subjectOf(event.about);
    const { warning, reason, message } = event;
    const one: Occurrence = { node, subject, warning, reason, message };
    const key = `${subject.namespace ?? 'default'}/${occurrenceName(one)}`;
    const nowMs = clock.unixMs();
    const known = this.#counted.get(key);
    if (known === undefined) {
      const taken = takeToken(this.#ownRate.get(event.board), clock.monotonicMs(), OWN_RATE);
      if (taken.waitMs > 0) {
        log.debug('projection.event-dropped', { board: event.board, reason });
        return;
      }
      this.#ownRate.set(event.board, taken.bucket);
    }
    const counted = known ?? {
      firstMs: nowMs,
      count: 0,
      lastMs: nowMs,
      writtenMs: Number.NEGATIVE_INFINITY,
      waiting: false,
      object: undefined,
    };
    counted.count++;
    counted.lastMs = nowMs;
    this.#remember(key, counted);
    this.#writeOwn(one, counted);
  }

  #remember(key: string, counted: Counted): void {
    this.#counted.delete(key);
    this.#counted.set(key, counted);
    if (this.#counted.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#counted.keys()) {
      this.#counted.delete(oldest);
      break;
    }
  }

  #writeOwn(one: Occurrence, counted: Counted): void {
    if (counted.waiting) return;
    const waitMs = counted.writtenMs + COUNT_MS - this.#context.clock.monotonicMs();
    if (waitMs > 0) {
      counted.waiting = true;
      this.#context.timers.after(waitMs, () => {
        counted.waiting = false;
        this.#writeOwn(one, counted);
      });
      return;
    }
    counted.writtenMs = this.#context.clock.monotonicMs();
    const { firstMs } = counted;
    const object = ownEvent(one, counted.count, firstMs, counted.lastMs);
    this.#context.queue.enqueue({
      resource: EVENTS,
      namespace: object.metadata.namespace ?? 'default',
      name: object.metadata.name,
      priority: PRIORITY.event,
      urgent: true,
      cached: () => counted.object,
      done: (written) => {
        counted.object = written;
      },
      build: (present) => {
        if (present === undefined) return { op: 'create', object };
        return { op: 'patch', type: 'merge', body: countBody(present, counted) };
      },
    });
  }

  async #paced(board: string, object: KubeObject): Promise<void> {
    const { clock, timers } = this.#context;
    const taken = takeToken(this.#journalRate.get(board), clock.monotonicMs(), JOURNAL_RATE);
    this.#journalRate.set(board, taken.bucket);
    if (taken.waitMs > 0) await new Promise<void>((resolve) => timers.after(taken.waitMs, resolve));
    await this.#create(object);
  }

  /** Sent again while it waits, an entry is the same one. */
  #create(object: KubeObject): Promise<void> {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const created = this.#enqueue(object).finally(() => this.#pending.delete(key));
    this.#pending.set(key, created);
    return created;
  }

  #enqueue(object: KubeObject): Promise<void> {
    const { queue, timers, log } = this.#context;
    return new Promise((resolve, reject) => {
      const refused = (error: KubeErrorShape): void => {
        log.warn('projection.event-refused', { code: error.code, message: error.message });
        resolve();
      };
      const attempt = (): void => {
        const taken = queue.enqueue({
          resource: EVENTS,
          namespace: object.metadata.namespace ?? 'default',
          name: object.metadata.name,
          priority: PRIORITY.event,
          urgent: true,
          build: (present) => (present === undefined ? { op: 'create', object } : undefined),
          done: () => resolve(),
          failed: refused,
          dropped: () => reject(new KubeError('BL_KUBE_ABORTED', 'the Event was not written')),
        });
        // The queue is full: the journal waits, and with it the board.
        if (!taken) timers.after(FULL_MS, attempt);
      };
      attempt();
    });
  }
}

const FULL_MS = 1_000;

/** Counts that another bridge wrote before are added to. */
function countBody(present: KubeObject, counted: Counted): Record<string, unknown> {
  const before = typeof present['count'] === 'number' ? present['count'] : 0;
  return {
    count: Math.max(before + 1, counted.count),
    lastTimestamp: new Date(counted.lastMs).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

export function createEvents(context: EventsContext): EventsPart {
  return new Events(context);
}
