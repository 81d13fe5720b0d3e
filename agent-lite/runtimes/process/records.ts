/** The files that outlive the agent: one record per attempt to run a container, written by the shim. */
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface AttemptRecord {
  /** `starting` is on disk before the process exists: where the record exists, the attempt is used up. */
  readonly state: 'starting' | 'running' | 'exited';
  readonly boot: string;
  readonly startedAt: number;
  readonly pid?: number;
  /** Start time of `pid`, see `ProcessId`. */
  readonly start?: string;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly message?: string;
}
export interface Attempt {
  readonly container: string;
  readonly attempt: number;
}

const RECORD = /^([a-z0-9-]+)\.(\d{1,9})\.json$/;
const OWNER_ONLY = 0o600;

export const recordName = ({ container, attempt }: Attempt): string =>
  `${container}.${attempt}.json`;

/** True: created, and on disk. False: the attempt was made before. Throws on IO errors. */
export function createRecord(path: string, record: AttemptRecord): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx', OWNER_ONLY);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(fd, JSON.stringify(record));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  syncFolder(dirname(path));
  return true;
}

/** Replaces a small file as a whole. `durable`: it must survive a power cut. An agent and a shim that it takes for dead may do so
 * at the same time, each by way of a file of its own: the last one counts, and neither is cut. */
export function replaceFile(path: string, value: unknown, durable: boolean): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const fd = openSync(temporary, 'w', OWNER_ONLY);
  try {
    writeSync(fd, JSON.stringify(value));
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  if (durable) syncFolder(dirname(path));
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The parsed file, or undefined where there is none or it is no JSON object. */
export function readJson(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    // Cut short by a crash, or not there: the caller treats both as "says nothing".
    return undefined;
  }
}

const numberOr = <T>(value: unknown, other: T): number | T =>
  typeof value === 'number' && Number.isFinite(value) ? value : other;
const textOr = <T>(value: unknown, other: T): string | T =>
  typeof value === 'string' ? value : other;

/** Undefined: no such attempt. A record cut short says only that the attempt was made. */
export function readRecord(path: string): AttemptRecord | undefined {
  const value = readJson(path);
  if (value === undefined) return exists(path) ? unknownRecord : undefined;
  const { state } = value;
  if (state !== 'starting' && state !== 'running' && state !== 'exited') return unknownRecord;
  const optional = {
    pid: numberOr(value['pid'], undefined),
    start: textOr(value['start'], undefined),
    finishedAt: numberOr(value['finishedAt'], undefined),
    exitCode: numberOr(value['exitCode'], undefined),
    signal: numberOr(value['signal'], undefined),
    reason: textOr(value['reason'], undefined),
    message: textOr(value['message'], undefined),
  };
  const present = Object.entries(optional).filter(([, item]) => item !== undefined);
  return {
    state,
    boot: textOr(value['boot'], ''),
    startedAt: numberOr(value['startedAt'], 0),
    ...Object.fromEntries(present),
  };
}

const unknownRecord: AttemptRecord = { state: 'starting', boot: '', startedAt: 0 };

function exists(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDONLY));
    return true;
  } catch {
    return false;
  }
}

/** All attempts of a pod's folder, oldest first. */
export function listAttempts(folder: string): readonly Attempt[] {
  return names(folder)
    .map((name) => RECORD.exec(name))
    .filter((match) => match !== null)
    .map((match) => ({ container: match[1] ?? '', attempt: Number(match[2]) }))
    .sort((a, b) => a.attempt - b.attempt);
}

/** Removes records and logs of attempts before `attempt`. */
export function removeAttemptsBefore(folder: string, { container, attempt }: Attempt): void {
  for (const name of names(folder)) {
    const match = /^([a-z0-9-]+)\.(\d{1,9})\.(json|json\.\d{1,9}\.tmp|\d{1,9}\.log)$/.exec(name);
    if (match?.[1] === container && Number(match[2]) < attempt)
      rmSync(`${folder}/${name}`, { force: true });
  }
}

export function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No folder, no names.
    return [];
  }
}
