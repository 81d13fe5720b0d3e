import type { HostResult } from '../../core/host.ts';

const CODES: Readonly<Record<string, string>> = {
  ENOENT: 'BL_HOST_NOT_FOUND',
  ENOTDIR: 'BL_HOST_NOT_FOUND',
  EEXIST: 'BL_HOST_EXISTS',
  EACCES: 'BL_HOST_DENIED',
  EPERM: 'BL_HOST_DENIED',
  EROFS: 'BL_HOST_DENIED',
  ELOOP: 'BL_HOST_DENIED',
  ENOSPC: 'BL_HOST_NO_SPACE',
  EDQUOT: 'BL_HOST_NO_SPACE',
  EFBIG: 'BL_HOST_NO_SPACE',
};

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The failed result for an error of `node:fs`; anything without a system code is `BL_HOST_IO`. */
export function failure<T>(error: unknown): HostResult<T> {
  const code = CODES[systemCode(error) ?? ''] ?? 'BL_HOST_IO';
  return { ok: false, code, message: error instanceof Error ? error.message : String(error) };
}

/** Runs a synchronous file operation as a result. */
export function attempt<T>(operation: () => T): HostResult<T> {
  try {
    return { ok: true, value: operation() };
  } catch (error) {
    return failure(error);
  }
}
