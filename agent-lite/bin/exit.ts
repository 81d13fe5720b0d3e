/** Exit codes as in sysexits.h where it has one. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unavailable: 69,
  noPermission: 77,
  config: 78,
} as const;

const BY_CODE: readonly (readonly [RegExp, number])[] = [
  [/^BL_(ENROLL_(UNREACHABLE|TIMEOUT)|HOST_(REFUSED|TIMEOUT|NAME))$/, EXIT.unavailable],
  [/^BL_HOST_DENIED$/, EXIT.noPermission],
  [/^BL_CONFIG_/, EXIT.config],
  [/^(BL_AGENT_USAGE|BL_ENROLL_(TOKEN|URL)$|ERR_PARSE_ARGS_)/, EXIT.usage],
];

export function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return BY_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? EXIT.failed;
}
