/** A whole stack in a folder of its own, and the real kubectl on it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, type StackOptions, startStack } from '../../stack.ts';
import { findKubectl } from '../kubectl/kubectl.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  readonly stack: Stack;
  readonly folder: string;
  readonly node: string;
  /** Lines that the parts logged. */
  readonly logs: string[];
  readonly kubectl: (...args: readonly string[]) => Promise<Ran>;
  /** kubectl, its output as JSON; throws when it fails. */
  readonly json: (...args: readonly string[]) => Promise<Json>;
  /** `kubectl apply -f -`. */
  readonly apply: (manifest: unknown) => Promise<Ran>;
  readonly close: () => Promise<void>;
}
export interface Json {
  readonly [key: string]: Json;
}

const DEADLINE_MS = 30_000;
const PAUSE_MS = 50;

/** Ends this file's process, told as not run, where there is no kubectl. */
export function needKubectl(): string {
  const path = findKubectl();
  if (path !== undefined) return path;
  console.log('NOT RUN: no kubectl (set KUBECTL, or run node --import tsx test/kubectl/build.ts)');
  process.exit(0);
}

function run(program: string, args: readonly string[], input?: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { maxBuffer: 64 << 20, timeout: 60_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(input ?? '');
  });
}

export interface WorldOptions extends Partial<Omit<StackOptions, 'data'>> {
  /** Manifests in the agent's folder from the start, by file name. */
  readonly staticPods?: Readonly<Record<string, unknown>>;
  /** The board's policy file. */
  readonly policy?: unknown;
}

/** Tests write counters into folders of their own, so their pods run as the user that runs the tests. */
export const TEST_POLICY: Readonly<Record<string, unknown>> = {
  programs: ['/bin/', '/usr/bin/'],
  users: { default: process.getuid?.() ?? 0, root: true },
};

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const kubectlPath = needKubectl();
  const folder = mkdtempSync(join(tmpdir(), 'boardlet-e2e-'));
  const data = join(folder, 'data');
  const manifests = join(data, 'agent', 'manifests');
  mkdirSync(manifests, { recursive: true });
  for (const [name, body] of Object.entries(options.staticPods ?? {})) {
    writeFileSync(join(manifests, name), JSON.stringify(body));
  }
  writeFileSync(join(data, 'agent', 'policy.yaml'), JSON.stringify(options.policy ?? TEST_POLICY));
  const logs: string[] = [];
  const stack = await startStack({
    fleet: 'demo',
    board: 'press-17',
    ...options,
    args: { ...options.args, agent: ['--stop-pods', ...(options.args?.agent ?? [])] },
    data,
    onLog: (part, line) => {
      logs.push(`${part}: ${line}`);
      if (process.env['E2E_LOG'] === '1') console.error(`${part}: ${line}`);
    },
  });
  const base = ['--kubeconfig', stack.kubeconfig, '--cache-dir', join(folder, 'kube-cache')];
  const kubectl = (...args: readonly string[]): Promise<Ran> =>
    run(kubectlPath, [...base, ...args]);
  const json = async (...args: readonly string[]): Promise<Json> => {
    const r = await kubectl(...args, '-o', 'json');
    if (r.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${r.stderr}`);
    return JSON.parse(r.stdout) as Json;
  };
  return {
    stack,
    folder,
    node: stack.node,
    logs,
    kubectl,
    json,
    apply: (manifest) => run(kubectlPath, [...base, 'apply', '-f', '-'], JSON.stringify(manifest)),
    close: async () => {
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Tries until `probe` answers something; its last error is told when it never does. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  const until = Date.now() + deadlineMs;
  let last = '';
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > until) throw new Error(`never: ${what}${last === '' ? '' : ` (${last})`}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

export interface PodShape {
  readonly name: string;
  readonly script: string;
  readonly restartPolicy?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A pod that runs a shell script of the host. */
export function shellPod(shape: PodShape): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: shape.name, namespace: 'default' },
    spec: {
      runtimeClassName: 'boardlet-process',
      terminationGracePeriodSeconds: 5,
      restartPolicy: shape.restartPolicy ?? 'Always',
      containers: [
        {
          name: 'main',
          image: shape.image ?? 'boardlet.dev/host',
          command: shape.command ?? ['/bin/sh', '-c', shape.script],
        },
      ],
      ...shape.extra,
    },
  };
}

/** Ready condition of the node: True, False, Unknown. */
export async function readyOf(world: World): Promise<string> {
  const node = await world.json('get', 'node', world.node);
  const conditions = node['status']?.['conditions'] as unknown as {
    type: string;
    status: string;
  }[];
  return conditions.find((c) => c.type === 'Ready')?.status ?? '';
}
