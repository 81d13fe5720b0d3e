/** What went wrong between the bridge and the API, with a code that callers match. */
import { BoardletError } from '@boardlet/adapters/wire';
import type { KubeErrorShape } from './contract.ts';

const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  410: 'EXPIRED',
  413: 'REQUEST_ENTITY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'INVALID',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_ERROR',
  503: 'SERVICE_UNAVAILABLE',
  504: 'TIMEOUT',
};
/** A message goes into logs and Events: no more of it than a person reads. */
const MAX_MESSAGE = 1024;

/** An answer that is not a success, or none at all (`status` 0). */
export class KubeError extends BoardletError implements KubeErrorShape {
  readonly status: number;
  readonly retryAfterMs?: number;

  constructor(
    code: string,
    message: string,
    options: {
      readonly status?: number;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
      readonly details?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(code, message, options);
    this.name = 'KubeError';
    this.status = options.status ?? 0;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

export function isKubeError(error: unknown, code?: string): error is KubeErrorShape {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return false;
  return code === undefined ? error.code.startsWith('BL_KUBE_') : error.code === code;
}

function codeOf(status: number, reason: string | undefined): string {
  if (reason === 'Gone') return 'BL_KUBE_EXPIRED';
  // The reason comes from outside: only what can be a Go identifier makes a code.
  if (reason !== undefined && /^[A-Z][A-Za-z]{1,63}$/.test(reason))
    return `BL_KUBE_${reason.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()}`;
  return `BL_KUBE_${BY_STATUS[status] ?? `HTTP_${status}`}`;
}

interface StatusBody {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: {
    readonly retryAfterSeconds?: unknown;
    readonly causes?: readonly { readonly reason?: unknown }[];
  };
}

function parseStatus(body: string): StatusBody {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'kind' in parsed)
      return parsed.kind === 'Status' ? (parsed as StatusBody) : {};
  } catch {
    // A proxy's error page is not JSON: the HTTP status alone speaks.
  }
  return {};
}

/** RFC 9110 §10.2.3: seconds, or an HTTP date. */
export function parseRetryAfter(value: string | undefined, unixMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - unixMs);
}

/** Makes the error of a metav1.Status answer, or of any other answer that is not a success. */
export function errorOfAnswer(
  status: number,
  body: string,
  retryAfterMs: number | undefined,
  what: string,
): KubeError {
  const answer = parseStatus(body);
  const text = typeof answer.message === 'string' ? answer.message : body;
  const causes = Array.isArray(answer.details?.causes)
    ? answer.details.causes.map((cause: { readonly reason?: unknown }) => String(cause?.reason))
    : [];
  const seconds = answer.details?.retryAfterSeconds;
  const inBody = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
  return new KubeError(
    codeOf(status, typeof answer.reason === 'string' ? answer.reason : undefined),
    `${what}: ${text.slice(0, MAX_MESSAGE) || `HTTP ${status}`}`,
    { status, retryAfterMs: retryAfterMs ?? inBody, details: { causes } },
  );
}

/** The API has not reached the resourceVersion asked for: it lags, or its history was restored from a backup. */
export function isFutureRevision(error: unknown): boolean {
  if (!isKubeError(error)) return false;
  const causes = 'details' in error ? (error.details as { causes?: unknown }).causes : undefined;
  return (
    (Array.isArray(causes) && causes.includes('ResourceVersionTooLarge')) ||
    /too large resource version/i.test(error.message)
  );
}
