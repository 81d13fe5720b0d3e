/** `Runtime` for programs of the host, on Linux. */
import { mkdirSync, rmSync } from 'node:fs';
import type { ContainerDocument, PodDocument } from '@boardlet/adapters/wire';
import type { Clock, HostResult, Logger, Timers } from '../../core/host.ts';
import type {
  ContainerRef,
  ContainerState,
  LogQuery,
  LogReader,
  Runtime,
  RuntimeHandlers,
} from '../../core/runtime.ts';
import { Launcher } from './launcher.ts';
import { readBootId } from './linux.ts';
import { createLogReader } from './log-reader.ts';
import { PodShim } from './pod-shim.ts';
import { type Agent, canonicalPod, type ProgramPolicy, prepareProgram } from './program.ts';
import {
  type Attempt,
  type AttemptRecord,
  listAttempts,
  names,
  readJson,
  readRecord,
  recordName,
  replaceFile,
} from './records.ts';

export interface ProcessRuntimeOptions {
  /** Folder of all pods, 0700; made when missing. */
  readonly rootDir: string;
  readonly nodeExecPath: string;
  /** The bundle of `bin/boardlet-shim.ts`. */
  readonly shimScript: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Which programs may run, and as whom. Default: all, as the pod says. */
  readonly policy?: ProgramPolicy;
  /** Who the agent is; default: this process. */
  readonly agent?: Agent;
  /** A log segment is closed before it passes this size. Default 10 MiB. */
  readonly logBytes?: number;
  /** Segments kept per attempt. Default 3. */
  readonly logFiles?: number;
  /** A shim with nothing to run leaves after this time. Default 60 s. */
  readonly idleMs?: number;
  /** A shim looks so often whether its folder is still its own, and ends its pod when it is not. Default 20 s. */
  readonly checkMs?: number;
  /** Keep one shim ready (6 MiB of anonymous memory) so that a pod starts 40 ms sooner. Default true. */
  readonly spare?: boolean;
}

/** A runtime, and a way to let go of its pods without stopping them. */
export interface ProcessRuntime extends Runtime {
  readonly close: () => void;
}

const DEFAULT_LOG_BYTES = 10 * 1024 * 1024;
const DEFAULT_LOG_FILES = 3;
const DEFAULT_IDLE_MS = 60_000;
const DEFAULT_CHECK_MS = 20_000;
const FOLDER = /^[A-Za-z0-9]([-A-Za-z0-9]{0,62}[A-Za-z0-9])?$/;
const POD_FILE = 'pod.json';

/** Creates without effect; `recover` begins. Linux only: elsewhere `recover` throws, see `windows.ts`, `android.ts`. */
export function createProcessRuntime(options: ProcessRuntimeOptions): ProcessRuntime {
  return new LinuxProcessRuntime(options);
}

class LinuxProcessRuntime implements ProcessRuntime {
  readonly name = 'process';
  readonly #o: ProcessRuntimeOptions;
  readonly #shims = new Map<string, PodShim>();
  /** Which uid a pod's name stands for: the one started last. */
  readonly #uids = new Map<string, string>();
  #handlers: RuntimeHandlers = { onState: () => undefined };
  #boot = '';
  #launcher: Launcher | undefined;

  constructor(options: ProcessRuntimeOptions) {
    this.#o = options;
  }

  recover(handlers: RuntimeHandlers): readonly ContainerRef[] {
    const { rootDir, nodeExecPath, shimScript, timers, log, spare = true } = this.#o;
    mkdirSync(rootDir, { recursive: true, mode: 0o700 });
    this.#handlers = handlers;
    this.#boot = readBootId();
    const boot = this.#boot;
    this.#launcher = new Launcher({ nodeExecPath, shimScript, rootDir, boot, spare, timers, log });
    for (const name of names(rootDir))
      if (name.startsWith('.pipe-')) rmSync(`${rootDir}/${name}`, { force: true });
    const refs = names(rootDir).flatMap((uid) => this.#recoverPod(uid));
    timers.after(0, () => this.#launcher?.warm());
    return refs;
  }

  admit(_pod: string, spec: PodDocument): ReturnType<Runtime['admit']> {
    return FOLDER.test(spec.uid)
      ? undefined
      : { reason: 'InvalidPod', message: 'the uid of the pod cannot name a folder' };
  }

  start(ref: ContainerRef, spec: ContainerDocument): void {
    const agent = this.#o.agent ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const prepared = prepareProgram(ref, spec, agent, this.#o.policy);
    if (!prepared.ok) {
      this.#failed(ref, prepared.reason, prepared.message);
      return;
    }
    try {
      const shim = this.#shims.get(ref.uid) ?? this.#create(ref.pod, ref.uid);
      this.#uids.set(ref.pod, ref.uid);
      shim.start({ container: ref.container, attempt: ref.attempt }, prepared.program);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#failed(ref, 'CreateContainerError', message);
    }
  }

  stop(ref: ContainerRef, graceMs: number): void {
    this.#shims.get(ref.uid)?.stop(ref.container, graceMs);
  }

  remove(pod: string, uid: string): void {
    if (this.#uids.get(pod) === uid) this.#uids.delete(pod);
    const shim = this.#shims.get(uid);
    this.#shims.delete(uid);
    if (shim !== undefined) shim.remove();
    else if (FOLDER.test(uid)) rmSync(this.#folder(uid), { recursive: true, force: true });
  }

  logs(pod: string, container: string, query: LogQuery): HostResult<LogReader> {
    const uid = this.#uids.get(pod);
    const folder = this.#folder(uid ?? '-');
    const attempts = listAttempts(folder).filter((a) => a.container === container);
    const attempt = attempts.at(query.previous ? -2 : -1)?.attempt;
    const waits = `container "${container}" in pod "${pod}" has not been started`;
    const never = `container "${container}" in pod "${pod}" has no previous run`;
    if (uid === undefined || attempt === undefined)
      return {
        ok: false,
        code: 'BL_HOST_NOT_FOUND',
        message: query.previous && attempts.length > 0 ? never : waits,
      };
    const path = `${folder}/${recordName({ container, attempt })}`;
    const ended = () => {
      const state = readRecord(path)?.state;
      return state === undefined || state === 'exited';
    };
    const { timers, clock } = this.#o;
    const { unixMs } = clock;
    const source = { folder, container, attempt, ended, unixMs, timers };
    return { ok: true, value: createLogReader(source, query) };
  }

  canonical(spec: PodDocument): PodDocument {
    return canonicalPod(spec);
  }

  close(): void {
    this.#launcher?.close();
    for (const shim of this.#shims.values()) shim.close();
    this.#shims.clear();
  }

  #folder(uid: string): string {
    return `${this.#o.rootDir}/${uid}`;
  }

  #recoverPod(uid: string): readonly ContainerRef[] {
    if (!FOLDER.test(uid)) return [];
    const folder = this.#folder(uid);
    const pod = readJson(`${folder}/${POD_FILE}`)?.['pod'];
    // The pod file is written before anything is started, so without it nothing was.
    if (typeof pod !== 'string') return [];
    const shim = this.#open(pod, uid);
    this.#uids.set(pod, uid);
    const attempts = listAttempts(folder);
    this.#o.timers.after(0, () => this.#tellFound(pod, uid, attempts, shim));
    return attempts.map(({ container, attempt }) => ({ pod, uid, container, attempt }));
  }

  /** First what is over, from the files; then what the shim says, or what is found without it. */
  #tellFound(pod: string, uid: string, attempts: readonly Attempt[], shim: PodShim): void {
    for (const attempt of attempts) {
      const record = readRecord(`${this.#folder(uid)}/${recordName(attempt)}`);
      if (record?.state === 'exited') this.#record(pod, uid, attempt, record);
    }
    shim.recover();
  }

  #create(pod: string, uid: string): PodShim {
    mkdirSync(this.#folder(uid), { recursive: true, mode: 0o700 });
    replaceFile(`${this.#folder(uid)}/${POD_FILE}`, { pod, uid }, false);
    return this.#open(pod, uid);
  }

  #open(pod: string, uid: string): PodShim {
    const launcher = this.#launcher;
    if (launcher === undefined) throw new TypeError('recover comes before start');
    const { clock, timers, log } = this.#o;
    const shim = new PodShim({
      folder: this.#folder(uid),
      boot: this.#boot,
      launcher,
      clock,
      timers,
      log,
      logBytes: this.#o.logBytes ?? DEFAULT_LOG_BYTES,
      logFiles: this.#o.logFiles ?? DEFAULT_LOG_FILES,
      idleMs: this.#o.idleMs ?? DEFAULT_IDLE_MS,
      checkMs: this.#o.checkMs ?? DEFAULT_CHECK_MS,
      onRecord: (attempt, record) => this.#record(pod, uid, attempt, record),
      onFailed: (attempt, message) =>
        this.#failed({ pod, uid, ...attempt }, 'CreateContainerError', message),
    });
    this.#shims.set(uid, shim);
    return shim;
  }

  #record(pod: string, uid: string, { container, attempt }: Attempt, record: AttemptRecord): void {
    this.#handlers.onState({ pod, uid, container, attempt }, stateOf(record));
  }

  #failed(ref: ContainerRef, reason: string, message: string): void {
    const finishedAt = this.#o.clock.unixMs();
    this.#handlers.onState(ref, { state: 'failed', reason, message, finishedAt });
  }
}

function stateOf(record: AttemptRecord): ContainerState {
  const { startedAt, pid, finishedAt = startedAt, exitCode = 137, signal } = record;
  if (record.state === 'running' && pid !== undefined) return { state: 'running', pid, startedAt };
  if (record.state !== 'exited') return { state: 'starting' };
  return {
    state: 'exited',
    startedAt,
    finishedAt,
    exitCode,
    ...(signal === undefined ? {} : { signal }),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    ...(record.message === undefined ? {} : { message: record.message }),
  };
}
