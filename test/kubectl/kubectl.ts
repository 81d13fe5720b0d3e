/** The real kubectl that tests use: `$KUBECTL`, else one built once from the Go module proxy and kept in the user's
 * cache folder, keyed by version (Debian's is 1.20, too old for today's API). */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const KUBECTL_VERSION = '1.35.4';
const PROGRESS_MS = 20_000;

export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'boardlet');
}

/** Path of a usable kubectl, or undefined. */
export function findKubectl(): string | undefined {
  const given = process.env['KUBECTL'];
  if (given !== undefined && given !== '') return given;
  const cached = join(cacheFolder(), `kubectl-${KUBECTL_VERSION}`, 'kubectl');
  return existsSync(cached) ? cached : undefined;
}

function versionFlags(): string {
  const minor = KUBECTL_VERSION.split('.')[1] ?? '';
  const set = (module: string): string =>
    `-X ${module}.gitVersion=v${KUBECTL_VERSION} -X ${module}.gitMajor=1 -X ${module}.gitMinor=${minor}`;
  return `-s -w ${set('k8s.io/component-base/version')} ${set('k8s.io/client-go/pkg/version')}`;
}

/** Builds kubectl where Go is installed (about five minutes on two cores); safe to interrupt. Undefined without Go. */
export async function ensureKubectl(): Promise<string | undefined> {
  const found = findKubectl();
  if (found !== undefined) return found;
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const folder = join(cacheFolder(), `kubectl-${KUBECTL_VERSION}`);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'build-'));
  for (const name of ['go.mod', 'go.sum'])
    copyFileSync(join(import.meta.dirname, name), join(work, name));
  const startedAt = Date.now();
  process.stderr.write(
    `building kubectl ${KUBECTL_VERSION} from the Go module proxy (once, some minutes)\n`,
  );
  const ticker = setInterval(() => {
    process.stderr.write(`  still building, ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
  }, PROGRESS_MS);
  try {
    await goBuild(work);
  } finally {
    clearInterval(ticker);
  }
  const target = join(folder, 'kubectl');
  renameSync(join(work, 'kubectl'), target);
  return target;
}

function goBuild(work: string): Promise<void> {
  const args = [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-ldflags',
    versionFlags(),
    '-o',
    join(work, 'kubectl'),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('go', [...args, 'k8s.io/kubernetes/cmd/kubectl'], {
      cwd: work,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CGO_ENABLED: '0' },
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`go build ended with ${code}`)),
    );
  });
}
