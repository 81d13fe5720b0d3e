import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from './codes.ts';
import { type Page, readPages } from './pages.ts';

const pages = readPages();
const byPath = new Map(pages.map((page) => [page.path, page]));

function linksOf(page: Page): readonly string[] {
  const prose = page.prose.replaceAll(/`[^`]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function fault(page: Page, target: string): string | undefined {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : join(dirname(page.path), file);
  if (!existsSync(join(ROOT, path))) return `${page.path}: ${target}: there is no ${path}`;
  const known = byPath.get(path);
  if (anchor !== undefined && known?.headings.has(anchor) !== true)
    return `${page.path}: ${target}: no such heading`;
  return undefined;
}

test('every relative link leads to a file, and to a heading where it names one', () => {
  const faults = pages.flatMap((page) =>
    linksOf(page)
      .map((target) => fault(page, target))
      .filter((each) => each !== undefined),
  );
  assert.equal(faults, []);
});

test('every page but the top ones is linked from another page', () => {
  const linked = new Set(
    pages.flatMap((page) =>
      linksOf(page).map((target) => {
        const path = join(dirname(page.path), target.split('#')[0] ?? '').replace(/\/$/, '');
        const full = join(ROOT, path);
        return existsSync(full) && statSync(full).isDirectory() ? join(path, 'README.md') : path;
      }),
    ),
  );
  const lost = pages
    .map(({ path }) => path)
    .filter((path) => path.startsWith('docs/') && !linked.has(path));
  assert.equal(lost, []);
});

test.run();
