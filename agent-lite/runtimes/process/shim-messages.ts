/** What the agent and a shim say to each other: JSON, one message a line, over a socket that only the agent's user reaches. */
import type { AttemptRecord } from './records.ts';

export interface ProgramSpec {
  /** Absolute path, then arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
}
export type ToShim =
  /** First, and once: the folder of the pod, and how much log each container keeps. */
  | {
      readonly t: 'init';
      readonly folder: string;
      readonly boot: string;
      readonly logBytes: number;
      readonly logFiles: number;
      readonly idleMs: number;
      /** How often it looks whether its folder is still its own. */
      readonly checkMs: number;
    }
  | {
      readonly t: 'start';
      readonly container: string;
      readonly attempt: number;
      readonly program: ProgramSpec;
      /** The agent's clock less the system's, ms. */
      readonly clockOffsetMs: number;
    }
  | { readonly t: 'stop'; readonly container: string; readonly graceMs: number }
  /** Leave, once nothing runs. */
  | { readonly t: 'end' };

export type FromShim =
  | {
      readonly t: 'state';
      readonly container: string;
      readonly attempt: number;
      readonly record: AttemptRecord;
    }
  /** To a new client, after the states of all containers that this shim has. */
  | { readonly t: 'all' }
  /** The attempt did not happen, and its number is free again. */
  | {
      readonly t: 'failed';
      readonly container: string;
      readonly attempt: number;
      readonly message: string;
    };

export const SHIM_FILE = 'shim.json';
export const SOCKET_NAME = 'shim.sock';
/** Longest message: a pod document of the greatest size, escaped. */
const MOST_LINE_CHARS = 2_097_152;

export const toLine = (message: ToShim | FromShim): string => `${JSON.stringify(message)}\n`;

/** Cuts a text stream into messages; `take` gets each, `bad` is called once when the peer talks rubbish. */
export function createLineReader(
  take: (message: unknown) => void,
  bad: () => void,
): (text: string) => void {
  let held = '';
  return (text) => {
    held += text;
    for (let at = held.indexOf('\n'); at >= 0; at = held.indexOf('\n')) {
      const line = held.slice(0, at);
      held = held.slice(at + 1);
      try {
        take(JSON.parse(line));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        bad();
        return;
      }
    }
    if (held.length > MOST_LINE_CHARS) bad();
  };
}
