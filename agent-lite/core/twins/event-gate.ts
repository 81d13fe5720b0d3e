/** Bounds what a broken device may say: events cost writes in the journal and in etcd. */
import type { EventEntry } from '@boardlet/adapters/wire';
import type { Clock } from '../host.ts';

export interface EventGate {
  /** True when the event was passed on. `key` tells which events repeat each other. */
  readonly send: (key: string, event: Omit<EventEntry, 'unixMs' | 'count'>) => boolean;
}

/** One of a kind in five minutes, as client-go's correlator lets through in the long run, and its burst of 25 for all. */
const SAME_MS = 300_000;
const BURST = 25;
const REFILL_MS = 12_000;
const MOST_KEYS = 1024;

interface Sent {
  readonly atMs: number;
  /** How often it happened since, unsaid. */
  held: number;
}

export function createEventGate(clock: Clock, pass: (event: EventEntry) => void): EventGate {
  const sent = new Map<string, Sent>();
  let tokens = BURST;
  let filledAtMs = clock.monotonicMs();

  const forgetOld = (now: number): void => {
    for (const [key, { atMs }] of sent) {
      if (sent.size < MOST_KEYS && now - atMs < 2 * SAME_MS) break;
      sent.delete(key);
    }
  };
  const take = (now: number): boolean => {
    tokens = Math.min(BURST, tokens + (now - filledAtMs) / REFILL_MS);
    filledAtMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
  return {
    send: (key, event) => {
      const now = clock.monotonicMs();
      const before = sent.get(key);
      if (before !== undefined && now - before.atMs < SAME_MS) {
        before.held += 1;
        return false;
      }
      if (!take(now)) return false;
      forgetOld(now);
      sent.delete(key);
      sent.set(key, { atMs: now, held: 0 });
      const count = (before?.held ?? 0) + 1;
      pass({ ...event, unixMs: clock.unixMs(), ...(count > 1 ? { count } : {}) });
      return true;
    },
  };
}
