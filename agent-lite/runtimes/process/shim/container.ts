/** One attempt to run one container: its process, its log, its record. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { killMarked, markOf, processStart, signalGroup } from '../linux.ts';
import {
  type AttemptRecord,
  createRecord,
  readRecord,
  recordName,
  replaceFile,
} from '../records.ts';
import type { ProgramSpec } from '../shim-messages.ts';
import { LogWriter } from './log-writer.ts';
import { closePipe, givePipe, type PipeEnds } from './pipes.ts';

export interface ContainerOptions {
  readonly folder: string;
  readonly boot: string;
  readonly container: string;
  readonly attempt: number;
  readonly program: ProgramSpec;
  readonly logBytes: number;
  readonly logFiles: number;
  readonly unixMs: () => number;
  /** Two, or none: then Node's own are used. */
  readonly pipes: readonly PipeEnds[];
  readonly onRecord: (record: AttemptRecord) => void;
  /** The program could not be started: the attempt did not happen. */
  readonly onFailed: (message: string) => void;
}

/** A descendant that left the group and still holds the output does not hold up the exit longer than this. */
const DRAIN_MS = 1_000;
const READ_BYTES = 32_768;
/** A disk that is full now may take the exit record later. */
const RECORD_RETRY_MS = 5_000;

export class Container {
  record: AttemptRecord;
  readonly #o: ContainerOptions;
  readonly #path: string;
  readonly #log: LogWriter;
  readonly #mark: readonly [string, string];
  #child: ChildProcess | undefined;
  #kill: NodeJS.Timeout | undefined;
  #killAtMs = Number.POSITIVE_INFINITY;
  #open = 0;
  #exit: { readonly code: number; readonly signal?: number } | undefined;

  constructor(options: ContainerOptions) {
    this.#o = options;
    this.#mark = markOf(basename(options.folder), options.container, options.attempt);
    this.#path = `${options.folder}/${recordName(options)}`;
    this.#log = new LogWriter({
      folder: options.folder,
      container: options.container,
      attempt: options.attempt,
      segmentBytes: options.logBytes,
      segments: options.logFiles,
      unixMs: options.unixMs,
    });
    this.record = { state: 'starting', boot: options.boot, startedAt: options.unixMs() };
  }

  get running(): boolean {
    return this.record.state !== 'exited';
  }

  /** Starts the program unless this attempt was ever made. */
  run(): void {
    try {
      if (!createRecord(this.#path, this.record)) {
        this.#o.pipes.forEach(closePipe);
        const found = readRecord(this.#path) ?? this.record;
        this.#tell(found.state === 'exited' ? found : lost(found, this.#o.unixMs()));
        return;
      }
      this.#spawn();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** TERM now, KILL after `graceMs`; a later call can only shorten that. */
  stop(graceMs: number): void {
    const pid = this.record.pid;
    if (!this.running || pid === undefined) return;
    const dueMs = performance.now() + graceMs;
    if (this.#killAtMs === Number.POSITIVE_INFINITY && graceMs > 0) signalGroup(pid, 'SIGTERM');
    if (dueMs >= this.#killAtMs) return;
    this.#killAtMs = dueMs;
    clearTimeout(this.#kill);
    this.#kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  }

  terminate(): void {
    if (this.running && this.record.pid !== undefined) signalGroup(this.record.pid, 'SIGTERM');
  }

  #spawn(): void {
    const pipes = this.#o.pipes.length === 2 ? this.#o.pipes : [];
    const child = this.#fork(pipes);
    for (const pipe of pipes) closeSync(pipe.writeFd);
    this.#child = child;
    this.#read('stdout', pipes[0], child.stdout);
    this.#read('stderr', pipes[1], child.stderr);
    child.once('error', (error) => {
      if (child.pid === undefined) this.#fail(error);
    });
    if (child.pid === undefined) return;
    child.once('exit', (code, signal) => this.#exited(code, signal));
    const start = processStart(child.pid);
    const record: AttemptRecord = {
      ...this.record,
      state: 'running',
      pid: child.pid,
      startedAt: this.#o.unixMs(),
      ...(start === undefined ? {} : { start }),
    };
    this.#save(record, false);
    this.#tell(record);
  }

  #fork(pipes: readonly PipeEnds[]): ChildProcess {
    const { argv, env, cwd, uid, gid } = this.#o.program;
    try {
      for (const pipe of pipes) givePipe(pipe, uid, gid);
      return spawn(argv[0] ?? '', argv.slice(1), {
        cwd,
        env: { ...env, [this.#mark[0]]: this.#mark[1] },
        detached: true,
        stdio: ['ignore', pipes[0]?.writeFd ?? 'pipe', pipes[1]?.writeFd ?? 'pipe'],
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      });
    } catch (error) {
      pipes.forEach(closePipe);
      throw error;
    }
  }

  #read(name: 'stdout' | 'stderr', pipe: PipeEnds | undefined, own: Readable | null): void {
    const take = (chunk: Buffer) => this.#log.write(name, chunk);
    const source = pipe === undefined ? own?.on('data', take) : readPipe(pipe.readFd, take);
    if (source === undefined) return;
    this.#open += 1;
    source.on('error', () => source.destroy());
    source.once('close', () => {
      this.#open -= 1;
      if (this.#open === 0) this.#finish();
    });
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.#kill);
    const number = signal === null ? undefined : constants.signals[signal];
    this.#exit =
      number === undefined ? { code: code ?? 0 } : { code: 128 + number, signal: number };
    // What the program left behind ends with it, as the processes of a container do.
    if (this.record.pid !== undefined) signalGroup(this.record.pid, 'SIGKILL');
    killMarked(this.#mark);
    if (this.#open === 0) this.#finish();
    else setTimeout(() => this.#finish(), DRAIN_MS).unref();
  }

  /** Once the process is gone and its output is written. */
  #finish(): void {
    if (this.#exit === undefined || !this.running) return;
    this.#log.end();
    const { code, signal } = this.#exit;
    const record: AttemptRecord = {
      ...this.record,
      state: 'exited',
      finishedAt: this.#o.unixMs(),
      exitCode: code,
      ...(signal === undefined ? {} : { signal }),
    };
    this.#save(record, true);
    this.#tell(record);
  }

  #save(record: AttemptRecord, durable: boolean): void {
    try {
      replaceFile(this.#path, record, durable);
    } catch (error) {
      process.stderr.write(`${this.#path}: ${String(error)}\n`);
      if (durable) setTimeout(() => this.#save(record, durable), RECORD_RETRY_MS).unref();
    }
  }

  #tell(record: AttemptRecord): void {
    this.record = record;
    this.#o.onRecord(record);
  }

  #fail(error: unknown): void {
    this.#child?.removeAllListeners('exit');
    this.record = { ...this.record, state: 'exited' };
    try {
      rmSync(this.#path, { force: true });
    } catch (failure) {
      process.stderr.write(`${this.#path}: ${String(failure)}\n`);
    }
    this.#o.onFailed(startProblem(error, this.#o.program));
  }
}

/** What execve(2) means by its errors, once the program itself was found. */
function startProblem(error: unknown, { argv, uid }: ProgramSpec): string {
  const program = argv[0] ?? '';
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
      return `${program} cannot be executed: what is to run it (the interpreter of its first line, its loader) is not there`;
    case 'EACCES':
      return `${program} cannot be executed${uid === undefined ? '' : ` by user ${uid}`}, or workingDir not entered (EACCES)`;
    case 'E2BIG':
      return 'command and env are more than the system hands to a program, or one of them is over 128 KiB (E2BIG)';
    case 'ENOEXEC':
      return `${program} is no program for this machine (ENOEXEC)`;
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** Into one buffer, over and over: a fast program makes no garbage here. */
function readPipe(fd: number, take: (chunk: Buffer) => void): Readable {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const callback = (count: number): boolean => {
    take(buffer.subarray(0, count));
    return true;
  };
  const options = { fd, readable: true, writable: false, onread: { buffer, callback } };
  const socket = new Socket(options);
  // Nothing is left to take at the end, and without a reader the end would not come.
  return socket.resume();
}

/** An attempt of a shim that is gone. The agent ends such attempts before it starts a new shim; this is for one that it missed. */
const lost = (record: AttemptRecord, unixMs: number): AttemptRecord => ({
  ...record,
  state: 'exited',
  finishedAt: unixMs,
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'the shim that ran this attempt is gone',
});
