/** Breadth-first exhaustive search with shortest traces. States seen are kept as 52-bit fingerprints: at 4 million states
 * one is missed with odds of 2·10⁻³. */

export interface Step<S> {
  readonly label: string;
  readonly state: S;
  /** The invariant that this step breaks. */
  readonly violation?: string;
}

export interface Model<S> {
  readonly init: () => S;
  /** Always in the same order for the same state: traces are kept as positions in it. */
  readonly next: (state: S) => Step<S>[];
  readonly key: (state: S) => string;
  /** Runs on from a state without faults; what is wrong at the end. */
  readonly settle?: (state: S) => string | undefined;
}

export interface ExploreOptions {
  readonly maxStates: number;
  /** 2^bits slots of 8 bytes. */
  readonly slotBits: number;
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** False: stopped at `maxStates`. */
  readonly exhausted: boolean;
  readonly violation?: string;
  readonly trace?: readonly string[];
}

class Fingerprints {
  readonly #slots: Float64Array;
  readonly #mask: number;
  count = 0;

  constructor(bits: number) {
    this.#slots = new Float64Array(2 ** bits);
    this.#mask = 2 ** bits - 1;
  }

  /** False: seen before. */
  add(text: string): boolean {
    let a = 0x811c9dc5 | 0;
    let b = 0x1b873593 | 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      a = Math.imul(a ^ c, 0x01000193);
      b = Math.imul(b ^ c, 0x5bd1e995);
      b ^= b >>> 13;
    }
    a = Math.imul(a ^ (a >>> 15), 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul(b ^ (b >>> 16), 0xc2b2ae35);
    b ^= b >>> 16;
    const print = (a >>> 0) * 2 ** 20 + (b & 0xfffff) + 1;
    let slot = (a ^ (b << 7)) & this.#mask;
    while (this.#slots[slot] !== 0) {
      if (this.#slots[slot] === print) return false;
      slot = (slot + 1) & this.#mask;
    }
    this.#slots[slot] = print;
    this.count++;
    return true;
  }
}

/** Where each state came from: its parent, and the position of the step. */
class Parents {
  #parent: Uint32Array = new Uint32Array(1 << 16);
  #step: Uint16Array = new Uint16Array(1 << 16);
  count = 1;

  add(parent: number, step: number): number {
    const id = this.count++;
    if (id >= this.#parent.length) {
      const parents = new Uint32Array(id * 2);
      parents.set(this.#parent);
      this.#parent = parents;
      const steps = new Uint16Array(id * 2);
      steps.set(this.#step);
      this.#step = steps;
    }
    this.#parent[id] = parent;
    this.#step[id] = step;
    return id;
  }

  path(id: number): number[] {
    const path: number[] = [];
    for (let i = id; i !== 0; i = this.#parent[i] ?? 0) path.push(this.#step[i] ?? 0);
    return path.reverse();
  }
}

function replay<S>(model: Model<S>, path: readonly number[]): string[] {
  const labels: string[] = [];
  let state = model.init();
  for (const position of path) {
    const step = model.next(state)[position];
    if (step === undefined) throw new Error('the model is not deterministic');
    labels.push(step.label);
    state = step.state;
  }
  return labels;
}

class Search<S> {
  readonly #model: Model<S>;
  readonly #seen: Fingerprints;
  readonly #parents = new Parents();
  #transitions = 0;
  #depth = 0;

  constructor(model: Model<S>, slotBits: number) {
    this.#model = model;
    this.#seen = new Fingerprints(slotBits);
  }

  run(maxStates: number): Exploration {
    const init = this.#model.init();
    this.#seen.add(this.#model.key(init));
    let frontier: (readonly [S, number])[] = [[init, 0]];
    while (frontier.length > 0) {
      const next: (readonly [S, number])[] = [];
      for (const [state, id] of frontier) {
        const broken = this.#expand(state, id, next);
        if (broken !== undefined) return broken;
        if (this.#seen.count >= maxStates) return this.#result(false);
      }
      frontier = next;
      this.#depth++;
    }
    return this.#result(true);
  }

  #expand(state: S, id: number, next: (readonly [S, number])[]): Exploration | undefined {
    const steps = this.#model.next(state);
    for (let position = 0; position < steps.length; position++) {
      const step = steps[position];
      if (step === undefined) continue;
      this.#transitions++;
      if (step.violation !== undefined)
        return this.#broken(step.violation, [...this.#parents.path(id), position]);
      if (!this.#seen.add(this.#model.key(step.state))) continue;
      const child = this.#parents.add(id, position);
      const unsettled = this.#model.settle?.(step.state);
      if (unsettled !== undefined) return this.#broken(unsettled, this.#parents.path(child));
      next.push([step.state, child]);
    }
    return undefined;
  }

  #broken(violation: string, path: readonly number[]): Exploration {
    return { ...this.#result(true), violation, trace: replay(this.#model, path) };
  }

  #result(exhausted: boolean): Exploration {
    return {
      states: this.#seen.count,
      transitions: this.#transitions,
      depth: this.#depth,
      exhausted,
    };
  }
}

/** Searches the whole space, or until a violation or `maxStates`. */
export function explore<S>(model: Model<S>, options: ExploreOptions): Exploration {
  return new Search(model, options.slotBits).run(options.maxStates);
}
