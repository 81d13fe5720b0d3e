/** A log that remembers, for tests. */
import type { Log } from '../contract.ts';

export interface RecordingLog extends Log {
  readonly lines: readonly { readonly event: string; readonly [field: string]: unknown }[];
  /** Everything that was logged, as one text. */
  readonly text: () => string;
}

export function createRecordingLog(): RecordingLog {
  const lines: { event: string; [field: string]: unknown }[] = [];
  const write = (event: string, fields?: Readonly<Record<string, unknown>>): void => {
    lines.push({ ...fields, event });
  };
  return { lines, info: write, warn: write, error: write, text: () => JSON.stringify(lines) };
}

/** The code of the error that the work ends with, or `no error`. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  return 'no error';
}
