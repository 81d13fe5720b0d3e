/** Text and times from boards, made fit for objects that people and controllers read. */

/** Control characters would let a board write to the terminal of whoever runs kubectl. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Without control and direction characters, at most `max` UTF-16 units. */
export function plain(text: string, max: number): string {
  const clean = text.replace(CONTROL, '');
  return clean.length <= max ? clean : `${clean.slice(0, max - 1)}…`;
}

/** A CamelCase reason as the API demands (1–128 characters), or `fallback`. */
export function reasonOf(text: string | undefined, fallback: string): string {
  return text !== undefined && /^[A-Za-z][A-Za-z0-9_,:]{0,126}[A-Za-z0-9_]$/.test(text)
    ? text
    : fallback;
}

/** RFC 3339 with seconds, the form of metav1.Time. */
export function timestamp(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19)}Z`;
}

/** 2020-01-01: a board that says an earlier time has no clock. */
const EARLIEST_MS = 1_577_836_800_000;
const AHEAD_MS = 3_600_000;

/** A board's time where it can be true, else `fallbackMs`. */
export function believableMs(
  unixMs: number | undefined,
  nowMs: number,
  fallbackMs: number = nowMs,
): number {
  if (unixMs === undefined || !Number.isFinite(unixMs)) return fallbackMs;
  return unixMs < EARLIEST_MS || unixMs > nowMs + AHEAD_MS ? fallbackMs : unixMs;
}

/** RFC 1123 subdomain, as names of most objects must be. */
export function isSubdomain(name: string): boolean {
  return (
    name.length <= 253 &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
  );
}
