/** Due times of many keys over one timer of the host. Times are rounded up to a grid, so that thousands of properties
 * polled each second wake the board at most 50 times a second. */
import type { Clock, Timer, Timers } from '../host.ts';

export interface Schedule<K> {
  /** Replaces the key's due time (monotonic ms). */
  readonly set: (key: K, dueMs: number) => void;
  readonly clear: (key: K) => void;
  readonly stop: () => void;
}

const GRID_MS = 20;

export function createSchedule<K>(
  host: { readonly clock: Clock; readonly timers: Timers },
  fire: (key: K) => void,
): Schedule<K> {
  const due = new Map<K, number>();
  let timer: Timer | undefined;
  let armedMs = Number.POSITIVE_INFINITY;

  const arm = (atMs: number): void => {
    if (atMs >= armedMs) return;
    timer?.cancel();
    armedMs = atMs;
    timer = host.timers.after(Math.max(0, atMs - host.clock.monotonicMs()), run);
  };
  const armEarliest = (): void => {
    let earliest = Number.POSITIVE_INFINITY;
    for (const each of due.values()) earliest = Math.min(earliest, each);
    if (earliest !== Number.POSITIVE_INFINITY) arm(earliest);
  };
  const run = (): void => {
    timer = undefined;
    armedMs = Number.POSITIVE_INFINITY;
    const now = host.clock.monotonicMs();
    const ready = [...due].filter(([, dueMs]) => dueMs <= now).map(([key]) => key);
    // Each key goes before its turn, since firing it may set it anew or clear another.
    for (const key of ready) if ((due.get(key) ?? Number.POSITIVE_INFINITY) <= now) fireOne(key);
    armEarliest();
  };
  const fireOne = (key: K): void => {
    due.delete(key);
    fire(key);
  };
  return {
    set: (key, dueMs) => {
      const onGrid = Math.ceil(dueMs / GRID_MS) * GRID_MS;
      due.set(key, onGrid);
      arm(onGrid);
    },
    clear: (key) => {
      due.delete(key);
    },
    stop: () => {
      due.clear();
      timer?.cancel();
      timer = undefined;
      armedMs = Number.POSITIVE_INFINITY;
    },
  };
}
