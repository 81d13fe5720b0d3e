/** Exit codes: stable, the sysexits.h ones where they exist. */
import { BoardletError, isBoardletError } from '@boardlet/adapters/wire';
import { CommanderError } from 'commander';

export const EXIT = { ok: 0, failed: 1, usage: 2, unavailable: 69, noPermission: 77 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const USAGE: ReadonlySet<string> = new Set(['BL_CTL_USAGE', 'BL_TRUST_REQUEST', 'BL_TRUST_FLEET']);
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'BL_KUBE_UNREACHABLE',
  'BL_KUBE_TOO_MANY_REQUESTS',
  'BL_KUBE_SERVICE_UNAVAILABLE',
  'BL_CTL_NO_BRIDGE',
]);
const NO_PERMISSION: ReadonlySet<string> = new Set([
  'BL_KUBE_FORBIDDEN',
  'BL_KUBE_UNAUTHORIZED',
  'BL_TRUST_CA_MODE',
  'EACCES',
  'EPERM',
]);

export interface Failure {
  readonly exit: ExitCode;
  readonly code: string;
  readonly message: string;
}

/** What an error means to a shell. Commander has written its own message already: then `message` is empty. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    const exit = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return { exit, code: 'BL_CTL_USAGE', message: '' };
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (USAGE.has(code)) return { exit: EXIT.usage, code, message };
  if (UNAVAILABLE.has(code)) return { exit: EXIT.unavailable, code, message };
  if (NO_PERMISSION.has(code)) return { exit: EXIT.noPermission, code, message };
  return { exit: EXIT.failed, code, message };
}

function codeOf(error: unknown): string {
  if (isBoardletError(error)) return error.code;
  const named = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return named ? String(error.code) : 'BL_INTERNAL';
}

export function usage(message: string): BoardletError {
  return new BoardletError('BL_CTL_USAGE', message);
}
