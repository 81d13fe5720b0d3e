/** What is installed with our packages may be passed on with them, and is what the lock file says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from './packages.ts';

/** Without a duty beyond keeping the notice. */
const ALLOWED: ReadonlySet<string> = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'PSF-2.0',
  'Python-2.0',
  'CC0-1.0',
  'Unlicense',
]);

interface Locked {
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly license?: string;
}
interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

const read = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const all = Object.entries((read('package-lock.json') as Lock).packages).filter(
  ([path, { link }]) => path.startsWith('node_modules/') && link !== true,
);
const production = all.filter(([, { dev }]) => dev !== true);

/** `MIT`, or in old packages `{type}` and lists of such. SPDX: of an OR one is enough, of an AND all count. */
function isAllowed(license: unknown): boolean {
  if (Array.isArray(license)) return license.some(isAllowed);
  if (typeof license === 'object' && license !== null)
    return isAllowed(Reflect.get(license, 'type'));
  if (typeof license !== 'string') return false;
  return license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => ALLOWED.has(one.trim())));
}

/** What the package itself says; for one of another platform, which is not here, what the lock file says. */
function licenceOf(path: string, locked: Locked): unknown {
  let manifest: unknown;
  try {
    manifest = read(join(path, 'package.json'));
  } catch (error) {
    if (locked.optional === true) return locked.license;
    throw error;
  }
  return Reflect.get(Object(manifest), 'license') ?? Reflect.get(Object(manifest), 'licenses');
}

test('every package that ours bring along has a licence that lets it be passed on', () => {
  assert.ok(production.length > 20, `${production.length} packages`);
  const bad = production
    .map(([path, locked]) => [path, licenceOf(path, locked)] as const)
    .filter(([, license]) => !isAllowed(license));
  assert.equal(bad, []);
});

test('licences that oblige, and none at all, would be told', () => {
  for (const license of [
    'GPL-3.0-only',
    'MIT AND LGPL-2.1-only',
    'SEE LICENSE IN x',
    '',
    undefined,
  ]) {
    assert.not(isAllowed(license), String(license));
  }
  for (const license of ['MIT', '(MIT OR GPL-2.0)', [{ type: 'MIT' }], '(MIT AND ISC)']) {
    assert.ok(isAllowed(license), JSON.stringify(license));
  }
});

test('every package is pinned by its hash, and none runs a program when it is installed', () => {
  const loose = all.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'));
  assert.equal(
    loose.map(([path]) => path),
    [],
  );
  assert.match(readFileSync(join(ROOT, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m);
});

test.run();
