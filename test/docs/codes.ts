/** Every error code that the sources can give, by their text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT: string = resolve(import.meta.dirname, '../..');
const FOLDERS = ['adapters', 'board-support', 'agent-lite', 'cloud-bridge'];
/** Tests, and what only tests import. */
const NOT_SOURCE =
  /(^|\/)(dist|node_modules|testing|test-support|contract)\/|\.test\.ts$|(^|\/)test-[^/]*\.ts$|-bench\.ts$/;

export interface Codes {
  /** Code → files that have it as a string. */
  readonly codes: ReadonlyMap<string, readonly string[]>;
  /** Beginnings of codes whose end is made at run time: `BL_KUBE_`. */
  readonly families: ReadonlySet<string>;
  /** Every other quoted word in capitals: the ends of a family's codes. */
  readonly words: ReadonlySet<string>;
}

export function sourceFiles(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !NOT_SOURCE.test(name))
      .map((name) => join(folder, name)),
  );
}

export function readCodes(): Codes {
  const codes = new Map<string, string[]>();
  const families = new Set<string>();
  const words = new Set<string>();
  for (const file of sourceFiles()) {
    const text = withoutComments(readFileSync(join(ROOT, file), 'utf8'));
    for (const [, code = ''] of text.matchAll(/['"`](BL_[A-Z0-9]+(?:_[A-Z0-9]+)*)['"`]/g))
      codes.set(code, [...(codes.get(code) ?? []), file]);
    for (const [, family = ''] of text.matchAll(/`(BL_(?:[A-Z0-9]+_)+)\$\{/g)) families.add(family);
    for (const [, word = ''] of text.matchAll(/['"]([A-Z][A-Z_]+)['"]/g)) words.add(word);
  }
  return { codes, families, words };
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
