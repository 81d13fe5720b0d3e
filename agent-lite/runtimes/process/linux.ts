/** What only Linux knows: which process is which. A pid alone names nobody for long (proc(5)): a process is its pid, its start
 * time in clock ticks since boot, and the boot. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';

export interface ProcessId {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat. */
  readonly start: string;
  readonly boot: string;
}

/** Changes at each boot (random(4)). */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** Fields of /proc/<pid>/stat from the third (state) on; undefined for no process. */
function statFields(pid: number): readonly string[] | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // ENOENT or ESRCH: there is no such process.
    return undefined;
  }
  // The name in parentheses may hold anything, so fields are counted from its end.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Start time of a living process; undefined for none, and for a zombie. */
export function processStart(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

export const isAlive = (id: ProcessId, boot: string): boolean =>
  id.boot === boot && processStart(id.pid) === id.start;

/** Signals the whole process group that `pid` leads; false when there is none. */
export function signalGroup(pid: number, number: NodeJS.Signals | 0): boolean {
  return signal(-pid, number);
}

function signal(pid: number, number: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, number);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return true;
    return false;
  }
}

/** Kills what is left of a container whose shim is gone; true while some of it still lives. The number of a group is not given
 * to a new process while the group has members (setpgid(2)), so a living leader with another start time means that the old
 * group is gone. */
export function killLeftGroup(id: ProcessId, boot: string): boolean {
  if (id.boot !== boot) return false;
  const start = processStart(id.pid);
  if (start !== undefined && start !== id.start) return false;
  return signalGroup(id.pid, 'SIGKILL') && hasLivingMembers(id.pid);
}

/** In the environment of each program, and so of all that it starts, whatever group or session that moves to. */
export const markOf = (
  uid: string,
  container: string,
  attempt: number,
): readonly [string, string] => ['BOARDLET_CONTAINER', `${uid}.${container}.${attempt}`];

/** A process that forks while it is looked for is met in the next round. */
const MARK_ROUNDS = 3;

/** Kills all processes that carry the mark (proc(5), environ: as it was at execve(2)); true when there were any. One that
 * cleared its environment, or is another user's and the agent not root, is not found. */
export function killMarked([name, value]: readonly [string, string]): boolean {
  const mark = Buffer.from(`${name}=${value}\0`);
  let any = false;
  for (let round = 0; round < MARK_ROUNDS; round++) {
    const pids = readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && carries(pid, mark));
    if (pids.length === 0) return any;
    any = true;
    for (const pid of pids) signal(pid, 'SIGKILL');
  }
  return any;
}

function carries(pid: number, mark: Buffer): boolean {
  try {
    return pid !== process.pid && readFileSync(`/proc/${pid}/environ`).includes(mark);
  } catch {
    // Gone since it was listed, or not ours to read.
    return false;
  }
}

/** Zombies that nobody reaps yet do not count. */
export function hasLivingMembers(group: number): boolean {
  return readdirSync('/proc').some((name) => {
    const fields = /^\d+$/.test(name) ? statFields(Number(name)) : undefined;
    return fields?.[2] === String(group) && fields[0] !== 'Z' && fields[0] !== 'X';
  });
}

/** Closes what came down from the agent's own parents: descriptors above `last` that are not close-on-exec, as all of Node's are
 * (flag 02000000 of /proc/<pid>/fdinfo, proc(5)). */
export function closeInherited(last: number): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd <= last) continue;
    try {
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
      const flags = Number.parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? '0', 8);
      if ((flags & 0o2000000) === 0) closeSync(fd);
    } catch {
      // The descriptor of the listing itself, closed by now.
    }
  }
}
