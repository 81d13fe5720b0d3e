/** Pipes for a program's output. Node's own are socket pairs, on which opening /dev/stdout or /dev/stderr fails (ENXIO, unix(7)):
 * a FIFO, unlinked once both its ends are open, is what programs expect. */
import { execFile } from 'node:child_process';
import { closeSync, constants, fchownSync, openSync, rmSync } from 'node:fs';

export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

const MKFIFO = ['/usr/bin/mkfifo', '/bin/mkfifo'];
let made = 0;

/** Calls back with as many pipes as asked for; with none where the system has no mkfifo or refuses. */
export function makePipes(folder: string, count: number, done: (pipes: PipeEnds[]) => void): void {
  const paths = Array.from({ length: count }, () => `${folder}/.pipe-${process.pid}-${made++}`);
  const tryNext = (at: number): void => {
    const command = MKFIFO[at];
    if (command === undefined) {
      done([]);
      return;
    }
    execFile(command, ['-m', '600', '--', ...paths], { env: {} }, (error) => {
      if (error === null) done(openAll(paths));
      else tryNext(at + 1);
    });
  };
  tryNext(0);
}

function openAll(paths: readonly string[]): PipeEnds[] {
  const pipes: PipeEnds[] = [];
  for (const path of paths) {
    try {
      const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      // A reader is there, so this does not block (fifo(7)); the program gets a blocking end.
      pipes.push({ readFd, writeFd: openSync(path, constants.O_WRONLY) });
    } catch {
      // The caller gets fewer and falls back to Node's own.
    }
    rmSync(path, { force: true });
  }
  return pipes;
}

/** Lets a program of another user open its /dev/stdout. */
export function givePipe(pipe: PipeEnds, uid: number | undefined, gid: number | undefined): void {
  if (uid !== undefined || gid !== undefined) fchownSync(pipe.writeFd, uid ?? -1, gid ?? -1);
}

export function closePipe(pipe: PipeEnds): void {
  closeSync(pipe.readFd);
  closeSync(pipe.writeFd);
}
