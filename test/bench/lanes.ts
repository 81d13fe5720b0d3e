/** As many requests as fit in a time, with a fixed number in flight. */
import { nowMs } from './clock.ts';

export const CONCURRENCY = 64;

/** Operations per second of `once(lane)`, each lane one after another. */
export async function rate(
  durationMs: number,
  once: (lane: number) => Promise<void>,
): Promise<number> {
  const startMs = nowMs();
  const untilMs = startMs + durationMs;
  let done = 0;
  const lane = async (index: number): Promise<void> => {
    while (nowMs() < untilMs) {
      await once(index);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, (_, index) => lane(index)));
  return done / ((nowMs() - startMs) / 1000);
}
