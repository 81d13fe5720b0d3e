/** Memory of a process as the kernel counts it, MiB. Linux only: elsewhere there is no smaps_rollup. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  /** All pages present, those of the program's file counted although every other node has them too. */
  readonly rss: number;
  /** Pages present, each divided by the number of processes that have it. */
  readonly pss: number;
  /** Pages that no file backs: what the process alone costs. */
  readonly anon: number;
}

const KIB = 1024;

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no ${name}`);
    return Number(found) / KIB;
  };
  return { rss: field('Rss'), pss: field('Pss'), anon: field('Anonymous') };
}

/** Processes whose arguments hold each of the texts. */
export function processesWith(...parts: readonly string[]): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      if (parts.every((part) => line.includes(part))) found.push(Number(name));
    } catch (error) {
      // It ended between the listing and the reading.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
  return found;
}
