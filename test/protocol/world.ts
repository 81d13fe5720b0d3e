/** One link, two bridge processes, and everything that goes wrong between them; deterministic from its seed. */
import { encodeEvent } from '@boardlet/adapters/wire';
import type { LinkRules } from '@boardlet/agent-lite/core';
import type { ReplicaRules } from '@boardlet/cloud-bridge/session';
import { BoardHost, copyDisk, type Disk, emptyDisk, type Ghost } from './board-host.ts';
import { BridgeHost } from './bridge-host.ts';
import { Chance, SimulatedTime } from './simulated-time.ts';
import { Truth, versionOf } from './truth.ts';

export const BEAT_S = 10;
const BEAT_MS = BEAT_S * 1000;
/** Small, so that documents come in chunks and lists in several messages. */
const MAX_MESSAGE = 1200;
const LARGE_BYTES = 3000;
/** An original goes missing so late that a repeat of it still meets other sessions. */
const LATEST_MS = 80_000;

export interface WorldOptions {
  readonly seed: number;
  readonly boards?: number;
  readonly keys?: number;
  readonly faultsMs?: number;
  readonly linkRules?: LinkRules;
  readonly replicaRules?: ReplicaRules;
}

export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, seed: number, now: number, detail: string) {
    super(`${invariant} (seed ${seed}, at ${Math.round(now)} ms): ${detail}`);
    this.invariant = invariant;
  }
}

export class World {
  readonly time: SimulatedTime = new SimulatedTime();
  readonly chance: Chance;
  readonly seed: number;
  readonly truth: Truth = new Truth();
  readonly boards: readonly string[];
  readonly board: BoardHost;
  readonly bridges: readonly [BridgeHost, BridgeHost];
  readonly #keys: number;
  faults = true;
  apiUp = true;
  holder = 0;
  term = 0;
  messages = 0;
  #snapshot: Disk | undefined;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.chance = new Chance(options.seed);
    const boards = options.boards ?? 1 + this.chance.below(3);
    this.#keys = options.keys ?? 1 + this.chance.below(45);
    this.boards = Array.from({ length: boards }, (_, b) => `board-${b}`);
    this.board = new BoardHost(this.#boardWorld(), this.boards, {
      maxMessage: MAX_MESSAGE,
      ...(options.linkRules !== undefined && { rules: options.linkRules }),
    });
    const bridge = (name: string, index: number): BridgeHost =>
      new BridgeHost(name, this.#bridgeWorld(index), {
        maxMessage: MAX_MESSAGE,
        beatS: BEAT_S,
        ...(options.replicaRules !== undefined && { rules: options.replicaRules }),
      });
    this.bridges = [bridge('A', 0), bridge('B', 1)];
  }

  get rightful(): BridgeHost {
    return this.bridges[this.holder === 0 ? 0 : 1];
  }
  get other(): BridgeHost {
    return this.bridges[this.holder === 0 ? 1 : 0];
  }

  fail = (invariant: string, detail: string): never => {
    throw new Violation(invariant, this.seed, this.time.now, detail);
  };

  /** A bridge process takes the Lease; the one before is not told. */
  takeLease(index: number, cacheAt: number): void {
    this.term++;
    this.holder = index;
    this.rightful.start(this.term, cacheAt);
  }

  reboot(disk: Disk, kept: boolean): void {
    this.board.start(disk, kept);
    this.time.after(this.faults ? this.chance.below(400) : 5, () => {
      this.board.connect();
    });
  }

  someKey(): string {
    return `ns/k${this.chance.below(this.#keys)}`;
  }
  someBoard(): string {
    return this.boards[this.chance.below(this.boards.length)] ?? '';
  }

  changeTruth(): void {
    const board = this.someBoard();
    const name = this.someKey();
    if (this.chance.hit(0.3)) this.truth.remove(board, name);
    else this.truth.set(board, name, this.chance.hit(0.12) ? LARGE_BYTES : 0);
  }

  report(): void {
    const b = this.chance.below(this.boards.length);
    this.board.report(b, `d/p${this.chance.below(this.#keys)}`, this.chance.hit(0.1));
  }

  /** One of: power cut, wipe, restore, snapshot, hand-over, pause, crash, API outage, lost connection. */
  oneFault(): void {
    const x = this.chance.unit();
    if (x < 0.2) this.reboot(this.board.disk, true);
    else if (x < 0.27) this.#wipe();
    else if (x < 0.35) this.#restore();
    else if (x < 0.45) this.#snapshot = copyDisk(this.board.disk);
    else if (x < 0.65) this.takeLease(1 - this.holder, this.chance.below(this.truth.revision + 1));
    else if (x < 0.75) this.#pause();
    else if (x < 0.82) this.other.crash();
    else if (x < 0.92) this.#cutConnection();
    else this.#outage();
  }

  stopFaults(): void {
    this.faults = false;
    this.apiUp = true;
    for (const bridge of this.bridges) if (bridge.paused) bridge.wake();
    if (!this.rightful.alive) this.takeLease(this.holder, this.truth.revision);
    if (!this.board.connected) this.board.connect();
  }

  /** Undefined: the sets of the board, of the API and of the rightful bridge are equal. */
  difference(): string | undefined {
    for (let b = 0; b < this.boards.length; b++) {
      const id = this.boards[b] ?? '';
      const found =
        differ('desired', id, this.truth.present.get(id), this.#applied(b)) ??
        differ('reported', id, this.board.reportedNow(b), this.#taken(id));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #applied(b: number): Map<string, Uint8Array> {
    return byName(this.board.machine.view().documents(b, 'desired'));
  }
  #taken(id: string): Map<string, Uint8Array> {
    return byName(this.rightful.machine.view().documents(id, 'reported'));
  }

  #wipe(): void {
    this.board.wiped += this.board.disk.journal.length;
    this.reboot(emptyDisk(this.boards), false);
  }
  #restore(): void {
    if (this.#snapshot === undefined) return;
    this.board.wiped += this.board.disk.journal.length;
    this.reboot(copyDisk(this.#snapshot), false);
  }
  #pause(): void {
    const bridge = this.bridges[this.chance.below(2) === 0 ? 0 : 1];
    bridge.paused = true;
    this.time.after(this.chance.below(40_000), () => {
      bridge.wake();
    });
  }
  #cutConnection(): void {
    const { boot } = this.board;
    this.board.disconnect();
    this.time.after(this.chance.below(3000), () => {
      if (boot === this.board.boot && !this.board.connected) this.board.connect();
    });
  }
  #outage(): void {
    this.apiUp = false;
    this.time.after(8000, () => {
      this.apiUp = true;
    });
  }

  /** Loss, delay and late repeats; a repeat may come long after the faults have stopped. */
  #channel(arrive: () => void): void {
    const { chance, time } = this;
    this.messages++;
    if (this.faults && chance.hit(0.1)) time.after(chance.below(LATEST_MS), arrive);
    if (this.faults && chance.hit(0.15)) return;
    if (!this.faults) time.after(20, arrive);
    else time.after(chance.hit(0.2) ? chance.below(3000) : 5 + chance.below(40), arrive);
  }

  #boardWorld(): ConstructorParameters<typeof BoardHost>[0] {
    return {
      now: () => this.time.now,
      after: (ms, fire) => {
        this.time.after(ms, fire);
      },
      random32: () => this.chance.u32(),
      chance: (p) => this.chance.hit(p),
      commitDelayMs: () => (this.faults ? this.chance.below(20) : 1),
      fail: this.fail,
      send: (effect, orders, done) => {
        for (const bridge of this.bridges)
          this.#channel(() => {
            bridge.deliver(effect.channel, effect.bytes, orders);
          });
        this.time.after(this.faults ? 5 + this.chance.below(60) : 20, () => {
          done(!this.faults || this.chance.hit(0.95));
        });
      },
    };
  }

  #bridgeWorld(index: number): ConstructorParameters<typeof BridgeHost>[1] {
    return {
      now: () => this.time.now,
      after: (ms, fire) => {
        this.time.after(ms, fire);
      },
      random32: () => this.chance.u32(),
      truth: this.truth,
      boardBoot: () => this.board.boot,
      apiUp: () => this.apiUp,
      readLease: (answer, term) => {
        this.time.after(this.faults ? 2 + this.chance.below(30) : 2, () => {
          answer(this.apiUp ? this.holder === index && this.term === term : undefined);
        });
      },
      send: (bytes, channel, ghost: Ghost) => {
        this.#channel(() => {
          this.board.deliver(channel, bytes, ghost);
        });
      },
      fail: this.fail,
    };
  }
}

function byName(
  documents: Iterable<{ readonly name: string; readonly body: Uint8Array }>,
): Map<string, Uint8Array> {
  return new Map([...documents].map(({ name, body }) => [name, body]));
}

function differ(
  set: string,
  id: string,
  want: ReadonlyMap<string, Uint8Array> | undefined,
  have: ReadonlyMap<string, Uint8Array>,
): string | undefined {
  if ((want?.size ?? 0) !== have.size) return `${set} ${id}: ${have.size} of ${want?.size ?? 0}`;
  for (const [name, body] of want ?? []) {
    const held = have.get(name);
    if (held === undefined || versionOf(held) !== versionOf(body)) return `${set} ${id} ${name}`;
  }
  return undefined;
}

export interface RunResult {
  /** Beats from the end of faults until the sets were equal and stayed so. */
  readonly beats: number;
  readonly messages: number;
  readonly boots: number;
  readonly terms: number;
}

function anEvent(now: number): Uint8Array {
  return encodeEvent({
    warning: false,
    reason: 'Happened',
    message: 'something happened',
    about: 'node',
    name: '-',
    unixMs: Math.round(now),
  });
}

/** Faults for a while, then quiet: the sets must become equal. Throws `Violation`. */
export function runWorld(options: WorldOptions): RunResult {
  const world = new World(options);
  const faultsMs = options.faultsMs ?? 150_000;
  const quietMs = 9 * BEAT_MS;
  const { time, chance } = world;
  const during = (everyMs: number, what: () => void): void => {
    time.every(everyMs, chance.unit(), () => {
      if (world.faults) what();
    });
  };
  for (let i = 0; i < 60; i++) world.changeTruth();
  world.reboot(world.board.disk, true);
  world.takeLease(0, world.truth.revision);
  during(900, () => world.changeTruth());
  during(150, () => world.report());
  during(2500, () => world.board.event(0, anEvent(time.now)));
  during(21_000, () => world.oneFault());
  time.every(700, chance.unit(), () => {
    for (const bridge of world.bridges)
      if (bridge.alive && !bridge.paused)
        bridge.watchTo(world.faults ? bridge.revision + chance.below(4) : world.truth.revision);
  });
  let unequalAt = faultsMs;
  time.runUntil(faultsMs);
  world.stopFaults();
  time.every(500, 0, () => {
    if (world.difference() !== undefined) unequalAt = time.now;
  });
  time.runUntil(faultsMs + quietMs);
  const left = world.difference();
  if (left !== undefined) world.fail('Convergence', left);
  judgeJournal(world);
  return {
    beats: (unequalAt - faultsMs) / BEAT_MS,
    messages: world.messages,
    boots: world.board.boot,
    terms: world.term,
  };
}

/** made = delivered + held + lost; what a wipe took with it is known to the judge alone. */
function judgeJournal(world: World): void {
  const { board, bridges, boards } = world;
  const delivered = new Set(bridges.flatMap((bridge) => [...bridge.journal]));
  const held = boards.reduce((n, _, b) => n + board.machine.view().journalHeld(b), 0);
  const missing = [...board.made].filter((identity) => !delivered.has(identity)).length;
  if (missing > held + board.disk.lost + board.wiped)
    world.fail('JournalCounted', `${missing} missing, ${held} held, ${board.disk.lost} lost`);
}
