/** Starts shims. One spare is kept ready, so that a pod does not wait for Node to start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { Logger, Timer, Timers } from '../../core/host.ts';
import { type ProcessId, processStart } from './linux.ts';

export interface LauncherOptions {
  readonly nodeExecPath: string;
  readonly shimScript: string;
  readonly rootDir: string;
  readonly boot: string;
  readonly spare: boolean;
  readonly timers: Timers;
  readonly log: Logger;
}
export interface LaunchedShim {
  readonly id: ProcessId;
  readonly socket: Duplex;
}

/** The next spare is started only once the pod that took the last one had its turn. */
const SPARE_DELAY_MS = 500;
const MOST_ERROR_BYTES = 65_536;

export class Launcher {
  readonly #o: LauncherOptions;
  #spare: LaunchedShim | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: LauncherOptions) {
    this.#o = options;
  }

  /** Makes the spare ready. */
  warm(): void {
    if (!this.#o.spare || this.#spare !== undefined || this.#closed) return;
    const spare = this.#launch();
    if (spare === undefined) return;
    this.#spare = spare;
    spare.socket.once('close', () => {
      if (this.#spare === spare) this.#spare = undefined;
    });
  }

  /** A shim that waits for its first message; undefined when none can be started. */
  take(): LaunchedShim | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    this.#timer?.cancel();
    if (!this.#closed) this.#timer = this.#o.timers.after(SPARE_DELAY_MS, () => this.warm());
    if (spare !== undefined && processStart(spare.id.pid) === spare.id.start) return spare;
    return this.#launch();
  }

  /** Lets the spare go; shims of pods stay. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#spare?.socket.destroy();
    this.#spare = undefined;
  }

  #launch(): LaunchedShim | undefined {
    const { nodeExecPath, shimScript, rootDir, boot, log } = this.#o;
    try {
      const errors = this.#openErrors();
      // No V8 flags: any would make Node build its heap anew instead of taking its snapshot (10 ms more).
      const child: ChildProcess = spawn(nodeExecPath, [shimScript, rootDir], {
        cwd: '/',
        detached: true,
        env: {},
        stdio: ['ignore', 'ignore', errors, 'pipe'],
      });
      closeSync(errors);
      child.on('error', (error) => log.error('process.shim-failed', { error: error.message }));
      child.unref();
      const socket = child.stdio[3];
      const start = child.pid === undefined ? undefined : processStart(child.pid);
      if (child.pid === undefined || start === undefined || !isDuplex(socket)) return undefined;
      socket.on('error', () => socket.destroy());
      return { id: { pid: child.pid, start, boot }, socket };
    } catch (error) {
      log.error('process.shim-failed', { error: String(error) });
      return undefined;
    }
  }

  /** Where a shim says what it could not; begun anew when it has grown. */
  #openErrors(): number {
    const path = `${this.#o.rootDir}/shim-errors.log`;
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return openSync(path, size > MOST_ERROR_BYTES ? 'w' : 'a', 0o600);
  }
}

const isDuplex = (stream: unknown): stream is Duplex =>
  typeof stream === 'object' && stream !== null && 'write' in stream && 'read' in stream;
