/** What an API that is away at the moment only delays. */
import type { Logger } from '../kube/index.ts';

const RETRY_MS = 500;

/** Repeats until it succeeds; each failure is logged under `event`. */
export async function untilDone<T>(work: () => Promise<T>, event: string, log: Logger): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      log.warn(event, { error: String(error) });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
