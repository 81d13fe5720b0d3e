import { existsSync } from 'node:fs';
import type { Clock, Files, Logger } from '../../core/host.ts';
import { monotonicMs } from './monotonic.ts';

/** Once an hour loses at most an hour after a power cut, at 24 small writes a day. */
const SAVE_EVERY_MS = 3_600_000;
/** systemd-timesyncd(8) makes it once the clock was synchronised in this boot. */
const SYNCHRONISED = '/run/systemd/timesync/synchronized';
/** End of the year 9999: beyond it RFC 3339 has no time, and from 8.64e15 on neither has a Date. */
const LAST_UNIX_MS = 253_402_300_799_999;
/** A clock 10 s off breaks no certificate; following each jitter of the network would make time jump. */
const IGNORED_SKEW_MS = 10_000;

export interface NodeClockOptions {
  /** Where the last known time is kept. */
  readonly path: string;
  readonly files: Files;
  /** Unix ms. */
  readonly buildUnixMs: number;
  readonly log: Logger;
  /** The system's sources; a test hands in its own. */
  readonly system?: {
    readonly unixMs: () => number;
    readonly monotonicMs: () => number;
    readonly synchronised: () => boolean;
  };
}
export interface NodeClock extends Clock {
  /** An authenticated bridge said what time it is. */
  readonly adjust: (unixMs: number) => void;
  readonly trusted: () => boolean;
  readonly close: () => void;
}

const SYSTEM = {
  unixMs: (): number => Date.now(),
  monotonicMs,
  synchronised: (): boolean => existsSync(SYNCHRONISED),
};

/** Wall clock: the system's when it is synchronised or nothing better is known; else what the bridge told, carried
 * on by the monotonic clock; never below max(build time, last saved time), of which only the bridge's word may take
 * back the second. The system's clock is left alone. */
export function createNodeClock(options: NodeClockOptions): NodeClock {
  const system = options.system ?? SYSTEM;
  const startMs = system.monotonicMs();
  let floor = Math.max(options.buildUnixMs, readSaved(options.files, options.path));
  let heardOffsetMs: number | undefined;
  let heard = false;
  let savedUnixMs = floor;

  const sinceStartMs = (): number => system.monotonicMs() - startMs;
  const unixMs = (): number => {
    const told =
      heardOffsetMs === undefined ? system.unixMs() : Math.floor(sinceStartMs() + heardOffsetMs);
    return told >= floor ? told : Math.floor(floor + sinceStartMs());
  };
  const trusted = (): boolean => heard || system.synchronised();
  const save = (): void => {
    // A time that nobody vouches for would become the floor of every later start.
    if (!trusted()) return;
    const now = unixMs();
    if (now === savedUnixMs) return;
    const text = `${JSON.stringify({ unixMs: now })}\n`;
    const result = options.files.replace(options.path, asciiBytes(text));
    if (result.ok) savedUnixMs = now;
    else options.log.warn('clock.not-saved', { code: result.code });
  };
  const adjust = (toldMs: number): void => {
    if (!Number.isSafeInteger(toldMs) || toldMs < options.buildUnixMs || toldMs > LAST_UNIX_MS) {
      options.log.warn('clock.refused', { toldMs });
      return;
    }
    const agrees = Math.abs(toldMs - system.unixMs()) <= IGNORED_SKEW_MS;
    if (agrees || system.synchronised()) heardOffsetMs = undefined;
    else if (Math.abs(toldMs - unixMs()) > IGNORED_SKEW_MS) heardOffsetMs = toldMs - sinceStartMs();
    floor = Math.min(floor, toldMs);
    const first = !heard;
    heard = true;
    if (first) save();
  };
  const timer = setInterval(save, SAVE_EVERY_MS);
  timer.unref();
  return {
    monotonicMs: sinceStartMs,
    unixMs,
    adjust,
    trusted,
    close: () => {
      clearInterval(timer);
      save();
    },
  };
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** 0 where nothing (whole) was saved: the build time then is the floor. */
function readSaved(files: Files, path: string): number {
  const bytes = files.read(path);
  if (!bytes.ok) return 0;
  const text = String.fromCharCode(...bytes.value.subarray(0, 100));
  const saved = Number(/"unixMs":(\d{1,16})/.exec(text)?.[1]);
  return saved <= LAST_UNIX_MS ? saved : 0;
}
