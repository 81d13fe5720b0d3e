/** Fake time and repeatable chance for runs of the protocol. */

interface Due {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Events in the order of their time, then of their making (a binary heap). */
export class SimulatedTime {
  now = 0;
  #order = 0;
  readonly #heap: Due[] = [];

  after(delayMs: number, fire: () => void): void {
    const due: Due = { at: this.now + delayMs, order: this.#order++, fire };
    let i = this.#heap.push(due) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || before(above, due)) break;
      this.#heap[i] = above;
      i = parent;
    }
    this.#heap[i] = due;
  }

  /** Repeats until `time` is over, first after a part of the interval. */
  every(intervalMs: number, phase: number, fire: () => void): void {
    const again = (): void => {
      fire();
      this.after(intervalMs, again);
    };
    this.after(intervalMs * phase, again);
  }

  runUntil(time: number): void {
    for (let top = this.#heap[0]; top !== undefined && top.at <= time; top = this.#heap[0]) {
      this.#pop();
      this.now = Math.max(this.now, top.at);
      top.fire();
    }
    this.now = time;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      let small = this.#heap[child];
      const right = this.#heap[child + 1];
      if (small !== undefined && right !== undefined && before(right, small)) {
        child++;
        small = right;
      }
      if (small === undefined || before(last, small)) break;
      this.#heap[i] = small;
      i = child;
    }
    this.#heap[i] = last;
  }
}

function before(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** mulberry32: small, and good enough to pick faults. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
  hit(probability: number): boolean {
    return this.unit() < probability;
  }
  u32(): number {
    return this.below(2 ** 32);
  }
}
