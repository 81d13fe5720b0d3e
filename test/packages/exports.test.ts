/** Public names are a promise: each package's are in `names/<folder>.txt`. After a change that is meant:
 *
 *   node --import tsx --conditions=@boardlet/source test/packages/exports.test.ts --update
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exportedNames } from './names.ts';
import { FOLDERS, ROOT, subpathsOf } from './packages.ts';

const update = process.argv.includes('--update');
const listFile = (folder: string): string => join(import.meta.dirname, `names/${folder}.txt`);

/** `sort` without a locale, so that every machine writes the same. */
function listOf(folder: string): string {
  const sections = subpathsOf(folder).map(({ name, source }) => {
    const lines = [...exportedNames(join(ROOT, folder, source))].map(([each, kind]) =>
      kind === 'type' ? `type ${each}` : each,
    );
    return `# ${name}\n${lines.sort().join('\n')}\n`;
  });
  return sections.join('\n');
}

for (const folder of FOLDERS) {
  test(`${folder} exports the names that its list has, and no others`, () => {
    const present = listOf(folder);
    if (update) writeFileSync(listFile(folder), present);
    assert.fixture(present, readFileSync(listFile(folder), 'utf8'));
  });

  test(`${folder} gives at run time the values that its sources declare`, async () => {
    for (const { name, source } of subpathsOf(folder)) {
      const values = [...exportedNames(join(ROOT, folder, source))]
        .filter(([, kind]) => kind === 'value')
        .map(([each]) => each);
      const module = (await import(name)) as object;
      assert.equal(Object.keys(module).sort(), values.sort(), name);
    }
  });

  test(`${folder} is built from the files that it exports`, () => {
    const config = readFileSync(join(ROOT, folder, 'tsconfig.build.json'), 'utf8');
    const { files } = JSON.parse(config) as { readonly files: readonly string[] };
    const sources = subpathsOf(folder).map(({ source }) => source.replace(/^\.\//, ''));
    assert.equal([...files].sort(), sources.sort());
    for (const { source, types, code } of subpathsOf(folder)) {
      const out = source.replace(/^\.\//, './dist/').replace(/\.ts$/, '');
      assert.equal([types, code], [`${out}.d.ts`, `${out}.js`]);
    }
  });
}

test.run();
