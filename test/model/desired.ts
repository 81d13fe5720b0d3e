/** `desired`: the API's objects → two bridge replicas → one link with one board.
 *
 * The channel is the set of all messages ever sent: any may be delivered at any time, any number of times, or never. Tags are
 * drawn from a counter, as if random ones never met. Terms, boots and versions of what was applied are ghosts: the judges
 * know them, no rule uses them. */
import {
  ALL_RULES,
  at,
  type Board,
  type DesiredBounds,
  type DesiredRules,
  type Disk,
  type DownMessage,
  diskOf,
  type HelloMessage,
  type Message,
  NOBODY,
  REPLICAS,
  type Replica,
  type State,
  type StateMessage,
  stateMessage,
  type Wanted,
  wantedAt,
  withMessage,
  withReplica,
} from './desired-state.ts';
import type { Model, Step } from './explore.ts';

const SETTLE_BEATS = 4;

class Desired implements Model<State> {
  readonly #bounds: DesiredBounds;
  readonly #rules: DesiredRules;
  readonly settle?: (state: State) => string | undefined;

  constructor(bounds: DesiredBounds, rules: DesiredRules) {
    this.#bounds = bounds;
    this.#rules = rules;
    if (rules.settle) this.settle = (state) => this.#settle(state);
  }

  init(): State {
    const zeros = Array.from({ length: this.#bounds.keys }, () => 0);
    const disk: Disk = { docs: zeros, highest: zeros, mark: 0 };
    return {
      truth: [],
      term: 0,
      holder: -1,
      replicas: [NOBODY, NOBODY],
      nextTag: 2,
      messages: [],
      snapshot: undefined,
      boots: 0,
      wipes: 0,
      crashes: 0,
      rewinds: 0,
      board: { ...disk, tag: 1, fence: 0, boot: 1, highestTerm: 0, disk },
    };
  }

  next(state: State): Step<State>[] {
    return [
      ...this.#truthSteps(state),
      ...REPLICAS.flatMap((r) => this.#replicaSteps(state, r)),
      ...this.#sendSteps(state),
      ...state.messages.flatMap((m) => this.#deliverSteps(state, m)),
      ...this.#bootSteps(state),
      ...this.#rewindSteps(state),
    ];
  }

  key(s: State): string {
    const { board: b } = s;
    const disk = (d: Disk): string => `${d.docs};${d.highest};${d.mark}`;
    const replica = (r: Replica): string =>
      `${r.term}.${r.cache}.${r.tag}.${r.echo}.${r.pending}.${r.seq}`;
    return [
      s.truth.join(''),
      `${s.term}.${s.holder}.${s.nextTag}.${s.boots}${s.wipes}${s.crashes}${s.rewinds}`,
      s.replicas.map(replica).join('/'),
      `${disk(b)};${b.tag}.${b.fence}.${b.boot}.${b.highestTerm}`,
      disk(b.disk),
      s.snapshot === undefined ? '' : disk(s.snapshot),
      s.messages.map((m) => m.id).join(' '),
    ].join('|');
  }

  #truthSteps(state: State): Step<State>[] {
    if (state.truth.length >= this.#bounds.changes) return [];
    const steps: Step<State>[] = [];
    const revision = state.truth.length + 1;
    for (let key = 0; key < this.#bounds.keys; key++) {
      const set = { ...state, truth: [...state.truth, key * 2 + 1] };
      steps.push({ label: `truth: key ${key} set at ${revision}`, state: set });
      if (!wantedAt(state, key, state.truth.length).present) continue;
      const deleted = { ...state, truth: [...state.truth, key * 2] };
      steps.push({ label: `truth: key ${key} deleted at ${revision}`, state: deleted });
    }
    return steps;
  }

  #replicaSteps(state: State, r: 0 | 1): Step<State>[] {
    const steps: Step<State>[] = [];
    const replica = state.replicas[r];
    if (state.term < this.#bounds.terms && state.holder !== r) {
      const term = state.term + 1;
      for (let cache = 0; cache <= state.truth.length; cache++)
        steps.push({
          label: `replica ${r} takes the Lease, term ${term}, caches at ${cache}`,
          state: withReplica({ ...state, term, holder: r }, r, { ...NOBODY, term, cache }),
        });
    }
    if (replica.term === 0) return steps;
    const { cache } = replica;
    if (cache < state.truth.length)
      steps.push({
        label: `replica ${r}: caches reach ${cache + 1}`,
        state: withReplica(state, r, { ...replica, cache: cache + 1 }),
      });
    if (state.crashes < this.#bounds.crashes)
      steps.push({
        label: `replica ${r} crashes`,
        state: withReplica({ ...state, crashes: state.crashes + 1 }, r, NOBODY),
      });
    return steps;
  }

  #sendSteps(state: State): Step<State>[] {
    if (state.messages.length >= this.#bounds.messages) return [];
    const sent = withMessage(state, stateMessage(state.board));
    return sent === state ? [] : [{ label: 'the board sends its state', state: sent }];
  }

  #deliverSteps(state: State, message: Message): Step<State>[] {
    if (message.type === 'state') {
      return REPLICAS.flatMap((r) => {
        if (state.replicas[r].term === 0) return [];
        const after = this.#onState(state, r, message);
        const within =
          after.messages.length <= this.#bounds.messages && after.nextTag <= this.#bounds.tags;
        return within ? [{ label: `replica ${r} takes ${message.id}`, state: after }] : [];
      });
    }
    if (message.type === 'hello') {
      const after = this.#onHello(state, message);
      return after === undefined ? [] : [{ label: `the board takes ${message.id}`, state: after }];
    }
    const step = this.#onDown(state, message);
    return step === undefined ? [] : [step];
  }

  /** The replica: greets a foreign tag, or compares and sends what differs. */
  #onState(state: State, r: 0 | 1, message: StateMessage): State {
    let replica = state.replicas[r];
    if (message.tag === replica.pending)
      replica = { ...replica, tag: message.tag, pending: 0, echo: 0, seq: 0 };
    else if (message.tag !== replica.tag) return this.#greet(state, r, message.tag);
    const known = Math.min(message.mark, state.truth.length);
    if (this.#rules.mark && replica.cache < known) return withReplica(state, r, replica);
    let after = state;
    for (let key = 0; key < this.#bounds.keys; key++) {
      const { version, present } = wantedAt(state, key, replica.cache);
      if (message.docs[key] === (present ? version : 0)) continue;
      replica = { ...replica, seq: replica.seq + 1 };
      after = withMessage(after, this.#down(state, replica, key, { version, present }));
    }
    return withReplica(after, r, replica);
  }

  #down(state: State, replica: Replica, key: number, wanted: Wanted): DownMessage {
    const { tag, seq, cache, term } = replica;
    const { version, present } = wanted;
    const mark = version === 0 ? cache : version;
    const { boot } = state.board;
    const id = `D${tag},${seq},${key},${version},${present ? 1 : 0},${mark},${boot},${term}`;
    return { type: 'down', tag, seq, key, version, present, mark, boot, term, id };
  }

  #greet(state: State, r: 0 | 1, tag: number): State {
    const replica = state.replicas[r];
    const holds = state.holder === r && state.term === replica.term;
    if (this.#rules.leaseRead && !holds)
      return withReplica(state, r, { ...NOBODY, cache: replica.cache });
    const known = replica.echo === tag;
    const pending = known ? replica.pending : state.nextTag;
    const greeting: HelloMessage = {
      type: 'hello',
      echo: tag,
      ses: pending,
      id: `H${tag},${pending}`,
    };
    const after = withReplica(state, r, { ...replica, echo: tag, pending });
    return withMessage({ ...after, nextTag: state.nextTag + (known ? 0 : 1) }, greeting);
  }

  #onHello(state: State, { echo, ses }: HelloMessage): State | undefined {
    const { board } = state;
    if (this.#rules.echo ? echo !== board.tag : ses === board.tag) return undefined;
    return { ...state, board: { ...board, tag: ses, fence: 0 } };
  }

  #onDown(state: State, message: DownMessage): Step<State> | undefined {
    const { board } = state;
    if (message.tag !== board.tag) return undefined;
    if (this.#rules.seq && message.seq <= board.fence) return undefined;
    const { key, version, present } = message;
    const highest = board.highest[key] ?? 0;
    const memory: Disk = {
      docs: at(board.docs, key, present ? version : 0),
      highest: at(board.highest, key, Math.max(highest, version)),
      mark: Math.max(board.mark, message.mark),
    };
    const next: Board = {
      ...board,
      ...memory,
      fence: message.seq,
      highestTerm: Math.max(board.highestTerm, message.term),
      disk: this.#rules.commitFirst ? memory : board.disk,
    };
    const violation = this.#judge(board, message, highest);
    return {
      label: `the board applies ${message.id}`,
      state: { ...state, board: next },
      ...(violation !== undefined && { violation }),
    };
  }

  #judge(board: Board, message: DownMessage, highest: number): string | undefined {
    const { version, boot, term } = message;
    if (version < highest) return `NoRollback: ${version} after ${highest}`;
    if (boot !== board.boot) return `NoStaleBoot: sent at boot ${boot}, applied at ${board.boot}`;
    if (this.#rules.judgeStale && term < board.highestTerm)
      return `StaleReplica: term ${term} after ${board.highestTerm}`;
    return undefined;
  }

  #bootSteps(state: State): Step<State>[] {
    const { board, snapshot } = state;
    const steps: Step<State>[] = [];
    const bounds = this.#bounds;
    if (state.boots < bounds.boots && state.nextTag < bounds.tags) {
      steps.push(this.#powerCut(state));
      const zeros = board.docs.map(() => 0);
      if (state.wipes < bounds.wipes) {
        const wiped = { ...state, wipes: state.wipes + 1 };
        const empty = { docs: zeros, highest: zeros, mark: 0 };
        steps.push({ label: 'the flash is wiped', state: this.#boot(wiped, empty, 0) });
        if (snapshot !== undefined)
          steps.push({ label: 'the flash is restored', state: this.#boot(wiped, snapshot, 0) });
      }
    }
    if (bounds.snapshots && snapshot === undefined && board.mark > 0)
      steps.push({ label: 'a snapshot is taken', state: { ...state, snapshot: board.disk } });
    return steps;
  }

  #powerCut(state: State): Step<State> {
    const { board } = state;
    const lost = board.highest.findIndex(
      (version, key) => (board.disk.highest[key] ?? 0) < version,
    );
    return {
      label: 'power cut',
      state: this.#boot(state, board.disk, board.highestTerm),
      ...(lost >= 0 && { violation: `CommitBeforeAct: key ${lost} went back in a power cut` }),
    };
  }

  #boot(state: State, disk: Disk, highestTerm: number): State {
    const board: Board = {
      ...diskOf(disk),
      tag: state.nextTag,
      fence: 0,
      boot: state.board.boot + 1,
      highestTerm,
      disk: diskOf(disk),
    };
    return { ...state, board, nextTag: state.nextTag + 1, boots: state.boots + 1 };
  }

  /** Truth and Lease go back to the first change; what was under way towards the board is gone. */
  #rewindSteps(state: State): Step<State>[] {
    if (state.rewinds >= this.#bounds.rewinds || state.truth.length < 2) return [];
    const { board } = state;
    const zeros = board.docs.map(() => 0);
    return [
      {
        label: 'etcd is restored to revision 1',
        state: {
          ...state,
          rewinds: state.rewinds + 1,
          truth: state.truth.slice(0, 1),
          term: Math.min(state.term, 1),
          holder: -1,
          replicas: [NOBODY, NOBODY],
          messages: state.messages.filter((m) => m.type !== 'down'),
          board: {
            ...board,
            highest: zeros,
            highestTerm: 0,
            disk: { ...board.disk, highest: zeros },
          },
        },
      },
    ];
  }

  /** No more faults: the rightful replica catches up, answers come in order; equal within four beats. */
  #settle(start: State): string | undefined {
    let state = this.#rightful(start);
    const rightful = state.holder === 1 ? 1 : 0;
    const stale = rightful === 1 ? 0 : 1;
    const latest = state.truth.length;
    for (let beat = 0; beat < SETTLE_BEATS; beat++) {
      const told = stateMessage(state.board);
      for (const r of [rightful, stale] as const) {
        if (state.replicas[r].term === 0) continue;
        const answered = this.#answer(state, r, told);
        if (typeof answered === 'string') return answered;
        state = answered;
      }
      const { board } = state;
      const equal = board.docs.every((held, key) => {
        const { version, present } = wantedAt(state, key, latest);
        return held === (present ? version : 0);
      });
      if (equal && board.tag === state.replicas[rightful].tag) return undefined;
    }
    return `Convergence: the board holds [${state.board.docs}] after ${SETTLE_BEATS} beats`;
  }

  #rightful(state: State): State {
    const holder = state.holder === 1 ? 1 : 0;
    const held = state.holder >= 0 && state.replicas[holder].term === state.term;
    const cache = state.truth.length;
    if (held) return withReplica(state, holder, { ...state.replicas[holder], cache });
    const term = state.term + 1;
    return withReplica({ ...state, term, holder: 0 }, 0, { ...NOBODY, term, cache });
  }

  #answer(state: State, r: 0 | 1, told: StateMessage): State | string {
    const before = state.messages;
    let after = this.#onState({ ...state, messages: [] }, r, told);
    const answers = [...after.messages].sort((a, b) => order(a) - order(b));
    for (const message of answers) {
      if (message.type === 'hello') after = this.#onHello(after, message) ?? after;
      if (message.type !== 'down') continue;
      const step = this.#onDown(after, message);
      if (step?.violation !== undefined && this.#bounds.rewinds === 0)
        return `while settling: ${step.violation}`;
      after = step?.state ?? after;
    }
    return { ...after, messages: before };
  }
}

function order(message: Message): number {
  return message.type === 'down' ? message.seq : 0;
}

export function desiredModel(
  bounds: DesiredBounds,
  rules: Partial<DesiredRules> = {},
): Model<unknown> {
  const model = new Desired(bounds, { ...ALL_RULES, ...rules });
  const { settle } = model;
  return {
    init: () => model.init(),
    next: (state) => model.next(state as State),
    key: (state) => model.key(state as State),
    ...(settle !== undefined && { settle: (state: unknown) => settle(state as State) }),
  };
}
