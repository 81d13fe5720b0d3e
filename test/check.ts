/** `npm run check`: types (whole tree, and the pure parts without Node's types), lint and format, generated files up to date. */
import { spawn } from 'node:child_process';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const source = (script: string): string[] => [
  process.execPath,
  '--import',
  'tsx',
  '--conditions=@boardlet/source',
  script,
  '--check',
];

const CHECKS: readonly Check[] = [
  { name: 'types', command: ['node_modules/.bin/tsc', '-p', 'tsconfig.json'] },
  {
    name: 'types of the pure parts, without Node',
    command: ['node_modules/.bin/tsc', '-p', 'tsconfig.pure.json'],
  },
  {
    name: 'lint and format',
    command: ['node_modules/.bin/biome', 'check', '--error-on-warnings', '.'],
  },
  { name: 'generated registry', command: source('adapters/wire/generate.ts') },
  { name: 'generated vectors', command: source('test/wire/generate-vectors.ts') },
];

function run(
  check: Check,
): Promise<{ readonly check: Check; readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const [program = '', ...args] = check.command;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ check, code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ check, code: code ?? 1, output }));
  });
}

const results = await Promise.all(CHECKS.map(run));
for (const r of results) {
  console.log(`${r.code === 0 ? 'ok  ' : 'FAIL'} ${r.check.name}`);
  if (r.code !== 0) console.error(r.output);
}
process.exit(results.every((r) => r.code === 0) ? 0 : 1);
