/** `reported`: the board writes one key, two bridge replicas read it and write it into one Kubernetes object.
 *
 * The same channel as for `desired`. A value is the ordinal of its writing, negative for a removal; at a boot the writer asserts
 * anew what its flash holds, with a new ordinal. */
import type { Model, Step } from './explore.ts';

export interface ReportedBounds {
  readonly writes: number;
  readonly terms: number;
  readonly boots: number;
  readonly crashes: number;
  readonly snapshots: boolean;
  readonly tags: number;
  readonly messages: number;
  /** The flash is written some time after the value. */
  readonly lazyDisk: boolean;
}

export interface ReportedRules {
  readonly tag: boolean;
  readonly seq: boolean;
  readonly objectTerm: boolean;
  readonly leaseRead: boolean;
}

interface Message {
  readonly type: 'state' | 'up' | 'hello';
  /** hello: the echo. */
  readonly tag: number;
  /** hello: the new tag. */
  readonly seq: number;
  readonly value: number;
  readonly id: string;
}
interface Replica {
  readonly term: number;
  readonly tag: number;
  readonly echo: number;
  readonly pending: number;
  readonly session: boolean;
  readonly seq: number;
  readonly value: number;
  readonly highest: number;
  readonly has: boolean;
}
interface State {
  readonly term: number;
  readonly holder: number;
  readonly replicas: readonly [Replica, Replica];
  readonly tag: number;
  readonly seq: number;
  readonly value: number;
  readonly disk: number;
  readonly writes: number;
  readonly nextTag: number;
  readonly object: { readonly term: number; readonly value: number };
  readonly snapshot: number;
  readonly messages: readonly Message[];
  readonly boots: number;
  readonly crashes: number;
}

const NOBODY: Replica = {
  term: 0,
  tag: 0,
  echo: 0,
  pending: 0,
  session: false,
  seq: -1,
  value: 0,
  highest: 0,
  has: false,
};
const REPLICAS: readonly [0, 1] = [0, 1];
const SETTLE_BEATS = 4;

function message(type: Message['type'], tag: number, seq: number, value: number): Message {
  return { type, tag, seq, value, id: `${type[0]}${tag},${seq},${value}` };
}

function withMessage(state: State, m: Message): State {
  if (state.messages.some((known) => known.id === m.id)) return state;
  return {
    ...state,
    messages: [...state.messages, m].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

function withReplica(state: State, r: 0 | 1, replica: Replica): State {
  const replicas: [Replica, Replica] = [state.replicas[0], state.replicas[1]];
  replicas[r] = replica;
  return { ...state, replicas };
}

interface Taken {
  readonly state: State;
  readonly violation?: string;
}

class Reported implements Model<State> {
  readonly #bounds: ReportedBounds;
  readonly #rules: ReportedRules;

  constructor(bounds: ReportedBounds, rules: ReportedRules) {
    this.#bounds = bounds;
    this.#rules = rules;
  }

  init(): State {
    return {
      term: 0,
      holder: -1,
      replicas: [NOBODY, NOBODY],
      tag: 1,
      seq: 0,
      value: 0,
      disk: 0,
      writes: 0,
      nextTag: 2,
      object: { term: 0, value: 0 },
      snapshot: 0,
      messages: [],
      boots: 0,
      crashes: 0,
    };
  }

  next(state: State): Step<State>[] {
    return [
      ...this.#writeSteps(state),
      ...this.#sendSteps(state),
      ...REPLICAS.flatMap((r) => this.#replicaSteps(state, r)),
      ...state.messages.flatMap((m) => this.#deliverSteps(state, m)),
      ...this.#bootSteps(state),
    ];
  }

  key(s: State): string {
    const replica = (r: Replica): string => Object.values(r).join('.');
    return [
      `${s.term}.${s.holder}.${s.nextTag}.${s.boots}.${s.crashes}.${s.snapshot}`,
      s.replicas.map(replica).join('/'),
      `${s.tag}.${s.seq}.${s.value}.${s.disk}.${s.writes}`,
      `${s.object.term}.${s.object.value}`,
      s.messages.map((m) => m.id).join(' '),
    ].join('|');
  }

  #within(state: State): boolean {
    return state.messages.length <= this.#bounds.messages && state.nextTag <= this.#bounds.tags;
  }

  #writeSteps(state: State): Step<State>[] {
    const steps: Step<State>[] = [];
    if (state.writes < this.#bounds.writes) {
      const writes = state.writes + 1;
      for (const value of state.value > 0 ? [writes, -writes] : [writes]) {
        const seq = state.seq + 1;
        const written = { ...state, writes, value, seq };
        const sent = withMessage(written, message('up', state.tag, seq, value));
        if (this.#within(sent)) steps.push({ label: `the board writes ${value}`, state: sent });
      }
    }
    if (this.#bounds.lazyDisk && state.disk !== state.value)
      steps.push({ label: 'the flash is written', state: { ...state, disk: state.value } });
    if (this.#bounds.snapshots && state.snapshot === 0 && state.value > 0)
      steps.push({ label: 'a snapshot is taken', state: { ...state, snapshot: state.value } });
    return steps;
  }

  #sendSteps(state: State): Step<State>[] {
    if (state.messages.length >= this.#bounds.messages) return [];
    const sent = withMessage(state, message('state', state.tag, state.seq, state.value));
    return sent === state ? [] : [{ label: 'the board sends its state', state: sent }];
  }

  #replicaSteps(state: State, r: 0 | 1): Step<State>[] {
    const steps: Step<State>[] = [];
    const replica = state.replicas[r];
    if (state.holder !== r && state.term < this.#bounds.terms) {
      const term = state.term + 1;
      steps.push({
        label: `replica ${r} takes the Lease, term ${term}`,
        state: withReplica({ ...state, term, holder: r }, r, { ...NOBODY, term }),
      });
    }
    if (replica.term === 0) return steps;
    if (state.crashes < this.#bounds.crashes)
      steps.push({
        label: `replica ${r} crashes`,
        state: withReplica({ ...state, crashes: state.crashes + 1 }, r, NOBODY),
      });
    return [...steps, ...this.#projectSteps(state, r)];
  }

  #projectSteps(state: State, r: 0 | 1): Step<State>[] {
    const { term, value, session, has } = state.replicas[r];
    const { object } = state;
    if (!session || !has || value === object.value) return [];
    if (this.#rules.objectTerm && object.term > term) return [];
    const back = Math.abs(value) < Math.abs(object.value);
    return [
      {
        label: `replica ${r} (term ${term}) writes ${value} into the object`,
        state: { ...state, object: { term, value } },
        ...(back && { violation: `ProjectionRollback: ${value} over ${object.value}` }),
      },
    ];
  }

  #deliverSteps(state: State, m: Message): Step<State>[] {
    if (m.type === 'hello') {
      if (m.tag !== state.tag) return [];
      return [{ label: `the board takes ${m.id}`, state: { ...state, tag: m.seq, seq: 0 } }];
    }
    return REPLICAS.flatMap((r) => {
      const taken = state.replicas[r].term === 0 ? undefined : this.#take(state, r, m);
      if (taken === undefined || !this.#within(taken.state)) return [];
      return [{ label: `replica ${r} takes ${m.id}`, ...taken }];
    });
  }

  /** Undefined: nothing comes of it. */
  #take(state: State, r: 0 | 1, m: Message): Taken | undefined {
    const replica = this.#adopt(state.replicas[r], m);
    const isState = m.type === 'state';
    if (this.#rules.tag) {
      if (m.tag !== replica.tag)
        return isState && m.tag !== replica.pending ? this.#greet(state, r, m.tag) : undefined;
      if (!replica.session && !isState) return undefined;
    }
    const stale = isState ? m.seq < replica.seq : m.seq <= replica.seq;
    if (this.#rules.seq && stale) return undefined;
    return this.#hold(state, r, replica, m);
  }

  #adopt(replica: Replica, m: Message): Replica {
    if (!this.#rules.tag || m.type !== 'state' || m.tag !== replica.pending) return replica;
    return { ...replica, tag: m.tag, pending: 0, echo: 0, seq: -1 };
  }

  #hold(state: State, r: 0 | 1, replica: Replica, m: Message): Taken {
    const ordinal = Math.abs(m.value);
    const next: Replica = {
      ...replica,
      session: true,
      seq: m.seq,
      value: m.value,
      highest: Math.max(replica.highest, ordinal),
      has: true,
    };
    return {
      state: withReplica(state, r, next),
      ...(ordinal < replica.highest && {
        violation: `NoRollback: ${m.value} after ${replica.highest}`,
      }),
    };
  }

  #greet(state: State, r: 0 | 1, tag: number): Taken | undefined {
    const replica = state.replicas[r];
    const holds = state.holder === r && state.term === replica.term;
    if (this.#rules.leaseRead && !holds) return { state: withReplica(state, r, NOBODY) };
    const known = replica.echo === tag;
    const pending = known ? replica.pending : state.nextTag;
    const after = withReplica({ ...state, nextTag: state.nextTag + (known ? 0 : 1) }, r, {
      ...replica,
      echo: tag,
      pending,
    });
    const sent = withMessage(after, message('hello', tag, pending, 0));
    return known && sent === after ? undefined : { state: sent };
  }

  #bootSteps(state: State): Step<State>[] {
    const bounds = this.#bounds;
    const may = state.boots < bounds.boots && state.nextTag < bounds.tags;
    if (!may || state.writes >= bounds.writes) return [];
    const kept = bounds.lazyDisk ? state.disk : state.value;
    const steps = [
      this.#boot(state, 'power cut', kept),
      this.#boot(state, 'the flash is wiped', 0),
    ];
    if (state.snapshot > 0) steps.push(this.#boot(state, 'the flash is restored', state.snapshot));
    return steps;
  }

  #boot(state: State, label: string, held: number): Step<State> {
    const writes = state.writes + 1;
    const value = held > 0 ? writes : -writes;
    return {
      label,
      state: {
        ...state,
        tag: state.nextTag,
        nextTag: state.nextTag + 1,
        seq: 0,
        writes,
        value,
        disk: value,
        boots: state.boots + 1,
      },
    };
  }

  settle(start: State): string | undefined {
    let state = this.#rightful(start);
    const rightful = state.holder === 1 ? 1 : 0;
    for (let beat = 0; beat < SETTLE_BEATS; beat++) {
      const told = message('state', state.tag, state.seq, state.value);
      for (const r of [rightful, rightful === 1 ? 0 : 1] as const)
        state = this.#answer(state, r, told);
      const { session, value, tag } = state.replicas[rightful];
      if (session && value === state.value && (!this.#rules.tag || tag === state.tag))
        return undefined;
    }
    return `Convergence: the board has ${state.value}`;
  }

  #answer(state: State, r: 0 | 1, told: Message): State {
    if (state.replicas[r].term === 0) return state;
    let after = this.#take({ ...state, messages: [] }, r, told)?.state ?? state;
    for (const hello of after.messages)
      if (hello.type === 'hello' && hello.tag === after.tag)
        after = { ...after, tag: hello.seq, seq: 0 };
    return after;
  }

  #rightful(state: State): State {
    const holder = state.holder === 1 ? 1 : 0;
    if (state.holder >= 0 && state.replicas[holder].term === state.term) return state;
    const term = state.term + 1;
    return withReplica({ ...state, term, holder: 0 }, 0, { ...NOBODY, term });
  }
}

export function reportedModel(
  bounds: ReportedBounds,
  rules: Partial<ReportedRules> = {},
): Model<unknown> {
  const all = { tag: true, seq: true, objectTerm: true, leaseRead: true, ...rules };
  const model = new Reported(bounds, all);
  return {
    init: () => model.init(),
    next: (state) => model.next(state as State),
    key: (state) => model.key(state as State),
    settle: (state) => model.settle(state as State),
  };
}
