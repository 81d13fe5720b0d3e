/** For tests only: a runtime over real shims and programs in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ContainerDocument } from '@boardlet/adapters/wire';
import type { Clock, Logger, Timers } from '../../core/host.ts';
import type { ContainerRef, ContainerState, LogQuery, LogReader } from '../../core/runtime.ts';
import { processStart } from './linux.ts';
import { names, readJson } from './records.ts';
import {
  createProcessRuntime,
  type ProcessRuntime,
  type ProcessRuntimeOptions,
} from './runtime.ts';

export const testClock: Clock = {
  monotonicMs: () => performance.now(),
  unixMs: () => Date.now(),
};
export const testTimers: Timers = {
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
const silent = () => undefined;
export const silentLog: Logger = { debug: silent, info: silent, warn: silent, error: silent };

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'boardlet-process-'));
}

/** Bundles the shim as the build does. */
export const bundleShim = (folder: string): string =>
  bundle('../../bin/boardlet-shim.ts', join(folder, 'boardlet-shim.cjs'));

/** Bundles one source file of this folder. */
export function bundle(source: string, script: string): string {
  if (existsSync(script)) return script;
  const entry = fileURLToPath(new URL(source, import.meta.url));
  const esbuild = createRequire(import.meta.url).resolve('esbuild/bin/esbuild');
  execFileSync(esbuild, [
    entry,
    '--bundle',
    '--platform=node',
    '--format=cjs',
    '--log-level=error',
    '--conditions=@boardlet/source',
    `--outfile=${script}`,
  ]);
  return script;
}

export type Seen = readonly [ContainerRef, ContainerState];

export interface Rig {
  readonly folder: string;
  readonly runtime: ProcessRuntime;
  readonly found: readonly ContainerRef[];
  readonly seen: readonly Seen[];
  /** The first state from now or before that fits. Rejects after 20 s. */
  readonly until: (
    fits: (ref: ContainerRef, state: ContainerState) => boolean,
  ) => Promise<ContainerState>;
  readonly close: () => void;
  /** Ends the shims and removes the folder. */
  readonly remove: () => Promise<void>;
}

const PATIENCE_MS = 20_000;

export function createRig(folder: string, options: Partial<ProcessRuntimeOptions> = {}): Rig {
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  const runtime = createProcessRuntime({
    rootDir: join(folder, 'pods'),
    nodeExecPath: process.execPath,
    shimScript: bundleShim(folder),
    clock: testClock,
    timers: testTimers,
    log: silentLog,
    idleMs: 300,
    ...options,
  });
  const found = runtime.recover({
    onState: (ref, state) => {
      seen.push([ref, state]);
      for (const look of waiting) look();
    },
  });
  return {
    folder,
    runtime,
    found,
    seen,
    until: (fits) => wait(seen, waiting, fits),
    close: () => runtime.close(),
    remove: async () => {
      runtime.close();
      await endShims(join(folder, 'pods'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function wait(
  seen: readonly Seen[],
  waiting: Set<() => void>,
  fits: (ref: ContainerRef, state: ContainerState) => boolean,
): Promise<ContainerState> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not seen; last: ${JSON.stringify(seen.at(-1))}`)),
      PATIENCE_MS,
    );
    const look = () => {
      const hit = seen.find(([ref, state]) => fits(ref, state));
      if (hit === undefined) return;
      clearTimeout(timer);
      waiting.delete(look);
      resolve(hit[1]);
    };
    waiting.add(look);
    look();
  });
}

export const ref = (name: string, attempt = 0, container = 'main'): ContainerRef => ({
  pod: `default/${name}`,
  uid: `uid-${name}`,
  container,
  attempt,
});

export const shell = (
  script: string,
  more: Partial<ContainerDocument> = {},
): ContainerDocument => ({
  name: 'main',
  image: 'boardlet.dev/host',
  command: ['/bin/sh', '-c', script],
  ...more,
});

export const isState =
  (wanted: ContainerRef, state: ContainerState['state']) =>
  (of: ContainerRef, now: ContainerState): boolean =>
    of.uid === wanted.uid &&
    of.container === wanted.container &&
    of.attempt === wanted.attempt &&
    now.state === state;

/** Ends all shims that work in a folder of pods, with their programs, and the spare. */
export async function endShims(root: string): Promise<void> {
  for (const uid of names(root)) {
    const pid = readJson(join(root, uid, 'shim.json'))?.['pid'];
    if (typeof pid !== 'number' || processStart(pid) === undefined) continue;
    process.kill(pid, 'SIGTERM');
    await untilGone(pid);
  }
  for (const name of names('/proc').filter((entry) => /^\d+$/.test(entry)))
    if (commandLine(name).includes(root)) await untilGone(Number(name));
}

function commandLine(pid: string): string {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text.includes('boardlet-shim') ? text : '';
  } catch {
    return '';
  }
}

/** Waits until a process is gone. */
export async function untilGone(pid: number): Promise<void> {
  for (let i = 0; i < 2000 && processStart(pid) !== undefined; i++) await sleep(10);
  if (processStart(pid) !== undefined) throw new Error(`${pid} is still there`);
}

const PLAIN: LogQuery = { follow: false, previous: false, timestamps: false };

/** Reads a log to its end, waiting for more where it follows. */
export async function readLog(reader: LogReader, maxBytes = 4096): Promise<string> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const result = reader.read(maxBytes);
    if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
    if (result.value === 'end') break;
    if (result.value === 'wait') await new Promise<void>((resolve) => reader.onMore(resolve));
    else parts.push(result.value);
  }
  reader.close();
  return Buffer.concat(parts).toString();
}

export async function logText(
  rig: Rig,
  of: ContainerRef,
  query: Partial<LogQuery> = {},
): Promise<string> {
  const opened = rig.runtime.logs(of.pod, of.container, { ...PLAIN, ...query });
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
  return await readLog(opened.value);
}
