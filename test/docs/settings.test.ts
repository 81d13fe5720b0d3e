import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configFlags, defaultPolicy, loadConfig, parsePolicy } from '@boardlet/agent-lite/core';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from './codes.ts';

const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

function sectionOf(title: string): string {
  const start = page.indexOf(`### ${title}\n`);
  return page.slice(start, page.indexOf('\n### ', start + 1));
}
const rowsOf = (title: string): readonly (readonly string[])[] =>
  [...sectionOf(title).matchAll(/^\| `(.*)\|$/gm)].map(([, row = '']) =>
    `\`${row}`.split('|').map((cell) => cell.trim().replaceAll('`', '')),
  );

const camel = (flag: string): string =>
  flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

test('the table of settings has every setting with its variable and its flag', () => {
  const rows = rowsOf('Settings');
  assert.equal(rows.map(([, , flag]) => flag).sort(), configFlags.map((f) => `--${f}`).sort());
  for (const [field = '', variable = '', flag = ''] of rows) {
    const name = flag.slice(2);
    assert.is(variable, `BOARDLET_${name.toUpperCase().replaceAll('-', '_')}`);
    assert.is(camel(field.replace('.', '-')), camel(name));
  }
});

test('the defaults in the table of settings are those of the agent', () => {
  const config = loadConfig({ files: [], env: {}, flags: { board: 'b', 'data-dir': '/d' } });
  const told = new Map(rowsOf('Settings').map(([field = '', , , , text = '']) => [field, text]));
  assert.is(told.get('storeBytes'), `${config.storeBytes / 2 ** 20} MiB`);
  assert.is(told.get('hostTwin'), String(config.hostTwin));
  assert.is(told.get('log.level'), config.log.level);
  assert.is(told.get('log.linesPerS'), String(config.log.linesPerS));
  assert.is(told.get('pods.logRotateBytes'), `${config.pods.logRotateBytes / 2 ** 20} MiB`);
  assert.is(told.get('pods.logFiles'), String(config.pods.logFiles));
  assert.is(told.get('shards'), `from joining, else ${config.shards}`);
});

test('the table of the policy has every field, with what holds without it', () => {
  const told: Record<string, unknown> = {};
  for (const [field = '', , text = ''] of rowsOf('Policy')) {
    const [outer = '', inner] = field.split('.');
    // Stars and exclamation marks mean something to YAML outside quotes; the table has them quoted.
    const value = load(text);
    told[outer] = inner === undefined ? value : { ...Object(told[outer]), [inner]: value };
  }
  assert.equal(Object.keys(told).sort(), Object.keys(defaultPolicy).sort());
  assert.equal(parsePolicy(told, 'docs/operations.md'), { ...defaultPolicy });
  assert.equal(Object.keys(Object(told['users'])).sort(), Object.keys(defaultPolicy.users).sort());
});

test.run();
