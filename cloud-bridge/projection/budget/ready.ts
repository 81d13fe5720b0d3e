/** What may be written now, by priority; first come, first served within one. */
import type { Priority } from '../contract.ts';

export interface ReadyQueues<T> {
  readonly push: (priority: Priority, key: string, item: T) => void;
  readonly remove: (priority: Priority, key: string) => void;
  /** The most important item whose priority `open` admits. */
  readonly take: (open: (priority: Priority) => boolean) => T | undefined;
}

const LEVELS: readonly Priority[] = [0, 1, 2, 3, 4];

export function createReadyQueues<T>(): ReadyQueues<T> {
  // A Map keeps the order of insertion and removes anywhere in constant time.
  const levels = LEVELS.map(() => new Map<string, T>());
  return {
    push: (priority, key, item) => void levels[priority]?.set(key, item),
    remove: (priority, key) => void levels[priority]?.delete(key),
    take: (open) => {
      for (const priority of LEVELS) {
        const level = levels[priority];
        if (level === undefined || level.size === 0 || !open(priority)) continue;
        for (const [key, item] of level) {
          level.delete(key);
          return item;
        }
      }
      return undefined;
    },
  };
}
