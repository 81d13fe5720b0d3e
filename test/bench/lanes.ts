/** As many requests as fit in a time, with a fixed number in flight. */
import { nowMs } from './clock.ts';

export const CONCURRENCY = 64;

export interface Rate {
  readonly perSecond: number;
  /** Per second of this process's own CPU time: says the same on a busy machine. */
  readonly perCpuSecond: number;
}

/** Operations of `once(lane)`, each lane one after another. */
export async function rate(
  durationMs: number,
  once: (lane: number) => Promise<void>,
): Promise<Rate> {
  const cpu = process.cpuUsage();
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
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: done / ((nowMs() - startMs) / 1000),
    perCpuSecond: done / ((user + system) / 1e6),
  };
}
