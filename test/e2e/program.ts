/** Our programs beside those of the stack: one more agent, one more bridge. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Ran, World } from './world.ts';

const BIN = resolve(import.meta.dirname, '../../node_modules/.bin');

export interface Program {
  readonly pid: number;
  /** What it printed on stdout when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly logs: string[];
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves with the exit code. */
  readonly stop: (name?: NodeJS.Signals) => Promise<number | null>;
}

function gather(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

/** Resolves when the program has printed its ready line; rejects when it ends before. */
export function startProgram(
  bin: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const child: ChildProcess = spawn(join(BIN, bin), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const logs: string[] = [];
  gather(child.stderr, (line) => {
    logs.push(line);
    if (process.env['E2E_LOG'] === '1') console.error(`${bin}: ${line}`);
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    void ended.then((code) =>
      fail(new Error(`${bin} ended with ${code}\n${logs.slice(-20).join('\n')}`)),
    );
    gather(child.stdout, (line) => {
      if (!line.startsWith('{')) return;
      done({
        pid: child.pid ?? 0,
        ready: JSON.parse(line) as Program['ready'],
        logs,
        signal: (name) => child.kill(name),
        stop: (name = 'SIGTERM') => {
          child.kill(name);
          return ended;
        },
      });
    });
  });
}

export interface Token {
  readonly token: string;
  readonly url: string;
  readonly command: string;
}

export function boardctl(world: World, ...args: readonly string[]): Promise<Ran> {
  return world.stack.run('boardctl', ['--kubeconfig', world.stack.kubeconfig, ...args]);
}

export async function joinToken(world: World, ...args: readonly string[]): Promise<Token> {
  const made = await boardctl(world, '--json', 'board', 'join-token', ...args);
  if (made.code !== 0) throw new Error(made.stderr);
  return JSON.parse(made.stdout) as Token;
}

/** One condition of a node, undefined where there is none. */
export async function conditionOf(
  world: World,
  node: string,
  type: string,
): Promise<{ readonly status: string; readonly reason: string } | undefined> {
  const object = await world.json('get', 'node', node);
  const conditions = object['status']?.['conditions'] as unknown as {
    type: string;
    status: string;
    reason: string;
  }[];
  return conditions.find((c) => c.type === type);
}

/** The events on one object, each `<reason>: <message>`. */
export async function eventsOn(world: World, name: string): Promise<readonly string[]> {
  const list = await world.json(
    'get',
    'events',
    '-A',
    '--field-selector',
    `involvedObject.name=${name}`,
  );
  const items = list['items'] as unknown as { reason: string; message: string }[];
  return items.map((e) => `${e.reason}: ${e.message}`);
}
