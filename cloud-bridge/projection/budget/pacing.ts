/** When an object may be written (design §4): a change that comes 300 ms or more after the one before, at once;
 * while changes come closer together, one write a second, stretched up to one in ten under pressure. Once they stop, the last
 * value goes after the same 300 ms. */

export const QUIET_MS = 300;
export const COALESCED_MS = 1_000;

export interface Pace {
  /** Of the last change; −∞ before the first. */
  readonly lastChangeMs: number;
  /** Start of the last write; −∞ before the first. */
  readonly lastWriteMs: number;
  /** When the waiting change shall be written if no other comes; undefined: none waits. */
  readonly dueMs: number | undefined;
  /** When it shall be written at the latest. */
  readonly latestMs: number | undefined;
}

export const FRESH: Pace = {
  lastChangeMs: Number.NEGATIVE_INFINITY,
  lastWriteMs: Number.NEGATIVE_INFINITY,
  dueMs: undefined,
  latestMs: undefined,
};

/** `stretch` 1–10. The latest time only ever moves nearer, so that a steady stream cannot put a write off for ever. */
export function paceChange(pace: Pace, nowMs: number, urgent: boolean, stretch: number): Pace {
  const lone = nowMs - pace.lastChangeMs >= QUIET_MS * stretch;
  const slot = Math.max(nowMs, pace.lastWriteMs + COALESCED_MS * stretch);
  const at = urgent || lone ? nowMs : slot;
  const latestMs = Math.min(pace.latestMs ?? at, at);
  const dueMs = Math.min(latestMs, nowMs + QUIET_MS * stretch);
  return { ...pace, lastChangeMs: nowMs, dueMs, latestMs };
}

export function paceWrite(pace: Pace, nowMs: number): Pace {
  return { ...pace, lastWriteMs: nowMs, dueMs: undefined, latestMs: undefined };
}
