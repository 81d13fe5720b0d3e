/** The program beside this file, built once with Go from the module proxy and kept in the user's cache folder, keyed by its
 * sources: client-go is what controllers, operators and most tools speak to an API with. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../kubectl/kubectl.ts';

const PREFIX = 'client-go-';
const PROGRESS_MS = 20_000;

function sourceHash(): string {
  const hash = createHash('sha256');
  const names = readdirSync(import.meta.dirname).filter((name) => /\.(go|mod|sum)$/.test(name));
  for (const name of names.sort()) hash.update(readFileSync(join(import.meta.dirname, name)));
  return hash.digest('hex').slice(0, 16);
}

/** Path of the built program; undefined without Go, or when the build takes longer than `limitMs` (Go goes on where it was). */
export async function ensureClientGo(limitMs: number): Promise<string | undefined> {
  const folder = join(cacheFolder(), PREFIX + sourceHash());
  const target = join(folder, 'client-go');
  if (existsSync(target)) return target;
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'build-'));
  const startedAt = Date.now();
  process.stderr.write('building a client-go program from the Go module proxy (once)\n');
  const ticker = setInterval(() => {
    process.stderr.write(`  still building, ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
  }, PROGRESS_MS);
  try {
    if (!(await goBuild(join(work, 'client-go'), limitMs))) return undefined;
    renameSync(join(work, 'client-go'), target);
  } finally {
    clearInterval(ticker);
    rmSync(work, { recursive: true, force: true });
  }
  removeOthers(folder);
  return target;
}

/** Each change of the sources makes a folder of 50 MB. */
function removeOthers(keep: string): void {
  for (const name of readdirSync(cacheFolder())) {
    const folder = join(cacheFolder(), name);
    if (name.startsWith(PREFIX) && folder !== keep) rmSync(folder, { recursive: true });
  }
}

/** False when the time was up. */
function goBuild(output: string, limitMs: number): Promise<boolean> {
  const args = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', output, '.'];
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CGO_ENABLED: '0' },
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGINT');
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (late) resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(`go build ended with ${code}`));
    });
  });
}
