/** The parts of a whole boardlet on one machine, each a child process started by its bin name. `npm start` and the tests use it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';

export type Part = 'api' | 'broker' | 'bridge' | 'agent';

export interface StackOptions {
  readonly data: string;
  readonly fleet: string;
  readonly board: string;
  /** Address of this machine at which boards on other machines reach broker and join server. Default 127.0.0.1. */
  readonly host?: string;
  /** Extra arguments of a part, after the usual ones. */
  readonly args?: Partial<Record<Part, readonly string[]>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Brokers to use instead of our own, `mqtts://…` or `wss://…`; leave `broker` out of `parts` then. */
  readonly brokers?: readonly string[];
  /** Parts to start; default all four. */
  readonly parts?: readonly Part[];
  /** Each line that a part writes to stderr. */
  readonly onLog?: (part: Part, line: string) => void;
}

/** What a part prints on stdout once it is ready: one JSON object. */
export type Ready = Readonly<Record<string, unknown>>;

interface Child {
  readonly process: ChildProcess;
  readonly ready: Ready;
  readonly exited: Promise<number | null>;
}

export interface Stack {
  readonly kubeconfig: string;
  readonly node: string;
  readonly ready: (part: Part) => Ready;
  readonly pid: (part: Part) => number;
  /** Ends a part: SIGTERM and wait, or SIGKILL. */
  readonly stop: (part: Part, signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  readonly start: (part: Part) => Promise<void>;
  /** Runs one of our programs to its end. */
  readonly run: (
    bin: string,
    args: readonly string[],
  ) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  readonly close: () => Promise<void>;
}

const BIN = resolve(import.meta.dirname, 'node_modules/.bin');
const LOOPBACK = '127.0.0.1';
/** What boards on other machines reach; the API and the kubelet endpoint stay on loopback. */
const PUBLIC: ReadonlySet<string> = new Set(['broker', 'wss', 'join']);
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
/** The broker first: it makes the CA, in the fleet's trust domain, that the others then use. */
const ORDER: readonly Part[] = ['broker', 'api', 'bridge', 'agent'];

function lines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) onLine(line);
  };
}

function startChild(
  bin: string,
  args: readonly string[],
  options: StackOptions,
  part: Part,
): Promise<Child> {
  const child = spawn(join(BIN, bin), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    // A group of its own: Ctrl-C at a terminal reaches only us, and the parts are then stopped in order.
    detached: true,
  });
  const exited = new Promise<number | null>((done) => {
    child.on('close', done);
  });
  const tail: string[] = [];
  child.stderr.on(
    'data',
    lines((line) => {
      tail.push(line);
      if (tail.length > 20) tail.shift();
      options.onLog?.(part, line);
    }),
  );
  return new Promise((done, fail) => {
    const timer = setTimeout(
      () => fail(new Error(`${bin} said nothing for ${READY_TIMEOUT_MS} ms\n${tail.join('\n')}`)),
      READY_TIMEOUT_MS,
    );
    child.on('error', fail);
    child.on('close', (code) => {
      clearTimeout(timer);
      fail(new Error(`${bin} ended with ${code} before it was ready\n${tail.join('\n')}`));
    });
    child.stdout.on(
      'data',
      lines((line) => {
        if (!line.startsWith('{')) return;
        clearTimeout(timer);
        done({ process: child, ready: JSON.parse(line) as Ready, exited });
      }),
    );
  });
}

async function stopChild(child: Child, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  child.process.kill(signal);
  const timer = setTimeout(() => child.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await child.exited;
  clearTimeout(timer);
}

function runToEnd(
  bin: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(join(BIN, bin), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (c) => {
      stdout += c;
    });
    child.stderr.on('data', (c) => {
      stderr += c;
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code: code ?? 1, stdout, stderr }));
  });
}

/** The same ports at each start, so that what a board remembers stays true. */
function fixedPorts(
  data: string,
  publicHost: string,
): {
  readonly get: (name: string) => string;
  readonly set: (name: string, value: string) => void;
} {
  const path = join(data, 'ports.json');
  const ports: Record<string, string> = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>)
    : {};
  return {
    get: (name) => {
      const port = ports[name]?.split(':').at(-1) ?? '0';
      return `${PUBLIC.has(name) ? publicHost : LOOPBACK}:${port}`;
    },
    set: (name, value) => {
      if (ports[name] === value) return;
      ports[name] = value;
      writeFileSync(path, `${JSON.stringify(ports)}\n`);
    },
  };
}

function brokerFlags({ brokers }: StackOptions, ports: ReturnType<typeof fixedPorts>): string[] {
  const own = `mqtts://${ports.get('broker')}`;
  const [first = own] = brokers ?? [];
  const told = brokers ?? [own, `wss://${ports.get('wss')}/mqtt`];
  return ['--broker', first, ...told.flatMap((url) => ['--public-broker', url])];
}

function commandOf(
  part: Part,
  options: StackOptions,
  ports: ReturnType<typeof fixedPorts>,
): readonly [string, string[]] {
  const { data } = options;
  const pki = join(data, 'pki');
  const kubeconfig = join(data, 'kubeconfig');
  const extra = options.args?.[part] ?? [];
  switch (part) {
    case 'api':
      return [
        'boardlet-api',
        [
          '--data',
          join(data, 'api'),
          '--listen',
          ports.get('api'),
          '--pki',
          pki,
          '--kubeconfig-out',
          kubeconfig,
          ...extra,
        ],
      ];
    case 'broker':
      return [
        'boardlet-broker',
        [
          '--pki',
          pki,
          '--listen',
          ports.get('broker'),
          '--wss',
          ports.get('wss'),
          '--fleet',
          options.fleet,
          ...extra,
        ],
      ];
    case 'bridge':
      return [
        'boardlet-bridge',
        [
          '--kubeconfig',
          kubeconfig,
          '--pki',
          pki,
          '--fleet',
          options.fleet,
          ...brokerFlags(options, ports),
          '--join-listen',
          ports.get('join'),
          '--kubelet-listen',
          ports.get('kubelet'),
          '--board-addresses',
          ...extra,
        ],
      ];
    case 'agent':
      return ['boardlet-agent', ['run', '--dir', join(data, 'agent'), ...extra]];
  }
}

async function enroll(options: StackOptions, ports: ReturnType<typeof fixedPorts>): Promise<void> {
  const dir = join(options.data, 'agent');
  if (existsSync(join(dir, 'identity'))) return;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const made = await runToEnd('boardctl', [
    '--kubeconfig',
    join(options.data, 'kubeconfig'),
    '--json',
    'board',
    'join-token',
    '--board',
    options.board,
  ]);
  if (made.code !== 0) throw new Error(`boardctl board join-token: ${made.stderr}`);
  const { token } = JSON.parse(made.stdout) as { token: string };
  const joined = await runToEnd('boardlet-agent', [
    'join',
    `https://${ports.get('join')}`,
    token,
    '--dir',
    dir,
    '--board',
    options.board,
  ]);
  if (joined.code !== 0) throw new Error(`boardlet-agent join: ${joined.stderr}`);
}

/** Starts the parts in order; each is ready before the next starts. */
export async function startStack(options: StackOptions): Promise<Stack> {
  mkdirSync(options.data, { recursive: true, mode: 0o700 });
  const ports = fixedPorts(options.data, options.host ?? LOOPBACK);
  const children = new Map<Part, Child>();
  const need = (part: Part): Child => {
    const child = children.get(part);
    if (child === undefined) throw new Error(`${part} is not running`);
    return child;
  };
  const start = async (part: Part): Promise<void> => {
    if (part === 'agent') await enroll(options, ports);
    const [bin, args] = commandOf(part, options, ports);
    const child = await startChild(bin, args, options, part);
    children.set(part, child);
    const { url } = child.ready;
    if (part === 'api' && typeof url === 'string') ports.set('api', new URL(url).host);
    for (const [key, value] of Object.entries(child.ready)) {
      if (key.endsWith('Listen') && typeof value === 'string')
        ports.set(key.slice(0, -'Listen'.length), value);
    }
  };
  const stop = async (part: Part, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    const child = children.get(part);
    children.delete(part);
    if (child !== undefined) await stopChild(child, signal);
  };
  const close = async (): Promise<void> => {
    for (const part of [...ORDER].reverse()) await stop(part);
  };
  try {
    for (const part of options.parts ?? ORDER) await start(part);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    kubeconfig: join(options.data, 'kubeconfig'),
    node: `${options.fleet}-${options.board}`,
    ready: (part) => need(part).ready,
    pid: (part) => need(part).process.pid ?? 0,
    stop,
    start,
    run: runToEnd,
    close,
  };
}

/** A board id from this machine's name (RFC 1123 label). */
export function boardName(): string {
  const clean = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return clean.slice(0, 40) || 'board';
}
