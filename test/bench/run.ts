/** npm run bench -- [name ...] [--json] [--quick] [--no-timing] [--list]
 *
 * Prints one line per figure; exits 1 when a goal is missed. `--json` prints the machine-readable form alone on stdout. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BENCHES } from './benches.ts';
import { type Bench, type Figure, figureLine, meetsGoal } from './figure.ts';

interface Flags {
  readonly json: boolean;
  readonly quick: boolean;
  readonly timing: boolean;
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

async function runOne(bench: Bench, flags: Flags): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `boardlet-bench-${bench.name}-`));
  const say = (line: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
  };
  let missed = 0;
  try {
    say(`bench ${bench.name}`);
    for (const figure of await bench.run({ quick: flags.quick, folder, say })) {
      const ok = meetsGoal(figure);
      if (!ok && (flags.timing || figure.goal?.timing !== true)) missed += 1;
      console.log(flags.json ? figureLine(figure) : human(figure, ok));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return missed;
}

async function main(args: readonly string[]): Promise<number> {
  const flags = {
    json: args.includes('--json'),
    quick: args.includes('--quick'),
    timing: !args.includes('--no-timing'),
  };
  const names = args.filter((a) => !a.startsWith('--'));
  if (args.includes('--list')) {
    for (const b of BENCHES) console.log(b.name);
    return 0;
  }
  const unknown = names.filter((n) => !BENCHES.some((b) => b.name === n));
  if (unknown.length > 0) {
    console.error(
      `no bench named ${unknown.join(', ')}; there are ${BENCHES.map((b) => b.name).join(', ')}`,
    );
    return 2;
  }
  let missed = 0;
  for (const bench of BENCHES) {
    if (names.length === 0 || names.includes(bench.name)) missed += await runOne(bench, flags);
  }
  return missed > 0 ? 1 : 0;
}

process.exit(await main(process.argv.slice(2)));
