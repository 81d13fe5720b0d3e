/** A bridge process around the real replica machine: caches that lag, a Lease that moves, and judges of what it sends and takes. */
import { Hasher, khFromBytes } from '@boardlet/adapters/sets';
import { type Down, decodeDown } from '@boardlet/adapters/wire';
import {
  createReplicaMachine,
  type DesiredDocument,
  type DesiredSource,
  type ReplicaEffect,
  type ReplicaMachine,
  type ReplicaRules,
} from '@boardlet/cloud-bridge/session';
import { type Ghost, sha256 } from './board-host.ts';
import { DESIRED_KIND, REPORTED_KIND, type Truth } from './truth.ts';

export const LINK = 'gw-1';
export const REALM: Uint8Array = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

export interface BridgeWorld {
  readonly now: () => number;
  readonly after: (delayMs: number, fire: () => void) => void;
  readonly random32: () => number;
  readonly truth: Truth;
  readonly boardBoot: () => number;
  /** Answers, later, whether the bridge with this term holds the Lease; undefined: the API is down. */
  readonly readLease: (answer: (holder: boolean | undefined) => void, term: number) => void;
  readonly apiUp: () => boolean;
  readonly send: (bytes: Uint8Array, channel: 'd' | 'r', ghost: Ghost) => void;
  readonly fail: (invariant: string, detail: string) => void;
}

type Cache = Map<string, Map<string, DesiredDocument>>;

export class BridgeHost {
  readonly name: string;
  readonly #world: BridgeWorld;
  readonly #rules: ReplicaRules;
  readonly #maxMessage: number;
  readonly #beatS: number;
  readonly #hasher = new Hasher(sha256);
  alive = false;
  paused = false;
  term = 0;
  warm = true;
  revision = 0;
  machine: ReplicaMachine;
  readonly taken: Map<string, number> = new Map();
  readonly journal: Set<string> = new Set();
  readonly notices: string[] = [];
  readonly states: string[] = [];
  #cache: Cache = new Map();
  #backlog: (() => void)[] = [];
  #life = 0;
  #orders: ReadonlyMap<string, number> = new Map();
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(
    name: string,
    world: BridgeWorld,
    options: { readonly rules?: ReplicaRules; readonly maxMessage: number; readonly beatS: number },
  ) {
    this.name = name;
    this.#world = world;
    this.#rules = options.rules ?? {};
    this.#maxMessage = options.maxMessage;
    this.#beatS = options.beatS;
    this.machine = this.#create();
  }

  /** A process start that has taken the Lease, with caches at `revision`. */
  start(term: number, revision: number): void {
    this.#life++;
    this.alive = true;
    this.paused = false;
    this.term = term;
    this.revision = 0;
    this.#cache = new Map();
    this.taken.clear();
    this.#backlog = [];
    this.machine = this.#create();
    this.watchTo(revision, false);
    this.#step({ type: 'connected' });
  }

  crash(): void {
    this.#life++;
    this.alive = false;
  }

  /** Woken, it goes on with everything that came meanwhile. */
  wake(): void {
    this.paused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const job of backlog) job();
  }

  /** The caches follow the API, never back. */
  watchTo(revision: number, tell = true): void {
    while (this.revision < Math.min(revision, this.#world.truth.revision)) {
      const change = this.#world.truth.log[this.revision++];
      if (change === undefined) return;
      const { board, name, body } = change;
      const documents = this.#cache.get(board) ?? new Map<string, DesiredDocument>();
      this.#cache.set(board, documents);
      if (body === undefined) documents.delete(name);
      else documents.set(name, { kind: DESIRED_KIND, name, body, revision: change.revision });
      if (tell)
        this.#step({
          type: 'changed',
          board,
          kind: DESIRED_KIND,
          name,
          revision: change.revision,
        });
    }
  }

  deliver(
    channel: 'u' | 'j' | 's' | 'w',
    bytes: Uint8Array,
    orders: ReadonlyMap<string, number> = new Map(),
  ): void {
    if (!this.alive) return;
    const life = this.#life;
    const job = (): void => {
      if (life !== this.#life || !this.alive) return;
      this.#orders = orders;
      this.#step({ type: 'message', channel, bytes });
    };
    if (this.paused) this.#backlog.push(job);
    else job();
  }

  #create(): ReplicaMachine {
    return createReplicaMachine({
      link: LINK,
      source: this.#source(),
      entitled: () => true,
      hasher: this.#hasher,
      realm: REALM,
      versions: [1],
      beatS: this.#beatS,
      paceMs: 1000,
      maxMessage: this.#maxMessage,
      kindsRead: 1 << REPORTED_KIND,
      random32: this.#world.random32,
      unixMs: () => 1_700_000_000_000 + this.#world.now(),
      roomy: () => true,
      accept: () => 1,
      rules: this.#rules,
    });
  }

  #source(): DesiredSource {
    const documents = (board: string) => this.#cache.get(board) ?? new Map();
    return {
      warm: () => this.warm,
      revision: () => this.revision,
      readRevision: () => Promise.resolve(this.#world.truth.revision),
      documents: (board) => documents(board).values(),
      document: (board, _kind, name) => documents(board).get(name),
      onChange: () => undefined,
    };
  }

  #step(input: Parameters<ReplicaMachine['step']>[0]): void {
    for (const effect of this.machine.step(input, this.#world.now())) this.#perform(effect);
    const at = this.machine.wakeAt();
    if (at >= this.#wakeAt || at === Number.POSITIVE_INFINITY) return;
    this.#wakeAt = at;
    const life = this.#life;
    this.#world.after(Math.max(10, at - this.#world.now()), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#later(life, { type: 'tick' });
    });
  }

  /** As soon as the process runs, if it is the same process still. */
  #later(life: number, input: Parameters<ReplicaMachine['step']>[0]): void {
    if (life !== this.#life || !this.alive) return;
    if (this.paused) this.#backlog.push(() => this.#later(life, input));
    else this.#step(input);
  }

  #perform(effect: ReplicaEffect): void {
    const life = this.#life;
    switch (effect.type) {
      case 'publish':
        this.#world.send(effect.bytes, effect.channel, this.#ghost(effect.bytes));
        return;
      case 'lease-read':
        this.#world.readLease((holder) => {
          if (life !== this.#life || holder === undefined) return;
          if (holder) this.#later(life, { type: 'lease', tags: [effect.tag] });
          else this.crash();
        }, this.term);
        return;
      case 'read-revision':
        this.#later(life, { type: 'revision', revision: this.#world.truth.revision });
        return;
      case 'reported':
        for (const { name } of effect.changes) this.#judgeReported(`${effect.board}/${name}`);
        return;
      case 'journal':
        this.#world.after(5, () => {
          const ok = this.#world.apiUp();
          if (ok) for (const { identity } of effect.entries) this.journal.add(identity);
          this.#later(life, { type: 'journal-done', ticket: effect.ticket, ok });
        });
        return;
      case 'notice':
        this.notices.push(`${effect.board} ${effect.reason}`);
        return;
      case 'up':
        this.states.push(`up ${effect.board}`);
        return;
      case 'synced':
      case 'duplicate':
        return;
      case 'down':
        this.states.push(`down ${effect.board} ${effect.reason}`);
    }
  }

  #ghost(bytes: Uint8Array): Ghost {
    const versions = new Map<string, number>();
    const deletes = new Set<string>();
    const decoded = decodeDown(bytes);
    if (decoded.ok && decoded.value.type === 'down')
      this.#noteOps(decoded.value, versions, deletes);
    return {
      from: this.name,
      term: this.term,
      boot: this.#world.boardBoot(),
      versions,
      deletes,
    };
  }

  #noteOps(down: Down, versions: Map<string, number>, deletes: Set<string>): void {
    const board = this.machine.view().boards[down.b] ?? '';
    for (const op of down.ops) {
      if (op.op === 'put' || op.op === 'chunk') continue;
      if (!this.warm || (this.#rules.mark !== false && this.revision < this.machine.view().mark))
        this.#world.fail('NoColdDelete', `${this.name} deletes with caches at ${this.revision}`);
      const names = op.op === 'delete' ? [op.name] : this.#namesOf(khFromBytes(op.kh, 0));
      for (const name of names) {
        const key = `${board}/${name}`;
        versions.set(key, this.#world.truth.versionAt(board, name, this.revision));
        deletes.add(key);
      }
    }
  }

  #namesOf(kh: number): string[] {
    const names = new Set(this.#world.truth.log.map((change) => change.name));
    return [...names].filter((name) => this.#hasher.key(DESIRED_KIND, name) === kh);
  }

  /** What a list says to be gone has no place in the writer's history. */
  #judgeReported(key: string): void {
    const order = this.#orders.get(key);
    if (order === undefined) return;
    const held = this.taken.get(key) ?? 0;
    if (order < held)
      this.#world.fail('NoRollback', `reported ${key}: ${order} after ${held} at ${this.name}`);
    this.taken.set(key, order);
  }
}
