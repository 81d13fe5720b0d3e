/** The packages as their package.json declares them. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT: string = resolve(import.meta.dirname, '../..');
export const FOLDERS = ['adapters', 'board-support', 'agent-lite', 'cloud-bridge'] as const;

export interface Subpath {
  /** As one imports it: `@boardlet/adapters/wire`. */
  readonly name: string;
  /** Relative to the package's folder. */
  readonly source: string;
  readonly types: string;
  readonly code: string;
}

interface Manifest {
  readonly name: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

export function subpathsOf(folder: string): readonly Subpath[] {
  const { name, exports } = readManifest(folder);
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [
          {
            name: name + path.slice(1),
            source: target['@boardlet/source'] ?? '',
            types: target['types'] ?? '',
            code: target['default'] ?? '',
          },
        ],
  );
}
