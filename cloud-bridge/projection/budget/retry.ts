/** What follows a write that failed. */
import type { KubeErrorShape } from '../../kube/index.ts';

export type Verdict =
  /** This and all less important writes wait: the API said how long. */
  | { readonly kind: 'throttled'; readonly waitMs: number }
  /** Nothing gets through: all wait. */
  | { readonly kind: 'outage' }
  /** This object waits, longer each time. */
  | { readonly kind: 'later'; readonly waitMs: number }
  /** It will never be taken as it is. */
  | { readonly kind: 'never' };

const MAX_THROTTLE_MS = 30_000;
const LATER_MIN_MS = 1_000;
const LATER_MAX_MS = 60_000;
export const OUTAGE_MIN_MS = 100;
/** The API is asked at least this often whether it is back: boards wait for it. */
export const OUTAGE_MAX_MS = 1_000;

const NEVER: ReadonlySet<string> = new Set([
  'BL_KUBE_INVALID',
  'BL_KUBE_BAD_REQUEST',
  'BL_KUBE_NOT_FOUND',
  'BL_KUBE_METHOD_NOT_ALLOWED',
  'BL_KUBE_REQUEST_ENTITY_TOO_LARGE',
  'BL_KUBE_UNSUPPORTED_MEDIA_TYPE',
  'BL_KUBE_BUILD',
]);

/** `attempts` counts failures in a row of this object, from 1. */
export function judge(error: KubeErrorShape, attempts: number): Verdict {
  if (NEVER.has(error.code)) return { kind: 'never' };
  if (error.code === 'BL_KUBE_UNREACHABLE') return { kind: 'outage' };
  if (error.status === 429 || error.status === 503) {
    const waitMs = Math.min(MAX_THROTTLE_MS, error.retryAfterMs ?? LATER_MIN_MS);
    return { kind: 'throttled', waitMs };
  }
  // Rights may be granted later, and an API that fails inside may recover.
  const waitMs = Math.min(LATER_MAX_MS, LATER_MIN_MS * 2 ** Math.min(attempts - 1, 10));
  return { kind: 'later', waitMs };
}
