/** One measured figure, one JSON line. `peer` is what it is set beside: a bare limit, or a peer's number measured elsewhere. */
import type { Rig } from './rig.ts';

export interface Goal {
  readonly op: '<=' | '>=';
  readonly value: number;
  /** True for wall-clock goals: judged only where the machine is quiet (`--no-timing` leaves them out of the verdict). */
  readonly timing?: boolean;
}

export interface Figure {
  readonly bench: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal;
  readonly peer?: { readonly name: string; readonly value: number };
}

export interface BenchContext {
  /** Fewer repetitions: the whole of `--quick` ends in under 50 s. */
  readonly quick: boolean;
  /** A fresh folder, removed afterwards. */
  readonly folder: string;
  /** A running stack, started when first asked for: the bench's own, or with `--quick` one that the benches share. */
  readonly rig: () => Promise<Rig>;
  readonly say: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  /** What takes long because it waits, and minds no company: before `run`, with `--quick` beside the benches that come before. */
  readonly waits?: (context: BenchContext) => Promise<readonly Figure[]>;
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
}

export function meetsGoal(figure: Figure): boolean {
  const { goal, value } = figure;
  if (goal === undefined) return true;
  return goal.op === '<=' ? value <= goal.value : value >= goal.value;
}

const round = (value: number): number => Number(value.toPrecision(4));

/** The stable form of a line: {"bench","name","value","unit","goal","peer","ratio"}. */
export function figureLine(figure: Figure): string {
  const { bench, name, unit, goal, peer } = figure;
  return JSON.stringify({
    bench,
    name,
    value: round(figure.value),
    unit,
    goal: goal === undefined ? null : `${goal.op} ${goal.value}`,
    peer: peer === undefined ? null : { name: peer.name, value: round(peer.value) },
    ratio: peer === undefined || peer.value === 0 ? null : round(figure.value / peer.value),
  });
}

/** The value below which the share `q` of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
  );
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}
