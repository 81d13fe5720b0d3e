/** The shim of one pod. It owns the pod's processes, logs and records, and goes on when the agent dies. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { closeInherited } from '../linux.ts';
import { readJson, removeAttemptsBefore } from '../records.ts';
import {
  createLineReader,
  type FromShim,
  SHIM_FILE,
  SOCKET_NAME,
  type ToShim,
  toLine,
} from '../shim-messages.ts';
import { Container } from './container.ts';
import { makePipes, type PipeEnds } from './pipes.ts';

type Init = Extract<ToShim, { t: 'init' }>;
type Start = Extract<ToShim, { t: 'start' }>;
type Stop = Extract<ToShim, { t: 'stop' }>;

/** The agent's end of a socket pair: the first words come over it, before there is a folder to listen in. */
const CONTROL_FD = 3;
const ABANDONED_GRACE_MS = 10_000;
/** Nothing runs and no agent is there: all that is known is on disk, and the next agent brings a new shim. */
const ALONE_MS = 2_000;
/** An agent that does not read is not waited for. */
const LEAVE_MS = 200;

export class Shim {
  readonly #pipeFolder: string;
  readonly #clients = new Set<Socket>();
  readonly #containers = new Map<string, Container>();
  readonly #attempts = new WeakMap<Container, number>();
  #init: Init | undefined;
  /** Undefined: being made. */
  #pipes: readonly PipeEnds[] | undefined;
  /** What came while pipes were being made, in order. */
  #waiting: (Start | Stop)[] = [];
  #clockOffsetMs = 0;
  #started = false;
  #leaving = false;
  #left = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(pipeFolder: string) {
    this.#pipeFolder = pipeFolder;
  }

  run(): void {
    process.umask(0o022);
    process.chdir('/');
    closeInherited(CONTROL_FD);
    this.#stock();
    const control = new Socket({ fd: CONTROL_FD, readable: true, writable: true });
    this.#serve(control);
    process.on('SIGHUP', () => undefined);
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => this.#terminate());
  }

  #serve(client: Socket): void {
    this.#clients.add(client);
    client.setEncoding('utf8');
    const take = createLineReader(
      (message) => this.#take(message as ToShim),
      () => client.destroy(),
    );
    client.on('data', (text) => take(String(text)));
    client.on('error', () => client.destroy());
    client.once('close', () => {
      this.#clients.delete(client);
      // Without a word from the agent nothing was promised; one that never started anything has nothing to keep.
      if (!this.#started && this.#clients.size === 0) this.#leave();
      else this.#rest();
    });
    this.#rest();
  }

  #take(message: ToShim): void {
    if (this.#left) return;
    switch (message.t) {
      case 'init':
        this.#begin(message);
        break;
      case 'start':
      case 'stop':
        this.#waiting.push(message);
        this.#work();
        break;
      case 'end':
        this.#leaving = true;
        this.#rest();
        break;
    }
  }

  #work(): void {
    while (this.#pipes !== undefined && !this.#left) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.t === 'start') this.#start(next);
      else this.#containers.get(next.container)?.stop(next.graceMs);
    }
  }

  #begin(init: Init): void {
    if (this.#init !== undefined) return;
    this.#init = init;
    process.chdir(init.folder);
    rmSync(SOCKET_NAME, { force: true });
    const server = createServer((client) => {
      this.#serve(client);
      for (const [name, container] of this.#containers) client.write(this.#line(name, container));
      client.write(toLine({ t: 'all' }));
    });
    server.on('error', (error) => process.stderr.write(`${init.folder}: ${error.message}\n`));
    // Relative: the path of a socket may be 107 bytes long (unix(7)), that of a folder longer.
    server.listen(SOCKET_NAME, () => chmodSync(SOCKET_NAME, 0o600));
    server.unref();
    setInterval(() => this.#check(init.folder), init.checkMs).unref();
    this.#rest();
  }

  #start(message: Start): void {
    const init = this.#init;
    if (init === undefined) return;
    this.#clockOffsetMs = message.clockOffsetMs;
    const known = this.#containers.get(message.container);
    if (known !== undefined && (known.running || this.#attempts.get(known) === message.attempt)) {
      this.#send(this.#line(message.container, known));
      return;
    }
    this.#started = true;
    clearTimeout(this.#idle);
    this.#run(init, message);
  }

  #run(init: Init, message: Start): void {
    const { container, attempt, program } = message;
    const pipes = this.#pipes ?? [];
    this.#pipes = undefined;
    const runner = new Container({
      folder: init.folder,
      boot: init.boot,
      container,
      attempt,
      program,
      logBytes: init.logBytes,
      logFiles: init.logFiles,
      unixMs: () => Date.now() + this.#clockOffsetMs,
      pipes,
      onRecord: () => {
        this.#send(this.#line(container, runner));
        this.#rest();
      },
      onFailed: (text) => {
        this.#containers.delete(container);
        this.#send(toLine({ t: 'failed', container, attempt, message: text }));
        this.#rest();
      },
    });
    this.#containers.set(container, runner);
    this.#attempts.set(runner, attempt);
    runner.run();
    removeAttemptsBefore(init.folder, { container, attempt: attempt - 1 });
    this.#stock();
  }

  #line(name: string, container: Container): string {
    const attempt = this.#attempts.get(container) ?? 0;
    const message: FromShim = { t: 'state', container: name, attempt, record: container.record };
    return toLine(message);
  }

  #send(line: string): void {
    for (const client of this.#clients) client.write(line);
  }

  /** Has the next program's pipes ready before they are needed. */
  #stock(): void {
    makePipes(this.#pipeFolder, 2, (pipes) => {
      this.#pipes = pipes;
      this.#work();
    });
  }

  /** Without its folder, or with another shim recorded in it, no agent will ever find this one: its programs must not run on. */
  #check(folder: string): void {
    if (readJson(`${folder}/${SHIM_FILE}`)?.['pid'] === process.pid) return;
    this.#leaving = true;
    for (const container of this.#containers.values()) container.stop(ABANDONED_GRACE_MS);
    this.#rest();
  }

  #terminate(): void {
    this.#leaving = true;
    for (const container of this.#containers.values()) container.terminate();
    this.#rest();
  }

  /** With nothing to run, memory is given back after a while; the next start brings a new shim. */
  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#waiting.length > 0) return;
    if ([...this.#containers.values()].some((c) => c.running)) return;
    if (this.#leaving) this.#leave();
    else if (this.#init !== undefined)
      this.#idle = setTimeout(
        () => this.#leave(),
        this.#clients.size > 0 ? this.#init.idleMs : Math.min(this.#init.idleMs, ALONE_MS),
      );
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#init !== undefined) rmSync(SOCKET_NAME, { force: true });
    let open = this.#clients.size;
    if (open === 0) process.exit(0);
    // What was written last must reach the agent.
    for (const client of this.#clients)
      client.end(() => {
        open -= 1;
        if (open === 0) process.exit(0);
      });
    setTimeout(() => process.exit(0), LEAVE_MS);
  }
}
