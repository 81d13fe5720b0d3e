/** State of the model of `desired`, and its small steps. */

export interface DesiredBounds {
  readonly keys: number;
  /** Changes of the truth. */
  readonly changes: number;
  readonly terms: number;
  readonly boots: number;
  /** Wipes and restores from a snapshot, of the boots. */
  readonly wipes: number;
  readonly crashes: number;
  readonly snapshots: boolean;
  /** Restores of etcd to its first change. */
  readonly rewinds: number;
  readonly tags: number;
  readonly messages: number;
}

export interface DesiredRules {
  readonly echo: boolean;
  readonly leaseRead: boolean;
  readonly seq: boolean;
  readonly mark: boolean;
  readonly commitFirst: boolean;
  /** Judge only: messages of a deposed replica. */
  readonly judgeStale: boolean;
  /** Judge only: convergence from each state. */
  readonly settle: boolean;
}

export const ALL_RULES: DesiredRules = {
  echo: true,
  leaseRead: true,
  seq: true,
  mark: true,
  commitFirst: true,
  judgeStale: true,
  settle: true,
};

export interface StateMessage {
  readonly type: 'state';
  readonly tag: number;
  readonly mark: number;
  readonly docs: readonly number[];
  readonly id: string;
}
export interface HelloMessage {
  readonly type: 'hello';
  readonly echo: number;
  readonly ses: number;
  readonly id: string;
}
export interface DownMessage {
  readonly type: 'down';
  readonly tag: number;
  readonly seq: number;
  readonly key: number;
  readonly version: number;
  readonly present: boolean;
  readonly mark: number;
  readonly boot: number;
  readonly term: number;
  readonly id: string;
}
export type Message = StateMessage | HelloMessage | DownMessage;

export interface Disk {
  readonly docs: readonly number[];
  readonly highest: readonly number[];
  readonly mark: number;
}
export interface Board extends Disk {
  readonly tag: number;
  readonly fence: number;
  readonly boot: number;
  readonly highestTerm: number;
  readonly disk: Disk;
}
export interface Replica {
  readonly term: number;
  readonly cache: number;
  readonly tag: number;
  readonly echo: number;
  readonly pending: number;
  readonly seq: number;
}
export interface State {
  /** Key · 2 + present, one for each revision. */
  readonly truth: readonly number[];
  readonly term: number;
  readonly holder: number;
  readonly replicas: readonly [Replica, Replica];
  readonly nextTag: number;
  readonly messages: readonly Message[];
  readonly snapshot: Disk | undefined;
  readonly boots: number;
  readonly wipes: number;
  readonly crashes: number;
  readonly rewinds: number;
  readonly board: Board;
}

export const NOBODY: Replica = { term: 0, cache: 0, tag: 0, echo: 0, pending: 0, seq: 0 };
export const REPLICAS: readonly [0, 1] = [0, 1];

export interface Wanted {
  readonly version: number;
  readonly present: boolean;
}

export function wantedAt(state: State, key: number, revision: number): Wanted {
  for (let i = revision - 1; i >= 0; i--) {
    const change = state.truth[i] ?? 0;
    if (change >> 1 === key) return { version: i + 1, present: (change & 1) === 1 };
  }
  return { version: 0, present: false };
}

export function withReplica(state: State, r: 0 | 1, replica: Replica): State {
  const replicas: [Replica, Replica] = [state.replicas[0], state.replicas[1]];
  replicas[r] = replica;
  return { ...state, replicas };
}

export function withMessage(state: State, message: Message): State {
  if (state.messages.some((m) => m.id === message.id)) return state;
  const messages = [...state.messages, message].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...state, messages };
}

export function diskOf({ docs, highest, mark }: Disk): Disk {
  return { docs, highest, mark };
}

export function at(list: readonly number[], index: number, value: number): number[] {
  const copy = [...list];
  copy[index] = value;
  return copy;
}

export function stateMessage({ tag, mark, docs }: Board): StateMessage {
  return { type: 'state', tag, mark, docs, id: `S${tag},${mark},${docs.join('.')}` };
}
