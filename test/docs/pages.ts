/** The repository's pages, and what is in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './codes.ts';

export interface Page {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  /** Outside code. */
  readonly prose: string;
  readonly headings: ReadonlySet<string>;
  /** Lines of `sh` blocks and indented ones, continued lines joined. */
  readonly commands: readonly string[];
  /** Code within sentences. */
  readonly spans: readonly string[];
}

const IGNORED = /(^|\/)(node_modules|dist|\.git|\.boardlet)(\/|$)/;
const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function readPages(): readonly Page[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? pagesUnder(entry.name) : [entry.name]))
    .filter((path) => path.endsWith('.md'))
    .sort()
    .map(readPage);
}

function pagesUnder(folder: string): readonly string[] {
  if (IGNORED.test(folder)) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => !IGNORED.test(path));
}

function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const blocks = [...text.matchAll(FENCE)];
  const prose = text.replaceAll(FENCE, '');
  const shell = blocks.filter(([, kind]) => kind === 'sh').map(([, , body = '']) => body);
  const indented = [...prose.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line);
  const lines = [
    ...shell
      .join('\n')
      .replaceAll(/\\\n\s*/g, '')
      .split('\n'),
    ...indented,
  ];
  return {
    path,
    text,
    prose,
    headings: new Set([...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => slug(title))),
    spans: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span),
    commands: lines.map((line) => line.trim()).filter((line) => line !== ''),
  };
}

/** A heading's anchor as GitHub makes it. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
