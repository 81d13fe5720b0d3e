/** Gives memory back after work. V8 keeps what a burst took until a later collection, and on a board that then has nothing to do
 * none comes: after 1,000 pods 50 MiB were held for 7 MiB of live objects. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Timers } from '../../core/host.ts';

/** What the trim looks at and does; a test hands in its own. */
export interface TrimmedProcess {
  /** CPU time used since the process began, ms. */
  readonly cpuMs: () => number;
  /** A full collection; some 20 ms for a heap of 7 MiB. */
  readonly collect: () => void;
}

const LOOK_MS = 5_000;
/** Less CPU time than this between two looks is calm: a collection then delays nobody. */
const CALM_MS = 150;
/** So much CPU time leaves garbage that is worth a collection; an idle board uses it in some minutes. */
const WORK_MS = 500;
/** The first collection frees, and empties pages; the second gives back pages that the first left nearly empty. */
const ROUNDS = 2;

/** V8's young generation doubles under load up to 32 MiB and seldom shrinks; at its first size, 2 MiB, it is collected more often
 * instead. And a function becomes machine code after ten times the default work (132 kB of executed bytecode): what an agent does
 * once per pod then never does, which saves 3 MiB after 600 pods. */
export function preferMemoryToSpeed(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  // V8 12 and later (Node 22) counts otherwise, and complains of a flag that it does not know.
  if (Number.parseInt(process.versions.v8, 10) < 12) {
    setFlagsFromString('--interrupt-budget=1500000');
  }
}

/** `gc` is asked for only when needed, and let go again: the context that it comes from takes 0.7 MiB. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof gc === 'function') gc();
}

export const thisProcess: TrimmedProcess = {
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  collect,
};

/** Looks every 5 s, and collects twice in the calm after work. */
export function startMemoryTrim(
  timers: Timers,
  trimmed: TrimmedProcess = thisProcess,
): { readonly close: () => void } {
  let usedMs = trimmed.cpuMs();
  // What the start left V8 collects by itself, 8 s later, and without the cost of asking for `gc`.
  let workMs = 0;
  let rounds = 0;
  const look = (): void => {
    const spentMs = trimmed.cpuMs() - usedMs;
    workMs += spentMs;
    if (workMs >= WORK_MS) rounds = ROUNDS;
    if (rounds > 0 && spentMs < CALM_MS) {
      trimmed.collect();
      rounds -= 1;
      workMs = 0;
    }
    usedMs = trimmed.cpuMs();
    timer = timers.after(LOOK_MS, look);
  };
  let timer = timers.after(LOOK_MS, look);
  return { close: () => timer.cancel() };
}
