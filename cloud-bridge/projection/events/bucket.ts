/** A token bucket: `burst` at once, then one each `refillMs`. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface BucketLimits {
  readonly burst: number;
  readonly refillMs: number;
}

/** Takes a token; `waitMs` is 0 when there was one, else how long until its turn (the token is taken in advance). */
export function takeToken(
  bucket: Bucket | undefined,
  nowMs: number,
  limits: BucketLimits,
): { readonly bucket: Bucket; readonly waitMs: number } {
  const before = bucket ?? { tokens: limits.burst, atMs: nowMs };
  const grown = before.tokens + (nowMs - before.atMs) / limits.refillMs;
  const tokens = Math.min(limits.burst, grown) - 1;
  return {
    bucket: { tokens, atMs: nowMs },
    waitMs: tokens >= 0 ? 0 : Math.ceil(-tokens * limits.refillMs),
  };
}
