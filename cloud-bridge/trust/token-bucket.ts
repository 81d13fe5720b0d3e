/** Token buckets by key (an address, a link), bounded: at the bound the one unused for longest is forgotten. */
export interface TokenBuckets {
  /** False: not enough left; nothing is taken then. `cost` default 1. */
  readonly take: (key: string, cost?: number) => boolean;
  /** Returns one that was taken, never beyond the burst. */
  readonly giveBack: (key: string) => void;
  readonly size: () => number;
}

export interface TokenBucketOptions {
  readonly burst: number;
  readonly perSecond: number;
  readonly maxKeys: number;
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number;
}

export function createTokenBuckets(options: TokenBucketOptions): TokenBuckets {
  const { burst, perSecond, maxKeys, nowMs } = options;
  const buckets = new Map<string, { left: number; atMs: number }>();
  return {
    take: (key, cost = 1) => {
      const atMs = nowMs();
      const held = buckets.get(key);
      const idleMs = held === undefined ? 0 : atMs - held.atMs;
      const left = Math.min(burst, (held?.left ?? burst) + (idleMs * perSecond) / 1000);
      const granted = left >= cost;
      // Re-inserting keeps the map in order of use.
      buckets.delete(key);
      buckets.set(key, { left: granted ? left - cost : left, atMs });
      const [oldest] = buckets.keys();
      if (buckets.size > maxKeys && oldest !== undefined) buckets.delete(oldest);
      return granted;
    },
    giveBack: (key) => {
      const held = buckets.get(key);
      if (held !== undefined) held.left = Math.min(burst, held.left + 1);
    },
    size: () => buckets.size,
  };
}
