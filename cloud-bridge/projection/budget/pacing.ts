/** When an object may be written (design §4): a change that comes 300 ms or more after the one before, at once;
 * while changes come closer together, one write a second, stretched up to one in ten under pressure. */

export const QUIET_MS = 300;
export const COALESCED_MS = 1_000;

export interface Pace {
  /** Of the last change; −∞ before the first. */
  readonly lastChangeMs: number;
  /** Start of the last write; −∞ before the first. */
  readonly lastWriteMs: number;
  /** When the waiting change shall be written; undefined: none waits. */
  readonly dueMs: number | undefined;
}

export const FRESH: Pace = {
  lastChangeMs: Number.NEGATIVE_INFINITY,
  lastWriteMs: Number.NEGATIVE_INFINITY,
  dueMs: undefined,
};

/** `stretch` 1–10. A due time only ever moves nearer, so that a steady stream cannot put a write off for ever. */
export function paceChange(pace: Pace, nowMs: number, urgent: boolean, stretch: number): Pace {
  const quiet = nowMs - pace.lastChangeMs >= QUIET_MS * stretch;
  const slot = Math.max(nowMs, pace.lastWriteMs + COALESCED_MS * stretch);
  const at = urgent || quiet ? nowMs : slot;
  return { ...pace, lastChangeMs: nowMs, dueMs: Math.min(pace.dueMs ?? at, at) };
}

export function paceWrite(pace: Pace, nowMs: number): Pace {
  return { ...pace, lastWriteMs: nowMs, dueMs: undefined };
}
