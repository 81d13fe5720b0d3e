/** How hard the API may be driven, learned from its answers: refusals and slowness tighten, good answers ease. */

export interface Pressure {
  /** 0 (none) to 1, as of `atMs`; it halves with each `HALF_LIFE_MS` that passes. */
  readonly level: number;
  readonly atMs: number;
}

export const CALM: Pressure = { level: 0, atMs: 0 };

/** 64 requests in flight fill the two cores that a small control plane has. */
export const MAX_IN_FLIGHT = 64;
const MIN_IN_FLIGHT = 2;
/** An answer that took longer says that the API queues (its own priority and fairness waits up to 15 s). */
export const SLOW_MS = 1_000;
const REFUSED_STEP = 0.25;
const SLOW_STEP = 0.05;
/** About a hundred good answers undo one refusal. */
const EASE_STEP = 0.0025;
export const HALF_LIFE_MS = 10_000;

function levelAt(pressure: Pressure, nowMs: number): number {
  return pressure.level * 0.5 ** ((nowMs - pressure.atMs) / HALF_LIFE_MS);
}

function moved(pressure: Pressure, nowMs: number, step: number): Pressure {
  const level = levelAt(pressure, nowMs) + step;
  return { level: Math.min(1, Math.max(0, level)), atMs: nowMs };
}

export function afterAnswer(pressure: Pressure, nowMs: number, latencyMs: number): Pressure {
  return moved(pressure, nowMs, latencyMs >= SLOW_MS ? SLOW_STEP : -EASE_STEP);
}

export function afterRefusal(pressure: Pressure, nowMs: number): Pressure {
  return moved(pressure, nowMs, REFUSED_STEP);
}

/** Requests in flight allowed. */
export function windowOf(pressure: Pressure, nowMs: number): number {
  const open = 1 - levelAt(pressure, nowMs);
  return Math.max(MIN_IN_FLIGHT, Math.round(MAX_IN_FLIGHT * open * open));
}

/** Seconds between coalesced writes of one object, 1–10. */
export function stretchOf(pressure: Pressure, nowMs: number): number {
  return 1 + 9 * levelAt(pressure, nowMs);
}
