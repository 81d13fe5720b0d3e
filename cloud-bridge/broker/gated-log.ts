/** A log that one noisy client cannot fill: each event has a rate, and says how many lines it left out. */
import type { Log } from '../trust/contract.ts';
import { createTokenBuckets } from '../trust/token-bucket.ts';
import { LOG_LINES } from './limits.ts';

const EVENTS_MAX = 64;

export function gateLog(log: Log, nowMs: () => number): Log {
  const buckets = createTokenBuckets({ ...LOG_LINES, maxKeys: EVENTS_MAX, nowMs });
  const suppressed = new Map<string, number>();
  const gated =
    (write: Log['warn']): Log['warn'] =>
    (event, fields) => {
      const before = suppressed.get(event) ?? 0;
      if (!buckets.take(event)) {
        suppressed.set(event, before + 1);
        return;
      }
      suppressed.delete(event);
      write(event, before === 0 ? fields : { ...fields, suppressed: before });
    };
  return { info: gated(log.info), warn: gated(log.warn), error: gated(log.error) };
}
