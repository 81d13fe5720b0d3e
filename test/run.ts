/** Runs every *.test.ts in a process of its own and judges it strictly: exit 0, at least one test,
 * all passed, none skipped. uvu 0.5.6 alone reports success for a throwing before() hook, a thrown
 * non-Error, a forgotten run() and a leftover only().
 *
 *   node --import tsx --conditions=@boardlet/source test/run.ts [--full] [--jobs N] [path-part ...]
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const FOLDERS = ['adapters', 'board-support', 'agent-lite', 'cloud-bridge', 'qemu', 'test'];
const DEFAULT_TIMEOUT_MS = 120_000;

interface Outcome {
  readonly file: string;
  readonly output: string;
  readonly passed: number;
  readonly failed: number;
  readonly reason?: string;
  readonly notRun?: string;
}

/** Whole stacks mostly wait: begun first, they do not stand in line at the end. */
const isLong = (file: string): boolean => file.startsWith(join('test', 'e2e'));

function listTests(filters: readonly string[], full: boolean): string[] {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (/(^|\/)(node_modules|dist)\//.test(name) || !name.endsWith('.test.ts')) continue;
      if (name.endsWith('.full.test.ts') && !full) continue;
      found.push(join(folder, name));
    }
  }
  return found
    .filter((f) => filters.length === 0 || filters.some((s) => f.includes(s)))
    .sort((a, b) => Number(isLong(b)) - Number(isLong(a)) || (a < b ? -1 : 1));
}

function verdict(
  code: number | null,
  timedOut: boolean,
  output: string,
): Omit<Outcome, 'file' | 'output'> {
  const count = (label: string): number =>
    Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? Number.NaN);
  const total = count('Total');
  const passed = count('Passed');
  const skipped = count('Skipped');
  const notRun = /^NOT RUN: (.*)$/m.exec(output)?.[1];
  if (!timedOut && code === 0 && notRun !== undefined) return { passed: 0, failed: 0, notRun };
  const bad = (reason: string) => ({
    passed: passed || 0,
    failed: Math.max(1, (total || 0) - (passed || 0)),
    reason,
  });
  if (timedOut) return bad('timed out');
  if (code !== 0) return bad(`exit ${code}`);
  if (!(total > 0)) return bad('no test ran (missing run()?)');
  if (passed !== total) return bad(`${passed} of ${total} passed, yet exit 0`);
  if (skipped > 0) return bad(`${skipped} skipped`);
  return { passed, failed: 0 };
}

function runFile(file: string): Promise<Outcome> {
  const timeoutMs =
    Number(process.env['TEST_TIMEOUT_MS'] ?? DEFAULT_TIMEOUT_MS) *
    (file.endsWith('.full.test.ts') ? 10 : 1);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, file], {
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ file, output, ...verdict(code, timedOut, output) });
    });
  });
}

async function main(args: readonly string[]): Promise<number> {
  const full = args.includes('--full');
  const jobsAt = args.indexOf('--jobs');
  // One more than there are cores: many files wait for processes, brokers and timers.
  const jobs = jobsAt >= 0 ? Number(args[jobsAt + 1]) : availableParallelism() + 1;
  const filters = args.filter((a, i) => !a.startsWith('--') && (jobsAt < 0 || i !== jobsAt + 1));
  const files = listTests(filters, full);
  if (files.length === 0) {
    console.error(`no test file matches ${filters.join(' ') || 'the folders'}`);
    return 1;
  }
  const queue = [...files];
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let f = queue.shift(); f !== undefined; f = queue.shift()) {
      const startedAt = performance.now();
      const o = await runFile(f);
      outcomes.push(o);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const mark = o.reason !== undefined ? 'FAIL' : o.notRun !== undefined ? 'none' : 'ok  ';
      console.log(`${mark} ${f} ${seconds}s${o.reason ? `  (${o.reason})` : ''}`);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker));
  const bad = outcomes.filter((o) => o.reason !== undefined);
  for (const o of bad) console.error(`\n--- ${o.file} (${o.reason})\n${o.output}`);
  for (const o of outcomes)
    if (o.notRun !== undefined) console.log(`not run: ${o.file}: ${o.notRun}`);
  const passed = outcomes.reduce((n, o) => n + o.passed, 0);
  const failed = outcomes.reduce((n, o) => n + o.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return bad.length === 0 ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
