/** Nodes and their Leases: keeps what the API holds equal to what the boards are. */
import { decodeDocument, KINDS, type NodeDocument } from '@boardlet/adapters/wire';
import { type Informer, type KubeObject, LEASES, NODES, type Timer } from '../../kube/index.ts';
import type { OfflineReason, ReportedChange } from '../../session/contract.ts';
import { type PartContext, PRIORITY, type ProjectionPart, type Write } from '../contract.ts';
import { type Away, awayReason, awayText } from './away.ts';
import { LEASE_NAMESPACE, leaseWrite } from './lease.ts';
import { type BoardView, isOurs, type NodeSettings, nodeWrites, readyOf } from './object.ts';

export interface NodesOptions extends NodeSettings {
  /** Between renewals of a board's Lease, ms, ±4 %. Default 10,000; 25,000 for thousands of boards (grace is 50 s). */
  readonly leaseMs?: number;
  /** After gaining ownership: boards whose Nodes are there and that have not been heard are marked away. ms. Default 35,000. */
  readonly graceMs?: number;
  /** False while another bridge owns the boards. */
  readonly mayWrite: () => boolean;
  /** Unix ms of the last beat, where sessions know it. */
  readonly lastBeatMs?: (board: string) => number | undefined;
}

/** What other parts ask of nodes. */
export interface NodesView {
  readonly informer: Informer;
  readonly node: (board: string) => KubeObject | undefined;
  /** A Node of the board's name is there and is not ours: nothing of the board may be shown. */
  readonly isForeign: (board: string) => boolean;
  readonly away: (board: string) => Away | undefined;
  readonly online: (board: string) => boolean;
  /** The Node came (or came back), so that what needs its uid can be written. */
  readonly onNode: (listener: (board: string) => void) => void;
  /** All Nodes are known. */
  readonly onReady: (listener: () => void) => void;
}
export interface NodesPart extends ProjectionPart {
  readonly view: NodesView;
  /** Two live instances use the board's link, or no longer do. */
  readonly duplicate: (board: string, present: boolean) => void;
  readonly start: () => void;
  readonly stop: () => void;
}

interface Board {
  readonly board: string;
  document: NodeDocument | undefined;
  away: Away | undefined;
  duplicate: boolean | undefined;
  /** Its absence stands in the API; a controller that changes the words afterwards is left alone. */
  settled: boolean;
  lease: KubeObject | undefined;
  leaseTimer: Timer | undefined;
}

const LEASE_MS = 10_000;
const LEASE_JITTER = 0.04;
/** 3.5 beats of 10 s. */
const GRACE_MS = 35_000;

class Nodes implements NodesPart {
  readonly desiredKinds: readonly number[] = [];
  readonly reportedKinds: readonly number[] = [KINDS.node];
  readonly view: NodesView;
  readonly #context: PartContext;
  readonly #options: NodesOptions;
  readonly #nodes: Informer;
  readonly #boards = new Map<string, Board>();
  readonly #listeners: ((board: string) => void)[] = [];
  readonly #ready: (() => void)[] = [];
  #graceFromMs: number;
  #graceTimer: Timer | undefined;

  constructor(context: PartContext, options: NodesOptions) {
    this.#context = context;
    this.#options = options;
    this.#graceFromMs = context.clock.monotonicMs();
    this.#nodes = context.informer(
      NODES,
      { keep: (node) => context.naming.boardOf(node.metadata.name) !== undefined },
      {
        onChange: (present, old) => this.#onNode(present, old),
        onSynced: () => {
          for (const listener of this.#ready) listener();
        },
      },
    );
    this.view = {
      informer: this.#nodes,
      node: (board) => this.#node(board),
      isForeign: (board) => this.#isForeign(board),
      away: (board) => this.#boards.get(board)?.away,
      online: (board) => {
        const known = this.#boards.get(board);
        return known !== undefined && known.away === undefined;
      },
      onNode: (listener) => this.#listeners.push(listener),
      onReady: (listener) => this.#ready.push(listener),
    };
  }

  start(): void {
    this.#scheduleGrace();
  }

  stop(): void {
    this.#graceTimer?.cancel();
    for (const board of this.#boards.values()) board.leaseTimer?.cancel();
  }

  documents(): Iterable<never> {
    return [];
  }

  document(): undefined {
    return undefined;
  }

  onDesired(): void {
    // A board's Node is no document of the board.
  }

  boardUp(name: string): void {
    const board = this.#board(name);
    if (board.away !== undefined)
      this.#context.event({
        board: name,
        warning: false,
        reason: 'BoardReturned',
        message: 'The board is connected again',
      });
    board.away = undefined;
    board.settled = false;
    this.#warnForeign(name);
    this.#write(board, true);
    this.#renew(board);
  }

  boardDown(name: string, reason: OfflineReason): void {
    const board = this.#board(name);
    const lastBeatMs = this.#options.lastBeatMs?.(name);
    const sinceMs = this.#context.clock.unixMs();
    board.away = { reason, sinceMs, ...(lastBeatMs === undefined ? {} : { lastBeatMs }) };
    board.settled = false;
    board.leaseTimer?.cancel();
    this.#context.queue.forget(LEASES, LEASE_NAMESPACE, this.#name(name));
    this.#write(board, true);
    this.#context.event({
      board: name,
      warning: reason !== 'Goodbye',
      reason: awayReason(board.away),
      message: awayText(board.away),
    });
  }

  duplicate(name: string, present: boolean): void {
    const board = this.#board(name);
    board.duplicate = present;
    this.#write(board, true);
  }

  reset(): void {
    for (const board of this.#boards.values()) board.leaseTimer?.cancel();
    this.#boards.clear();
    this.#graceFromMs = this.#context.clock.monotonicMs();
  }

  reported(name: string, changes: readonly ReportedChange[]): void {
    for (const change of changes) {
      // A Node stays when its document is deleted: nothing but an operator deletes Nodes.
      if (change.kind !== KINDS.node || change.body === undefined) continue;
      const decoded = decodeDocument('node', change.body);
      if (!decoded.ok) {
        const message = `its node document is not valid: ${decoded.code} ${decoded.detail ?? ''}`;
        this.#context.event({ board: name, warning: true, reason: 'InvalidDocument', message });
        continue;
      }
      const board = this.#board(name);
      board.document = decoded.value;
      this.#write(board, false);
    }
  }

  #name(board: string): string {
    return this.#context.naming.nodeOf(board);
  }

  #node(board: string): KubeObject | undefined {
    return this.#nodes.get('', this.#name(board));
  }

  #isForeign(board: string): boolean {
    const node = this.#node(board);
    return node !== undefined && !isOurs(node, board, this.#context.naming);
  }

  #warnForeign(board: string): void {
    if (!this.#isForeign(board)) return;
    const name = this.#name(board);
    const message = `a Node ${name} without providerID ${this.#context.naming.providerIdOf(board)} is there: the board is not shown`;
    this.#context.log.warn('projection.foreign-node', { board, node: name });
    this.#context.event({ board, warning: true, reason: 'NodeNameTaken', message });
  }

  #board(name: string): Board {
    const found = this.#boards.get(name);
    if (found !== undefined) return found;
    const board: Board = {
      board: name,
      document: undefined,
      away: undefined,
      duplicate: undefined,
      settled: false,
      lease: undefined,
      leaseTimer: undefined,
    };
    this.#boards.set(name, board);
    return board;
  }

  #viewOf(board: Board): BoardView {
    const { board: name, document, away, duplicate } = board;
    return { board: name, document, away, duplicate };
  }

  #writes(board: Board, present: KubeObject | undefined): readonly Write[] {
    if (board.away !== undefined && board.settled && readyOf(present) !== 'True') return [];
    const nowMs = this.#context.clock.unixMs();
    return nodeWrites(present, this.#viewOf(board), this.#options, nowMs);
  }

  #write(board: Board, urgent: boolean): void {
    const name = this.#name(board.board);
    const cached = this.#nodes.get('', name);
    const writes = this.#writes(board, cached);
    if (this.#nodes.synced() && writes.length === 0) return;
    this.#context.queue.enqueue({
      resource: NODES,
      namespace: '',
      name,
      priority: PRIORITY.node,
      urgent: urgent || writes.some(isTransition),
      cached: () => this.#nodes.get('', name),
      build: (current) => this.#writes(board, current),
      done: (object) => this.#onWritten(board, cached, object),
      failed: (error) =>
        this.#context.event({
          board: board.board,
          warning: true,
          reason: 'NodeRefused',
          message: error.message,
        }),
    });
  }

  #onWritten(board: Board, before: KubeObject | undefined, object: KubeObject | undefined): void {
    if (object === undefined) return;
    if (board.away !== undefined) {
      board.settled = readyOf(object) !== 'True';
      return;
    }
    if (board.leaseTimer === undefined) this.#renew(board, object);
    // Admission adds the not-ready taint to whatever is created; Ready means schedulable.
    if (before === undefined && this.#writes(board, object).length > 0) this.#write(board, true);
  }

  #onNode(present: KubeObject | undefined, old: KubeObject | undefined): void {
    const node = present ?? old;
    const name = node === undefined ? undefined : this.#context.naming.boardOf(node.metadata.name);
    if (name === undefined) return;
    const board = this.#boards.get(name);
    if (present !== undefined && old === undefined) {
      if (board !== undefined) this.#warnForeign(name);
      for (const listener of this.#listeners) listener(name);
    }
    if (board === undefined) return;
    this.#write(board, false);
    if (board.leaseTimer === undefined) this.#renew(board);
  }

  /** Renews now, and again while the board beats. */
  #renew(board: Board, written?: KubeObject): void {
    board.leaseTimer?.cancel();
    board.leaseTimer = undefined;
    const node = this.#node(board.board) ?? written;
    if (board.away !== undefined || node === undefined) return;
    if (!isOurs(node, board.board, this.#context.naming)) return;
    const name = node.metadata.name;
    const uid = node.metadata.uid ?? '';
    this.#context.queue.enqueue({
      resource: LEASES,
      namespace: LEASE_NAMESPACE,
      name,
      priority: PRIORITY.lease,
      urgent: true,
      cached: () => board.lease,
      build: (current) => leaseWrite(current, { name, uid }, this.#context.clock.unixMs()),
      done: (lease) => {
        board.lease = lease;
      },
    });
    const { leaseMs = LEASE_MS } = this.#options;
    const jitter = 1 + LEASE_JITTER * (2 * this.#context.random() - 1);
    board.leaseTimer = this.#context.timers.after(leaseMs * jitter, () => this.#renew(board));
  }

  #scheduleGrace(): void {
    const { graceMs = GRACE_MS } = this.#options;
    this.#graceTimer = this.#context.timers.after(graceMs, () => {
      this.#sweep(graceMs);
      this.#scheduleGrace();
    });
  }

  /** Boards that nobody has heard since this bridge owns them: they went while no bridge listened. */
  #sweep(graceMs: number): void {
    const nowMs = this.#context.clock.monotonicMs();
    if (!this.#options.mayWrite()) this.#graceFromMs = nowMs;
    if (nowMs - this.#graceFromMs < graceMs) return;
    for (const node of this.#nodes.list()) {
      const name = this.#context.naming.boardOf(node.metadata.name);
      if (name === undefined || !isOurs(node, name, this.#context.naming)) continue;
      const known = this.#boards.get(name);
      if (known?.away !== undefined && !known.settled) this.#write(known, false);
      if (known !== undefined) continue;
      const board = this.#board(name);
      board.away = { reason: 'HeartbeatMissed', sinceMs: this.#context.clock.unixMs() };
      this.#write(board, false);
      for (const listener of this.#listeners) listener(name);
    }
  }
}

/** What decides whether pods come and stay: Ready, and the taints that say the same. */
function isTransition(write: Write): boolean {
  return write.op === 'create' || (write.op === 'patch' && 'spec' in write.body);
}

/** The nodes part. Reads and writes nothing before its informer and `start`. */
export function createNodes(context: PartContext, options: NodesOptions): NodesPart {
  return new Nodes(context, options);
}
