/** npm run bench -- [name ...] [--json] [--quick] [--no-timing] [--list]
 *
 * Prints one line per figure; exits 1 when a goal is missed or a bench cannot be run. `--json` prints the machine-readable form
 * alone on stdout. `--no-timing` leaves goals of wall-clock time out of the verdict: for machines that are not quiet. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BENCHES } from './benches.ts';
import { type Bench, type BenchContext, type Figure, figureLine, meetsGoal } from './figure.ts';
import { type Rig, startRig } from './rig.ts';

interface Flags {
  readonly json: boolean;
  readonly quick: boolean;
  readonly timing: boolean;
}

const FLAGS: ReadonlySet<string> = new Set(['--json', '--quick', '--no-timing', '--list']);

/** The stack in use: started when a bench asks for it, ended after that bench or, with `--quick`, after the last. */
class SharedRig {
  #rig: Promise<Rig> | undefined;

  readonly open = (): Promise<Rig> => {
    this.#rig ??= startRig();
    return this.#rig;
  };

  async logs(): Promise<readonly string[]> {
    const [opened] = await Promise.allSettled([this.#rig]);
    return opened.status === 'fulfilled' ? (opened.value?.logs ?? []) : [];
  }

  async close(): Promise<void> {
    const [opened] = await Promise.allSettled([this.#rig]);
    this.#rig = undefined;
    if (opened.status === 'fulfilled') await opened.value?.close();
  }
}

function say(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

function human(figure: Figure, ok: boolean): string {
  const goal =
    figure.goal === undefined
      ? ''
      : `  goal ${figure.goal.op} ${figure.goal.value}${ok ? '' : '  MISSED'}`;
  const peer =
    figure.peer === undefined ? '' : `  ${figure.peer.name}: ${figure.peer.value.toPrecision(4)}`;
  return `${figure.name.padEnd(34)} ${figure.value.toPrecision(4).padStart(10)} ${figure.unit.padEnd(6)}${goal}${peer}`;
}

class Runner {
  missed = 0;
  readonly #flags: Flags;
  readonly #shared = new SharedRig();
  readonly #waiting = new Map<Bench, Promise<readonly Figure[]>>();

  constructor(flags: Flags) {
    this.#flags = flags;
  }

  async all(benches: readonly Bench[]): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'boardlet-bench-'));
    const context = { quick: this.#flags.quick, folder, say, rig: this.#shared.open };
    try {
      if (this.#flags.quick) for (const bench of benches) this.#startWaiting(bench, context);
      for (const bench of benches) await this.#one(bench, context);
    } finally {
      await this.#shared.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #startWaiting(bench: Bench, context: BenchContext): void {
    const waiting = bench.waits?.(context) ?? Promise.resolve([]);
    // It is awaited, and its failure told, when the bench has its turn.
    waiting.catch(() => undefined);
    this.#waiting.set(bench, waiting);
  }

  async #one(bench: Bench, context: BenchContext): Promise<void> {
    say(`bench ${bench.name}`);
    try {
      this.#show(await (this.#waiting.get(bench) ?? bench.waits?.(context) ?? []));
      this.#show(await bench.run(context));
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const logs = await this.#shared.logs();
      console.error([`bench ${bench.name} failed: ${text}`, ...logs].join('\n'));
      this.missed += 1;
    }
    if (!this.#flags.quick) await this.#shared.close();
  }

  #show(figures: readonly Figure[]): void {
    for (const figure of figures) {
      const ok = meetsGoal(figure);
      if (!ok && (this.#flags.timing || figure.goal?.timing !== true)) this.missed += 1;
      console.log(this.#flags.json ? figureLine(figure) : human(figure, ok));
    }
  }
}

function wrong(args: readonly string[]): string | undefined {
  const names = BENCHES.map((b) => b.name);
  for (const arg of args) {
    if (arg.startsWith('--') && !FLAGS.has(arg))
      return `no flag ${arg}; there are ${[...FLAGS].join(', ')}`;
    if (!arg.startsWith('--') && !names.includes(arg))
      return `no bench named ${arg}; there are ${names.join(', ')}`;
  }
  return undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const fault = wrong(args);
  if (fault !== undefined) {
    console.error(fault);
    return 2;
  }
  if (args.includes('--list')) {
    for (const b of BENCHES) console.log(b.name);
    return 0;
  }
  const flags = {
    json: args.includes('--json'),
    quick: args.includes('--quick'),
    timing: !args.includes('--no-timing'),
  };
  const names = args.filter((a) => !a.startsWith('--'));
  const runner = new Runner(flags);
  await runner.all(BENCHES.filter((b) => names.length === 0 || names.includes(b.name)));
  return runner.missed > 0 ? 1 : 0;
}

process.exit(await main(process.argv.slice(2)));
