/** The packages as a stranger gets them: built and packed in a copy of the tree, then unpacked into an empty project. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { FOLDERS, ROOT } from './packages.ts';

export interface Unpacked {
  /** The empty project: `node_modules` has our packages, and what they depend on. */
  readonly dir: string;
  readonly close: () => void;
}

const TOP_FILES = ['build.ts', 'package.json', 'tsconfig.json', 'LICENSE', '.npmrc'];
/** All that `@boardlet/adapters` depends on. */
const COPIED = ['cbor-x'];

/** The build runs elsewhere, so that programs of this tree that run meanwhile keep their files. */
export function unpackAll(): Unpacked {
  const top = mkdtempSync(join(tmpdir(), 'boardlet-packages-'));
  const close = (): void => rmSync(top, { recursive: true, force: true });
  try {
    return { dir: fillProject(top), close };
  } catch (error) {
    close();
    throw error;
  }
}

function fillProject(top: string): string {
  const tree = join(top, 'tree');
  const dir = join(top, 'project');
  copyTree(tree);
  execFileSync(process.execPath, ['--import', 'tsx', 'build.ts', '--release'], {
    cwd: tree,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const name of readdirSync(join(tree, 'dist'))) {
    const [, folder = ''] = /^boardlet-(.+)-\d+\.\d+\.\d+.*\.tgz$/.exec(name) ?? [];
    const target = join(dir, 'node_modules/@boardlet', folder);
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['xzf', join(tree, 'dist', name), '-C', target, '--strip-components=1']);
  }
  for (const name of COPIED) {
    const real = realpathSync(join(ROOT, 'node_modules', name));
    cpSync(real, join(dir, 'node_modules', name), { recursive: true });
  }
  return dir;
}

function copyTree(tree: string): void {
  mkdirSync(tree);
  for (const name of TOP_FILES) cpSync(join(ROOT, name), join(tree, name));
  for (const folder of FOLDERS) {
    cpSync(join(ROOT, folder), join(tree, folder), {
      recursive: true,
      filter: (path) => !['dist', 'node_modules'].includes(basename(path)),
    });
  }
  for (const folder of FOLDERS)
    symlinkSync(join(tree, folder), join(linkOthers(tree), '@boardlet', folder));
}

/** `node_modules` with everything that is installed here but our own packages; answers where it is. */
function linkOthers(target: string): string {
  const modules = join(target, 'node_modules');
  if (existsSync(modules)) return modules;
  mkdirSync(join(modules, '@boardlet'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@boardlet') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  return modules;
}

/** A second project with all third-party packages too, as after an installation of every one of ours. */
export function installedBeside({ dir }: Unpacked): string {
  const beside = join(dir, '../installed');
  mkdirSync(beside);
  cpSync(join(dir, 'node_modules/@boardlet'), join(linkOthers(beside), '@boardlet'), {
    recursive: true,
  });
  return beside;
}
