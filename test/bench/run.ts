/** npm run bench -- [name ...] [--json] [--quick] [--no-timing] [--list]
 *
 * Prints one line per figure; exits 1 when a goal is missed or a bench cannot be run. `--json` prints the machine-readable form
 * alone on stdout. `--no-timing` leaves goals of wall-clock time out of the verdict: for machines that are not quiet. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BENCHES } from './benches.ts';
import { type Bench, type Figure, figureLine, meetsGoal } from './figure.ts';
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

function human(figure: Figure, ok: boolean): string {
  const goal =
    figure.goal === undefined
      ? ''
      : `  goal ${figure.goal.op} ${figure.goal.value}${ok ? '' : '  MISSED'}`;
  const peer =
    figure.peer === undefined ? '' : `  ${figure.peer.name}: ${figure.peer.value.toPrecision(4)}`;
  return `${figure.name.padEnd(34)} ${figure.value.toPrecision(4).padStart(10)} ${figure.unit.padEnd(6)}${goal}${peer}`;
}

/** How many goals were missed; a bench that fails counts as one. */
async function runOne(bench: Bench, flags: Flags, shared: SharedRig): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `boardlet-bench-${bench.name}-`));
  const say = (line: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
  };
  let missed = 0;
  try {
    say(`bench ${bench.name}`);
    const context = { quick: flags.quick, folder, say, rig: shared.open };
    for (const figure of await bench.run(context)) {
      const ok = meetsGoal(figure);
      if (!ok && (flags.timing || figure.goal?.timing !== true)) missed += 1;
      console.log(flags.json ? figureLine(figure) : human(figure, ok));
    }
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error([`bench ${bench.name} failed: ${text}`, ...(await shared.logs())].join('\n'));
    missed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (!flags.quick) await shared.close();
  }
  return missed;
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
  const shared = new SharedRig();
  let missed = 0;
  try {
    for (const bench of BENCHES) {
      if (names.length === 0 || names.includes(bench.name))
        missed += await runOne(bench, flags, shared);
    }
  } finally {
    await shared.close();
  }
  return missed > 0 ? 1 : 0;
}

process.exit(await main(process.argv.slice(2)));
