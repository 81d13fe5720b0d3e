import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DESIRED_KINDS, KINDS, REPORTED_KINDS, WIRE_ERRORS } from './registry.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('registry.ts and the C header are what registry.json gives', () => {
  const script = fileURLToPath(new URL('generate.ts', import.meta.url));
  const run = spawnSync(process.execPath, [...process.execArgv, script, '--check'], {
    encoding: 'utf8',
  });
  assert.is(run.status, 0, run.stderr);
});

test('no section has two names for one number', () => {
  const registry = JSON.parse(read('registry.json')) as Record<string, Record<string, number>>;
  for (const [section, value] of Object.entries(registry)) {
    if (Array.isArray(value) || section === 'limits' || section === 'protocol') continue;
    const numbers = Object.values(value);
    assert.is(new Set(numbers).size, numbers.length, section);
  }
});

test('every kind is desired or reported, not both', () => {
  assert.equal([...DESIRED_KINDS, ...REPORTED_KINDS].sort(), Object.keys(KINDS).sort());
});

test('the C header has the numbers under their prefixes, and fits a 16-bit int', () => {
  const header = read('../../firmware-stubs/include/boardlet_registry.h');
  assert.match(header, /^#define BL_MESSAGE_BEAT 0$/m);
  assert.match(header, /^#define BL_KIND_TWIN_DESIRED 4$/m);
  assert.match(header, /^#define BL_LIMIT_DOCUMENT_BYTES 262144UL$/m);
  assert.match(header, /^#define BL_WIRE_NOT_SHORTEST 3$/m);
  const desired = DESIRED_KINDS.reduce((mask, kind) => mask + 2 ** KINDS[kind], 0);
  assert.ok(header.includes(`BL_DESIRED_KINDS_MASK 0x${desired.toString(16).toUpperCase()}UL\n`));
});

test('error codes follow from their names', () => {
  assert.is(WIRE_ERRORS.notShortest, 'BL_WIRE_NOT_SHORTEST');
  assert.is(WIRE_ERRORS.utf8, 'BL_WIRE_UTF8');
});

test.run();
