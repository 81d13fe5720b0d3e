/** An error with a stable code: `BL_<AREA>_<WHAT>`. Match `code`, not the class: two copies of the library may be loaded. */
export class BoardletError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: {
      readonly details?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BoardletError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True for any error that carries a boardlet code (this one, where given). */
export function isBoardletError(error: unknown, code?: string): error is Error & { code: string } {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return false;
  return code === undefined ? error.code.startsWith('BL_') : error.code === code;
}
