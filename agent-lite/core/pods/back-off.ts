/** The kubelet's back-off between restarts: 10 s, doubling to 300 s, forgotten once 600 s passed since the last
 * restart (pkg/kubelet: initial 10 s, MaxContainerBackOff; client-go flowcontrol.Backoff forgets after twice the maximum). */
export const BACK_OFF_FIRST_MS = 10_000;
export const BACK_OFF_MAX_MS = 300_000;
const FORGET_AFTER_MS = 2 * BACK_OFF_MAX_MS;

export interface BackOff {
  readonly delayMs: number;
  /** Monotonic time of the last restart. */
  readonly sinceMs: number;
}

/** When a container that ended at `endedMs` may start again; at once for one that has not been restarted lately. */
export function readyAt(backOff: BackOff | undefined, endedMs: number): number {
  if (backOff === undefined || endedMs - backOff.sinceMs > FORGET_AFTER_MS) return endedMs;
  return endedMs + backOff.delayMs;
}

/** The back-off after a restart at `nowMs` of what ended at `endedMs`. */
export function nextBackOff(backOff: BackOff | undefined, endedMs: number, nowMs: number): BackOff {
  if (backOff === undefined || endedMs - backOff.sinceMs > FORGET_AFTER_MS)
    return { delayMs: BACK_OFF_FIRST_MS, sinceMs: nowMs };
  return { delayMs: Math.min(backOff.delayMs * 2, BACK_OFF_MAX_MS), sinceMs: nowMs };
}

/** As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function durationText(delayMs: number): string {
  const seconds = Math.round(delayMs / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
