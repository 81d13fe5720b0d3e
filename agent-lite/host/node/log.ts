import { writeSync } from 'node:fs';
import type { Logger } from '../../core/host.ts';
import { monotonicMs as systemMonotonicMs } from './monotonic.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Lines a second in the long run; bursts of five times as many pass. Default 50; what is dropped is counted and said. */
  readonly linesPerS?: number;
  /** Takes one line with its newline; default: stderr. May throw; the line is then counted as dropped. */
  readonly write?: (line: string) => void;
  readonly unixMs?: () => number;
  readonly monotonicMs?: () => number;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 };
const DEFAULT_LINES_PER_S = 50;
const BURST_SECONDS = 5;
const MOST_TEXT = 512;
const MOST_BYTES = 64;
const MOST_ITEMS = 32;
const MOST_DEPTH = 4;
const STDERR = 2;
/** Field names whose values never reach a log, whoever passes them. */
const SECRET = /token|password|passwd|secret|private|credential|authorization|^key$|key_?pem/i;

/** JSON lines: `{"time","level","event",…fields}`. Written straight to the descriptor: a logging package costs a gateway
 * more memory than the agent's own code, and a line must be out before a crash. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const lowest = LEVELS[options.level ?? 'info'];
  const write = options.write ?? ((line: string) => writeLine(line));
  const unixMs = options.unixMs ?? Date.now;
  const monotonicMs = options.monotonicMs ?? systemMonotonicMs;
  const perS = options.linesPerS ?? DEFAULT_LINES_PER_S;
  let tokens = perS * BURST_SECONDS;
  let filledAtMs = monotonicMs();
  let dropped = 0;

  const take = (): boolean => {
    const now = monotonicMs();
    tokens = Math.min(perS * BURST_SECONDS, tokens + ((now - filledAtMs) / 1000) * perS);
    filledAtMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
  const line = (level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>) => {
    const time = new Date(unixMs()).toISOString();
    const shown = showFields(fields, 0);
    return `${JSON.stringify({ ...shown, time, level, event: cut(event) })}\n`;
  };
  const emit = (level: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}) => {
    if (LEVELS[level] < lowest) return;
    if (!take()) {
      dropped += 1;
      return;
    }
    try {
      if (dropped > 0) write(line('warn', 'log.dropped', { lines: dropped }));
      dropped = 0;
      write(line(level, event, fields));
    } catch {
      // Where would one say that the log cannot be written? It is counted, and said once it can be.
      dropped += 1;
    }
  };
  return {
    debug: (event, fields) => emit('debug', event, fields),
    info: (event, fields) => emit('info', event, fields),
    warn: (event, fields) => emit('warn', event, fields),
    error: (event, fields) => emit('error', event, fields),
  };
}

/** A full pipe that does not block (EAGAIN) throws after a part of the line: the reader loses that line, not the agent its time. */
function writeLine(text: string): void {
  writeSync(STDERR, text);
}

function cut(text: string): string {
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}… (${text.length})`;
}

function hex(bytes: Uint8Array): string {
  const digits = Array.from(bytes.subarray(0, MOST_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  return digits.join('') + (bytes.length > MOST_BYTES ? `… (${bytes.length})` : '');
}

function showFields(fields: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MOST_ITEMS))
    shown[name] = SECRET.test(name) ? '[redacted]' : show(value, depth + 1);
  return shown;
}

function show(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return value;
  return showObject(value, depth);
}

function showObject(value: object, depth: number): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Error) return showError(value);
  if (depth >= MOST_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => show(item, depth + 1));
  return showFields(value, depth);
}

function showError(error: Error): Record<string, unknown> {
  const code = 'code' in error ? { code: show(error.code, MOST_DEPTH) } : {};
  return { ...code, message: cut(error.message), stack: cut(error.stack ?? '') };
}
