/** Command lines in pages are given to the programs themselves, with one more flag that no program has. A parser that
 * complains of that flag has taken all before it; and nothing is ever started. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from './codes.ts';
import { readPages } from './pages.ts';

const PROGRAMS: Readonly<Record<string, string>> = {
  'boardlet-agent': 'agent-lite/bin/boardlet-agent.ts',
  'boardlet-bridge': 'cloud-bridge/bin/boardlet-bridge.ts',
  'boardlet-broker': 'cloud-bridge/bin/boardlet-broker.ts',
  'boardlet-api': 'cloud-bridge/bin/boardlet-api.ts',
  boardctl: 'cloud-bridge/bin/boardctl.ts',
};
const NO_FLAG = '--no-such-flag';
const JOBS = 2;

interface CommandLine {
  readonly where: string;
  readonly words: readonly string[];
}

/** Without what a shell takes off: a prompt, settings of variables, `npx`, `sudo`, a comment; `…` stands for what is left out. */
function wordsOf(line: string): readonly string[] {
  const words = line.replace(/\s#.*$/, '').split(/\s+/);
  const start = words.findIndex((w) => !/^(\$|sudo|npx|[A-Z_]+=\S*)$/.test(w));
  return words.slice(Math.max(0, start)).filter((w) => w !== '…');
}

const pages = readPages();
const lines: readonly CommandLine[] = pages.flatMap((page) =>
  page.commands.map((line) => ({ where: `${page.path}: ${line}`, words: wordsOf(line) })),
);
/** In sentences commands are often named without what they need; those of npm are whole. */
const spans: readonly CommandLine[] = pages.flatMap((page) =>
  page.spans.map((line) => ({ where: `${page.path}: ${line}`, words: wordsOf(line) })),
);
const linesOf = (...names: readonly string[]): readonly CommandLine[] =>
  lines.filter(({ words }) => names.includes(words[0] ?? ''));

function complaintOf(script: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, join(ROOT, script), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 30_000,
    });
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    child.on('close', () => resolve(text));
  });
}

async function judge({ where, words }: CommandLine): Promise<string | undefined> {
  const [name = '', ...args] = words;
  if (args.includes('--help') || args.includes('--version')) return undefined;
  const complaint = await complaintOf(PROGRAMS[name] ?? '', [...args, NO_FLAG]);
  return complaint.includes(NO_FLAG) ? undefined : `${where}\n  ${complaint.slice(0, 300)}`;
}

async function judgeAll(given: readonly CommandLine[]): Promise<readonly string[]> {
  const queue = [...new Map(given.map((line) => [line.words.join(' '), line])).values()];
  const faults: string[] = [];
  const worker = async (): Promise<void> => {
    for (let line = queue.pop(); line !== undefined; line = queue.pop()) {
      const fault = await judge(line);
      if (fault !== undefined) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
  return faults;
}

test('our programs take every command line that a page shows', async () => {
  const given = linesOf(...Object.keys(PROGRAMS));
  assert.ok(given.length > 10);
  assert.equal(await judgeAll(given), []);
});

test('a wrong subcommand, a wrong flag and a missing one are noticed', async () => {
  const wrong = [
    ['boardctl', 'board', 'jion-token'],
    ['boardctl', 'board', 'list', '--jsno'],
    ['boardctl', 'board', 'move', 'pump-1'],
    ['boardlet-agent', 'run', '--dri', '/tmp'],
    ['boardlet-api', '--date', '/tmp'],
  ].map((words) => ({ where: words.join(' '), words }));
  assert.is((await judgeAll(wrong)).length, wrong.length);
});

test('npm scripts in pages exist, and what they are given is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const sources: Readonly<Record<string, string>> = {
    start: readFileSync(join(ROOT, 'start.ts'), 'utf8'),
    build: readFileSync(join(ROOT, 'build.ts'), 'utf8'),
    bench: ['benches.ts', 'run.ts']
      .map((name) => readFileSync(join(ROOT, 'test/bench', name), 'utf8'))
      .join('\n'),
  };
  for (const { where, words } of [
    ...linesOf('npm'),
    ...spans.filter((s) => s.words[0] === 'npm'),
  ]) {
    const [, verb = '', ...rest] = words;
    if (!['run', 'test', 'start'].includes(verb)) continue;
    const script = verb === 'run' ? (rest[0] ?? '') : verb;
    assert.ok(script in scripts, where);
    const given = words.slice(words.indexOf('--') + 1 || words.length);
    const source = sources[script] ?? '';
    const known = (word: string): boolean =>
      script.startsWith('test') ? isTestPath(word) : isPlaceholder(word) || source.includes(word);
    assert.equal(
      given.filter((word) => !known(word)),
      [],
      where,
    );
  }
});

/** `DIR`, `<name>`. */
const isPlaceholder = (word: string): boolean => /^([A-Z]+|<.*>)$/.test(word);

const testFiles: readonly string[] = [
  'adapters',
  'agent-lite',
  'board-support',
  'cloud-bridge',
  'test',
].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name)),
);

/** `npm test -- part` runs the files whose path has the part. */
const isTestPath = (part: string): boolean =>
  part.startsWith('--') || testFiles.some((file) => file.includes(part));

test('scripts that a page runs with node are there', () => {
  for (const { where, words } of linesOf('node', 'bash')) {
    const script = words.slice(1).find((word) => /\.(ts|mjs|sh)$/.test(word));
    assert.ok(script !== undefined && existsSync(join(ROOT, script)), where);
  }
});

test.run();
