import type { Timer, Timers } from '../../core/host.ts';

/** setTimeout fires at once above this delay (Node documentation, `setTimeout`). */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** Timers that keep the process alive: an agent whose broker is away has nothing else that does. */
export const nodeTimers: Timers = {
  after: (delayMs: number, fire: () => void): Timer => {
    let left = Math.max(0, delayMs);
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const step = Math.min(left, LONGEST_DELAY_MS);
      left -= step;
      handle = setTimeout(() => (left > 0 ? arm() : fire()), step);
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
