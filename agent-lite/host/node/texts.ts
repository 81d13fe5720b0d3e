import { readFile } from 'node:fs/promises';
import { BoardletError } from '@boardlet/adapters/wire';
import { failure } from './host-error.ts';

/** A configuration, policy or manifest over this size is a mistake. */
const MOST_TEXT_BYTES = 1 << 20;

/** Parses YAML 1.2 (js-yaml, loaded at the first call: a board configured in JSON never pays for it).
 * Throws what js-yaml throws; its message names line and column. */
export async function parseYaml(text: string): Promise<unknown> {
  const { load } = await import('js-yaml');
  return load(text);
}

/** The file's text (UTF-8), undefined where there is none; throws `BL_HOST_*`, `BL_CONFIG_TOO_LARGE`. */
export async function readTextFile(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const result = failure<never>(error);
    if (result.ok || result.code === 'BL_HOST_NOT_FOUND') return undefined;
    throw new BoardletError(result.code, `${path}: ${result.message}`, { cause: error });
  });
  if (bytes !== undefined && bytes.length > MOST_TEXT_BYTES)
    throw new BoardletError('BL_CONFIG_TOO_LARGE', `${path}: over ${MOST_TEXT_BYTES} bytes`);
  return bytes?.toString('utf8');
}

export interface ParsedFile {
  readonly path: string;
  readonly value: unknown;
}

/** Reads and parses each file that exists: JSON where the text starts with `{` or `[`, else YAML.
 * Throws `BL_CONFIG_INVALID` with the path where a text does not parse. */
export async function readConfigFiles(paths: readonly string[]): Promise<readonly ParsedFile[]> {
  const parsed: ParsedFile[] = [];
  for (const path of paths) {
    const text = await readTextFile(path);
    if (text !== undefined) parsed.push({ path, value: await parseText(path, text) });
  }
  return parsed;
}

async function parseText(path: string, text: string): Promise<unknown> {
  try {
    return /^\s*[[{]/.test(text) ? JSON.parse(text) : await parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BoardletError('BL_CONFIG_INVALID', `${path}: ${reason}`, { cause: error });
  }
}
