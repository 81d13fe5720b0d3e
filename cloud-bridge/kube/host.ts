/** What the bridge's parts are handed instead of reaching for it: time, chance and the log. Same shapes as the agent's host. */
import { performance } from 'node:perf_hooks';

export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary start. */
  readonly monotonicMs: () => number;
  readonly unixMs: () => number;
}
export interface Timer {
  readonly cancel: () => void;
}
export interface Timers {
  readonly after: (delayMs: number, fire: () => void) => Timer;
}
/** Uniform in `[0, 1)`; for jitter, never for secrets. */
export type Random = () => number;
export interface Logger {
  /** `event` is a stable dotted name; fields are data and carry no secret. */
  readonly debug: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly info: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  unixMs: () => Date.now(),
};

/** Timers that do not keep the process alive by themselves. */
export const systemTimers: Timers = {
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
