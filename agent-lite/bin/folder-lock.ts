/** One agent to a folder: two would write one store and start each pod twice. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoardletError } from '@boardlet/adapters/wire';
import { isAlive, type ProcessId, processStart, readBootId } from '../runtimes/process/linux.ts';

const LOCK_FILE = 'agent.lock';
/** Each try loses to another agent that starts in the same moment, or clears away what a dead one left. */
const TRIES = 5;

export interface FolderLock {
  readonly release: () => void;
}

/** Holds the folder until `release`, or until this process is gone, however it went. Made when missing.
 * Throws `BL_AGENT_RUNNING` while another agent holds it. */
export function lockFolder(folder: string): FolderLock {
  if (process.platform !== 'linux' && process.platform !== 'android')
    return { release: () => undefined };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const boot = readBootId();
  const own: ProcessId = { pid: process.pid, start: processStart(process.pid) ?? '', boot };
  const path = join(folder, LOCK_FILE);
  const mine = `${path}.${process.pid}`;
  try {
    writeFileSync(mine, JSON.stringify(own), { mode: 0o600 });
    for (let left = TRIES; left > 0; left--)
      if (take(path, mine, boot)) return { release: () => rmSync(path, { force: true }) };
  } catch (error) {
    // A board whose disk is full must start: it looks who is there, and goes on without leaving its own name.
    if (!isFull(error)) throw error;
    refuseLiving(path, path, boot);
    return { release: () => undefined };
  } finally {
    rmSync(mine, { force: true });
  }
  throw new BoardletError('BL_AGENT_RUNNING', `${path}: other agents start at the same time`);
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/** Whole or not at all: a lock is never seen half written. */
function take(path: string, mine: string, boot: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  refuseLiving(path, path, boot);
  const aside = `${mine}.old`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  try {
    // Between the look and the move a third agent may have taken the place of the dead one.
    refuseLiving(aside, path, boot);
  } catch (error) {
    putBack(aside, path);
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return false;
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function refuseLiving(file: string, path: string, boot: string): void {
  const id = readId(file);
  if (id !== undefined && isAlive(id, boot))
    throw new BoardletError(
      'BL_AGENT_RUNNING',
      `${path}: an agent runs in this folder already, as process ${id.pid}`,
    );
}

function readId(file: string): ProcessId | undefined {
  try {
    const { pid, start, boot } = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessId>;
    return typeof pid === 'number' && typeof start === 'string' && typeof boot === 'string'
      ? { pid, start, boot }
      : undefined;
  } catch {
    // Gone since, or damaged by a power cut: it holds nothing.
    return undefined;
  }
}
