/** A board's process around the real link machine: a disk that can be cut, wiped and restored, and judges of what is applied. */
import { createHash } from 'node:crypto';
import { decodeUp } from '@boardlet/adapters/wire';
import {
  createLinkMachine,
  type LinkEffect,
  type LinkMachine,
  type LinkRules,
  type StoredLink,
} from '@boardlet/agent-lite/core';
import { DESIRED_KIND, REPORTED_KIND, versionedBody, versionOf } from './truth.ts';

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

export interface Disk {
  mark: number;
  realm: Uint8Array | undefined;
  readonly desired: Map<string, Map<string, Uint8Array>>;
  readonly reported: Map<string, Map<string, Uint8Array>>;
  journal: { segment: number; n: number; board: string; entry: Uint8Array }[];
  lost: number;
}

/** What the judges know of a message beside its bytes. */
export interface Ghost {
  readonly from: string;
  readonly term: number;
  readonly boot: number;
  /** Version that each op stands for, by board and name; deletes by hash included. */
  readonly versions: ReadonlyMap<string, number>;
  /** Keys with an explicit delete. */
  readonly deletes: ReadonlySet<string>;
}

export interface BoardWorld {
  readonly now: () => number;
  readonly after: (delayMs: number, fire: () => void) => void;
  readonly random32: () => number;
  readonly chance: (probability: number) => boolean;
  readonly commitDelayMs: () => number;
  /** `orders`: the place in the writer's history of each value that the message carries, by board and name. */
  readonly send: (
    effect: Extract<LinkEffect, { type: 'publish' }>,
    orders: ReadonlyMap<string, number>,
    done: (ok: boolean) => void,
  ) => void;
  readonly fail: (invariant: string, detail: string) => void;
}

export function emptyDisk(boards: readonly string[]): Disk {
  return {
    mark: 0,
    realm: undefined,
    desired: new Map(boards.map((id) => [id, new Map()])),
    reported: new Map(boards.map((id) => [id, new Map()])),
    journal: [],
    lost: 0,
  };
}

const copySets = (sets: Disk['desired']): Disk['desired'] =>
  new Map([...sets].map(([id, documents]) => [id, new Map(documents)]));

export function copyDisk(disk: Disk): Disk {
  return {
    ...disk,
    desired: copySets(disk.desired),
    reported: copySets(disk.reported),
    journal: [...disk.journal],
  };
}

/** What the board last acted on, by board and name. */
interface Acted {
  readonly version: number;
  readonly present: boolean;
}

export class BoardHost {
  readonly #world: BoardWorld;
  readonly #boards: readonly string[];
  readonly #rules: LinkRules;
  readonly #maxMessage: number;
  disk: Disk;
  machine: LinkMachine;
  boot = 0;
  connected = false;
  /** Reported clock: versions of reported values, and the order in which they were asserted. */
  clock = 0;
  readonly order: Map<string, number> = new Map();
  #pendingReported = new Map<string, Uint8Array | undefined>();
  #acted = new Map<string, Acted>();
  #highestTerm = 0;
  #current: Ghost | undefined;
  #queue: (() => void)[] = [];
  #committing = false;
  #wakeAt = Number.POSITIVE_INFINITY;
  readonly made: Set<string> = new Set();
  wiped = 0;

  constructor(
    world: BoardWorld,
    boards: readonly string[],
    options: { readonly rules?: LinkRules; readonly maxMessage: number },
  ) {
    this.#world = world;
    this.#boards = boards;
    this.#rules = options.rules ?? {};
    this.#maxMessage = options.maxMessage;
    this.disk = emptyDisk(boards);
    this.machine = this.#create();
  }

  /** A process start. `kept` false: the flash is another than before, so what was acted on no longer counts. */
  start(disk: Disk, kept: boolean): void {
    this.boot++;
    if (kept) this.#judgePowerCut(disk);
    else this.#actedFrom(disk);
    this.disk = disk;
    this.#queue = [];
    this.#committing = false;
    this.#current = undefined;
    this.connected = false;
    this.#pendingReported = new Map();
    this.#assertAnew();
    this.machine = this.#create();
    this.#run(this.machine.step({ type: 'start' }, this.#world.now()));
  }

  connect(): void {
    this.connected = true;
    this.#step({ type: 'connected', maxPayloadBytes: 65_536 });
  }

  disconnect(): void {
    this.connected = false;
    this.#step({ type: 'disconnected' });
  }

  /** One message at a time, so that each change is known to come from it. */
  deliver(channel: 'd' | 'r', bytes: Uint8Array, ghost: Ghost | undefined): void {
    if (!this.connected) return;
    const boot = this.boot;
    this.#queue.push(() => {
      if (boot !== this.boot) return;
      this.#current = ghost;
      this.#step({ type: 'message', channel, bytes });
    });
    this.#next();
  }

  report(b: number, name: string, remove: boolean): void {
    const id = this.#boards[b] ?? '';
    const version = ++this.clock;
    this.order.set(`${id}/${name}/${remove ? 'gone' : version}`, version);
    const body = remove ? undefined : versionedBody(version);
    this.#pendingReported.set(`${b}/${name}`, body);
    this.#step({
      type: 'report',
      b,
      kind: REPORTED_KIND,
      name,
      ...(body !== undefined && { body }),
    });
  }

  event(b: number, entry: Uint8Array): void {
    this.#step({ type: 'event', b, entry });
  }

  /** What the board would say now. */
  reportedNow(b: number): Map<string, Uint8Array> {
    const result = new Map<string, Uint8Array>();
    for (const d of this.machine.view().documents(b, 'reported')) result.set(d.name, d.body);
    for (const [key, body] of this.#pendingReported) {
      const slash = key.indexOf('/');
      if (Number(key.slice(0, slash)) !== b) continue;
      if (body === undefined) result.delete(key.slice(slash + 1));
      else result.set(key.slice(slash + 1), body);
    }
    return result;
  }

  #create(): LinkMachine {
    return createLinkMachine({
      boards: this.#boards,
      stored: this.#stored(),
      versions: [1],
      kindsRead: 1 << DESIRED_KIND,
      maxMessage: this.#maxMessage,
      sha256,
      random32: this.#world.random32,
      valid: () => true,
      accept: () => 1,
      rules: this.#rules,
    });
  }

  #stored(): StoredLink {
    const list = (sets: Disk['desired'], id: string, kind: number) =>
      [...(sets.get(id) ?? [])].map(([name, body]) => ({ kind, name, body }));
    return {
      mark: this.disk.mark,
      ...(this.disk.realm !== undefined && { realm: this.disk.realm }),
      boots: this.boot,
      boards: this.#boards.map((id) => ({
        id,
        desired: list(this.disk.desired, id, DESIRED_KIND),
        reported: list(this.disk.reported, id, REPORTED_KIND),
        journal: this.disk.journal
          .filter((e) => e.board === id)
          .map((e) => ({ segment: e.segment, first: e.n, entries: [e.entry] })),
        lost: this.disk.lost,
      })),
    };
  }

  #step(input: Parameters<LinkMachine['step']>[0]): void {
    this.#run(this.machine.step(input, this.#world.now()));
    const at = this.machine.wakeAt();
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    const boot = this.boot;
    this.#world.after(Math.max(1, at - this.#world.now()), () => {
      if (at === this.#wakeAt) this.#wakeAt = Number.POSITIVE_INFINITY;
      if (boot === this.boot) this.#step({ type: 'tick' });
    });
  }

  #next(): void {
    while (!this.#committing) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      job();
    }
  }

  #run(effects: readonly LinkEffect[]): void {
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: LinkEffect): void {
    switch (effect.type) {
      case 'publish':
        this.#publish(effect);
        return;
      case 'commit':
        this.#commit(effect);
        return;
      case 'apply':
        for (const change of effect.changes)
          this.#judgeApplied(this.#boards[effect.b] ?? '', change.name, change.body);
        return;
      case 'save-reported':
        for (const { board, name, body } of effect.changes) {
          if (body === undefined) this.disk.reported.get(board)?.delete(name);
          else this.disk.reported.get(board)?.set(name, body);
        }
        return;
      case 'append-journal':
        this.made.add(`${effect.segment}-${effect.n}`);
        this.disk.journal.push({ ...effect });
        return;
      case 'trim-journal':
        this.disk.lost = effect.lost;
        this.disk.journal = this.disk.journal.filter(
          (e) => e.board !== effect.board || e.segment !== effect.segment || e.n > effect.n,
        );
        return;
      case 'save-realm':
        this.disk.realm = effect.realm;
    }
  }

  #publish(effect: Extract<LinkEffect, { type: 'publish' }>): void {
    const boot = this.boot;
    this.#world.send(effect, this.#ordersOf(effect.bytes), (ok) => {
      if (boot === this.boot && this.connected && effect.id !== 0)
        this.#step({ type: 'published', id: effect.id, ok, taken: true });
    });
  }

  #ordersOf(bytes: Uint8Array): ReadonlyMap<string, number> {
    const orders = new Map<string, number>();
    const decoded = decodeUp(bytes);
    if (!decoded.ok || decoded.value.type !== 'up') return orders;
    const id = this.#boards[decoded.value.b] ?? '';
    for (const op of decoded.value.ops) {
      if (op.op !== 'put' && op.op !== 'delete') continue;
      const value = op.op === 'put' ? versionOf(op.body) : 'gone';
      orders.set(`${id}/${op.name}`, this.order.get(`${id}/${op.name}/${value}`) ?? 0);
    }
    return orders;
  }

  #commit(effect: Extract<LinkEffect, { type: 'commit' }>): void {
    this.#committing = true;
    const boot = this.boot;
    this.#world.after(this.#world.commitDelayMs(), () => {
      if (boot !== this.boot) return;
      this.disk.mark = effect.mark;
      for (const { board, name, body } of effect.changes) {
        if (body === undefined) this.disk.desired.get(board)?.delete(name);
        else this.disk.desired.get(board)?.set(name, body);
      }
      this.#step({ type: 'committed', ok: true });
      this.#committing = false;
      this.#next();
    });
  }

  #judgeApplied(board: string, name: string, body: Uint8Array | undefined): void {
    const ghost = this.#current;
    const key = `${board}/${name}`;
    if (ghost === undefined) {
      this.#world.fail('AbsenceIsSilence', `${key} changed without a message`);
      return;
    }
    const version = body === undefined ? (ghost.versions.get(key) ?? 0) : versionOf(body);
    this.#judgeOrder(key, version, body !== undefined);
    this.#judgeSender(key, ghost, body === undefined);
    this.#acted.set(key, { version, present: body !== undefined });
    const stored = this.disk.desired.get(board)?.get(name);
    const onDisk = stored === undefined ? undefined : versionOf(stored);
    if (onDisk !== (body === undefined ? undefined : version))
      this.#world.fail('CommitBeforeAct', `${key}: acted on ${version}, disk has ${onDisk}`);
  }

  #judgeOrder(key: string, version: number, present: boolean): void {
    const held = this.#acted.get(key) ?? { version: 0, present: false };
    if (version >= held.version) return;
    const put = held.present ? 'NoRollback' : 'NoResurrect';
    this.#world.fail(present ? put : 'NoColdDelete', `${key}: ${version} after ${held.version}`);
  }

  #judgeSender(key: string, ghost: Ghost, removed: boolean): void {
    const { fail } = this.#world;
    if (removed && !ghost.deletes.has(key))
      fail('AbsenceIsSilence', `${key} removed without a delete`);
    if (ghost.boot !== this.boot)
      fail('NoStaleBoot', `${key}: sent at boot ${ghost.boot}, applied at ${this.boot}`);
    if (ghost.term < this.#highestTerm)
      fail('StaleReplica', `${key}: term ${ghost.term} after ${this.#highestTerm}`);
    this.#highestTerm = Math.max(this.#highestTerm, ghost.term);
  }

  #judgePowerCut(disk: Disk): void {
    for (const [key, { version }] of this.#acted) {
      const slash = key.indexOf('/');
      const stored = disk.desired.get(key.slice(0, slash))?.get(key.slice(slash + 1));
      if (stored !== undefined && versionOf(stored) < version)
        this.#world.fail('CommitBeforeAct', `${key} back to ${versionOf(stored)} from ${version}`);
    }
  }

  #actedFrom(disk: Disk): void {
    this.#acted = new Map();
    this.#highestTerm = 0;
    for (const [board, documents] of disk.desired)
      for (const [name, body] of documents)
        this.#acted.set(`${board}/${name}`, { version: versionOf(body), present: true });
  }

  /** R3: what the disk holds is what the writer says now, whatever it said before. */
  #assertAnew(): void {
    for (const [id, documents] of this.disk.reported)
      for (const [name, body] of documents)
        this.order.set(`${id}/${name}/${versionOf(body)}`, ++this.clock);
    this.clock++;
  }
}
