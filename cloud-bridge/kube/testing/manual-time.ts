/** Time that moves when a test says so. */
import type { Clock, Timers } from '../host.ts';

export interface ManualTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Moves time on and fires what falls due, in order; lets promises settle between. */
  readonly advance: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly pending: () => number;
}

export function settle(turns = 4): Promise<void> {
  return new Promise((resolve) => {
    const next = (left: number): void => {
      if (left === 0) resolve();
      else setImmediate(next, left - 1);
    };
    next(turns);
  });
}

export function createManualTime(startUnixMs = 1_800_000_000_000): ManualTime {
  let nowMs = 0;
  let serial = 0;
  const waiting = new Map<number, { readonly atMs: number; readonly fire: () => void }>();
  const due = (untilMs: number): number | undefined => {
    let first: number | undefined;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const [id, { atMs }] of waiting)
      if (atMs <= untilMs && atMs < firstMs) {
        first = id;
        firstMs = atMs;
      }
    return first;
  };
  return {
    clock: { monotonicMs: () => nowMs, unixMs: () => startUnixMs + nowMs },
    timers: {
      after: (delayMs, fire) => {
        const id = serial++;
        waiting.set(id, { atMs: nowMs + Math.max(0, delayMs), fire });
        return { cancel: () => waiting.delete(id) };
      },
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms;
      await settle();
      for (let id = due(untilMs); id !== undefined; id = due(untilMs)) {
        const timer = waiting.get(id);
        waiting.delete(id);
        nowMs = Math.max(nowMs, timer?.atMs ?? nowMs);
        timer?.fire();
        await settle();
      }
      nowMs = untilMs;
    },
    nowMs: () => nowMs,
    pending: () => waiting.size,
  };
}

/** Real time, but short waits (back-off) pass at once and long ones (silence limits) never. */
export function createHastyTimers(longMs = 60_000): Timers {
  return {
    after: (delayMs, fire) => {
      const timer = delayMs >= longMs ? undefined : setTimeout(fire, 0);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
