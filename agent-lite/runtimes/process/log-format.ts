/** The CRI log format, which kubelets and log shippers read: `<RFC 3339 time> <stream> <F|P> <text>\n`; P marks a part of a line
 * that goes on in the next entry of that stream (kubernetes design-proposals, kubelet-cri-logging). */

export type StreamName = 'stdout' | 'stderr';
/** Longer lines are cut into parts, as containerd does (max_container_log_line_size). */
export const MOST_LINE_BYTES = 16_384;
/** Length of a time as written here; fixed, so that times compare as text. */
export const TIME_CHARS = 30;

export const timeText = (unixMs: number): string =>
  `${new Date(unixMs).toISOString().slice(0, -1)}000000Z`;

export const segmentName = (container: string, attempt: number, segment: number): string =>
  `${container}.${attempt}.${segment}.log`;

/** Numbers of a log's segments among file names, ascending. */
export function segmentNumbers(
  names: readonly string[],
  container: string,
  attempt: number,
): readonly number[] {
  const prefix = `${container}.${attempt}.`;
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith('.log'))
    .map((name) => name.slice(prefix.length, -'.log'.length))
    .filter((digits) => /^\d{1,9}$/.test(digits))
    .map(Number)
    .sort((a, b) => a - b);
}

export interface LogEntry {
  readonly time: string;
  readonly full: boolean;
  readonly text: Uint8Array;
}

const SPACE = 0x20;

/** One entry without its newline; undefined when it is none (a line cut by a power loss). */
export function readEntry(line: Uint8Array): LogEntry | undefined {
  const streamEnd = line.indexOf(SPACE, TIME_CHARS + 1);
  if (line[TIME_CHARS] !== SPACE || streamEnd < 0 || line[streamEnd + 2] !== SPACE)
    return undefined;
  const tag = line[streamEnd + 1];
  if (tag !== 0x46 && tag !== 0x50) return undefined;
  const time = String.fromCharCode(...line.subarray(0, TIME_CHARS));
  return { time, full: tag === 0x46, text: line.subarray(streamEnd + 3) };
}
