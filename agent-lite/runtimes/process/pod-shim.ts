/** The agent's side of one pod: its shim, wherever that is in its life, and the attempts that the shim keeps. */
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Clock, Logger, Timer, Timers } from '../../core/host.ts';
import type { Launcher } from './launcher.ts';
import { isAlive, killLeftGroup, killMarked, markOf, type ProcessId } from './linux.ts';
import {
  type Attempt,
  type AttemptRecord,
  listAttempts,
  readJson,
  readRecord,
  recordName,
  replaceFile,
} from './records.ts';
import {
  createLineReader,
  type FromShim,
  type ProgramSpec,
  SHIM_FILE,
  SOCKET_NAME,
  type ToShim,
  toLine,
} from './shim-messages.ts';

export interface PodShimOptions {
  readonly folder: string;
  readonly boot: string;
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly logBytes: number;
  readonly logFiles: number;
  readonly idleMs: number;
  readonly checkMs: number;
  readonly onRecord: (attempt: Attempt, record: AttemptRecord) => void;
  readonly onFailed: (attempt: Attempt, message: string) => void;
}

/** A shim that was recorded but does not listen yet is still starting. */
const CONNECT_EVERY_MS = 25;
const CONNECT_TRIES = 400;
/** A killed process may take a moment to go. */
const BURY_EVERY_MS = 10;
const BURY_TRIES = 1_000;
const MOST_LAUNCHES = 5;
const END_MS = 2_000;

type Life = 'none' | 'connecting' | 'open' | 'burying' | 'removed';

export class PodShim {
  readonly #o: PodShimOptions;
  readonly #starts = new Map<string, Extract<ToShim, { t: 'start' }>>();
  readonly #stops = new Map<string, number>();
  /** Records that the shim at the other end of the link has told. */
  readonly #seen = new Set<string>();
  #life: Life = 'none';
  #id: ProcessId | undefined;
  #link: Duplex | undefined;
  #timer: Timer | undefined;
  #launches = 0;
  #ending = false;

  constructor(options: PodShimOptions) {
    this.#o = options;
  }

  /** Finds the shim of an earlier agent process, or buries what it left. */
  recover(): void {
    const id = readJson(`${this.#o.folder}/${SHIM_FILE}`);
    const { pid, start, boot } = id ?? {};
    if (typeof pid === 'number' && typeof start === 'string' && typeof boot === 'string')
      this.#id = { pid, start, boot };
    this.#lost();
  }

  start(attempt: Attempt, program: ProgramSpec): void {
    const clockOffsetMs = this.#o.clock.unixMs() - Date.now();
    this.#starts.set(attempt.container, { t: 'start', ...attempt, program, clockOffsetMs });
    this.#launches = 0;
    if (this.#life === 'open') this.#flush();
    else if (this.#life === 'none') this.#launch();
  }

  stop(container: string, graceMs: number): void {
    this.#stops.set(container, graceMs);
    if (this.#life === 'open') this.#flush();
  }

  /** Ends the shim and removes the folder. The containers have ended. */
  remove(): void {
    this.#ending = true;
    if (this.#life === 'none') this.#removeFolder();
    else if (this.#link !== undefined) {
      this.#write({ t: 'end' });
      this.#timer = this.#o.timers.after(END_MS, () => {
        if (this.#id !== undefined) this.#killShim(this.#id);
      });
    }
  }

  /** Lets go of the shim, which runs on. */
  close(): void {
    this.#life = 'removed';
    this.#timer?.cancel();
    this.#link?.destroy();
  }

  #launch(): void {
    const { launcher, folder } = this.#o;
    this.#launches += 1;
    const shim = this.#launches > MOST_LAUNCHES ? undefined : launcher.take();
    if (shim === undefined) {
      this.#giveUp('the shim of the pod did not start');
      return;
    }
    try {
      // Recorded before the first word: a shim that has heard nothing leaves with the agent, one that has is found again.
      replaceFile(`${folder}/${SHIM_FILE}`, shim.id, false);
    } catch (error) {
      shim.socket.destroy();
      this.#giveUp(String(error));
      return;
    }
    this.#id = shim.id;
    this.#attach(shim.socket);
    const { boot, logBytes, logFiles, idleMs, checkMs } = this.#o;
    this.#write({ t: 'init', folder, boot, logBytes, logFiles, idleMs, checkMs });
    this.#flush();
  }

  #giveUp(message: string): void {
    const starts = [...this.#starts.values()];
    this.#starts.clear();
    for (const { container, attempt } of starts) this.#o.onFailed({ container, attempt }, message);
  }

  #attach(link: Duplex): void {
    this.#life = 'open';
    this.#link = link;
    this.#seen.clear();
    link.setEncoding('utf8');
    const take = createLineReader(
      (message) => this.#take(message as FromShim),
      () => link.destroy(),
    );
    link.on('data', (text) => take(String(text)));
    link.once('close', () => {
      if (this.#link === link) this.#lost();
    });
  }

  #take(message: FromShim): void {
    if (message.t === 'all') {
      this.#endUnknown();
      return;
    }
    const { container, attempt } = message;
    if (this.#starts.get(container)?.attempt === attempt) this.#starts.delete(container);
    if (message.t === 'failed') this.#o.onFailed({ container, attempt }, message.message);
    else {
      this.#seen.add(recordName(message));
      this.#o.onRecord({ container, attempt }, message.record);
    }
  }

  /** Attempts of a former shim, whose end could not be written down then. */
  #endUnknown(): void {
    for (const attempt of listAttempts(this.#o.folder)) {
      const name = recordName(attempt);
      const record = readRecord(`${this.#o.folder}/${name}`);
      if (record !== undefined && record.state !== 'exited' && !this.#seen.has(name))
        this.#ended(attempt, record);
    }
  }

  #flush(): void {
    for (const start of this.#starts.values()) this.#write(start);
    for (const [container, graceMs] of this.#stops) this.#write({ t: 'stop', container, graceMs });
    this.#stops.clear();
  }

  #write(message: ToShim): void {
    this.#link?.write(toLine(message));
  }

  /** No link (any more): find out whether the shim still lives. */
  #lost(): void {
    if (this.#life === 'removed') return;
    this.#timer?.cancel();
    this.#link = undefined;
    const id = this.#id;
    if (id !== undefined && isAlive(id, this.#o.boot)) {
      this.#life = 'connecting';
      this.#connect(id, CONNECT_TRIES);
    } else this.#bury(BURY_TRIES);
  }

  #connect(id: ProcessId, tries: number): void {
    if (!isAlive(id, this.#o.boot)) {
      this.#bury(BURY_TRIES);
      return;
    }
    if (tries === 0) {
      this.#o.log.warn('process.shim-mute', { folder: this.#o.folder, pid: id.pid });
      this.#killShim(id);
    }
    const again = () => {
      if (this.#life === 'connecting')
        this.#timer = this.#o.timers.after(CONNECT_EVERY_MS, () =>
          this.#connect(id, Math.max(0, tries - 1)),
        );
    };
    const socket = this.#openSocket(again);
    socket?.once('connect', () => {
      socket.off('error', again);
      socket.on('error', () => socket.destroy());
      if (this.#life !== 'connecting') socket.destroy();
      else {
        this.#attach(socket);
        this.#flush();
        if (this.#ending) this.remove();
      }
    });
  }

  /** By way of the folder's descriptor, since the path of a socket may be 107 bytes long and no more (unix(7)). */
  #openSocket(failed: () => void): Socket | undefined {
    let folder: number;
    try {
      folder = openSync(this.#o.folder, constants.O_RDONLY);
    } catch {
      failed();
      return undefined;
    }
    const socket = connect(`/proc/self/fd/${folder}/${SOCKET_NAME}`);
    socket.once('error', failed);
    socket.once('connect', () => closeSync(folder));
    socket.once('error', () => closeSync(folder));
    return socket;
  }

  #killShim(id: ProcessId): void {
    if (!isAlive(id, this.#o.boot)) return;
    try {
      process.kill(id.pid, 'SIGKILL');
    } catch (error) {
      this.#o.log.warn('process.kill-failed', { pid: id.pid, error: String(error) });
    }
  }

  /** The shim is gone: what it ran ends too, since nobody would take its output or see its exit. */
  #bury(tries: number): void {
    this.#life = 'burying';
    let left = 0;
    for (const attempt of listAttempts(this.#o.folder)) {
      const record = readRecord(`${this.#o.folder}/${recordName(attempt)}`);
      if (record === undefined || record.state === 'exited') continue;
      if (tries > 0 && this.#stillThere(attempt, record)) left += 1;
      else this.#ended(attempt, record);
    }
    if (left > 0) {
      this.#timer = this.#o.timers.after(BURY_EVERY_MS, () => this.#bury(tries - 1));
      return;
    }
    this.#id = undefined;
    this.#life = 'none';
    if (this.#ending) this.#removeFolder();
    else if (this.#starts.size > 0) this.#launch();
  }

  #stillThere({ container, attempt }: Attempt, record: AttemptRecord): boolean {
    const { pid, start, boot } = record;
    // The shim went between starting the process and writing down which.
    if (pid === undefined || start === undefined)
      return killMarked(markOf(basename(this.#o.folder), container, attempt));
    return killLeftGroup({ pid, start, boot }, this.#o.boot);
  }

  #ended(attempt: Attempt, record: AttemptRecord): void {
    const rebooted = record.boot !== this.#o.boot;
    const ended: AttemptRecord = {
      ...record,
      state: 'exited',
      finishedAt: this.#o.clock.unixMs(),
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: rebooted
        ? 'the board was restarted while the container ran'
        : 'the shim of the pod ended, and the container with it',
    };
    try {
      replaceFile(`${this.#o.folder}/${recordName(attempt)}`, ended, true);
    } catch (error) {
      this.#o.log.warn('process.record-failed', {
        folder: this.#o.folder,
        error: String(error),
      });
    }
    if (this.#starts.get(attempt.container)?.attempt === attempt.attempt)
      this.#starts.delete(attempt.container);
    this.#stops.delete(attempt.container);
    this.#o.onRecord(attempt, ended);
  }

  #removeFolder(): void {
    this.#life = 'removed';
    this.#timer?.cancel();
    try {
      rmSync(this.#o.folder, { recursive: true, force: true });
    } catch (error) {
      this.#o.log.warn('process.remove-failed', { folder: this.#o.folder, error: String(error) });
    }
  }
}
