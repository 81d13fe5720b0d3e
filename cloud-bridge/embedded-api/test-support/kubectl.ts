import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestServer } from './server.ts';

/** `$KUBECTL`, or the one that the tests' cache holds. */
function findKubectl(): string | undefined {
  const cached = join(homedir(), '.cache/boardlet/kubectl-1.35.4/kubectl');
  return [process.env['KUBECTL'], cached].find((path) => path !== undefined && existsSync(path));
}

/** The path of a real kubectl. Without one the test file says so and ends. */
export function needKubectl(): string {
  const path = findKubectl();
  if (path === undefined) {
    process.stdout.write('NOT RUN: no kubectl\n');
    process.exit(0);
  }
  return path;
}

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
export type Kubectl = (args: string, input?: string) => Promise<Outcome>;

/** Runs kubectl against a server, with a cache folder of its own. Arguments are split at spaces; '…' keeps one together. */
export function kubectlFor(path: string, server: TestServer): Kubectl {
  return (args, input = '') =>
    new Promise((resolve, reject) => {
      const words = (args.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ''));
      const child = spawn(path, words, {
        env: { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.dir },
      });
      const result = { out: '', err: '' };
      child.stdout.on('data', (chunk) => {
        result.out += String(chunk);
      });
      child.stderr.on('data', (chunk) => {
        result.err += String(chunk);
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...result }));
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
}
