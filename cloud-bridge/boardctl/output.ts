/** What a person reads, and what a script reads. */
export interface Output {
  /** With `--json` the value, else the text. */
  readonly show: (value: unknown, text: () => string) => void;
  readonly colour: (kind: 'good' | 'bad' | 'dim', text: string) => string;
}

const SGR = { good: '32', bad: '31', dim: '2' } as const;

export function createOutput(options: {
  readonly json: boolean;
  readonly colours: boolean;
  readonly write: (text: string) => void;
}): Output {
  const { json, colours, write } = options;
  return {
    show: (value, text) => write(json ? `${JSON.stringify(value)}\n` : text()),
    colour: (kind, text) => (colours ? `\u001b[${SGR[kind]}m${text}\u001b[0m` : text),
  };
}

/** Left-aligned columns, three spaces apart, as kubectl prints them. Widths do not count colours. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, visible(cell));
    });
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - visible(cell)))
      .join('   ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}

function visible(cell: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with ESC
  return cell.replace(/\u001b\[\d+m/g, '').length;
}

/** `5s`, `12m`, `3h`, `8d`: kubectl's way to say how long ago. */
export function age(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

const UNIT_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of `90s`, `30m`, `1h`, `2d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNIT_S[unit] ?? Number.NaN);
}
