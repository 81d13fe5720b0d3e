import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBoardletError } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createNodeHost } from './host.ts';
import { createLogger } from './log.ts';
import { parseYaml, readConfigFiles, readTextFile } from './texts.ts';

const folder = mkdtempSync(join(tmpdir(), 'boardlet-host-'));
test.after(() => rmSync(folder, { recursive: true }));
const log = createLogger({ write: () => undefined });
const codeOf = async (ask: Promise<unknown>): Promise<string> => {
  const error = await ask.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isBoardletError(error) ? error.code : String(error);
};

test('a host makes its data folder for its owner alone, and saves a time that was told', () => {
  const dataDir = join(folder, 'deep', 'data');
  const told = Date.now() + 86_400_000;
  const first = createNodeHost({ dataDir, version: '1', buildUnixMs: 1000, log });
  assert.is(statSync(dataDir).mode & 0o777, 0o700);
  first.adjustClock(told);
  first.close();
  const second = createNodeHost({ dataDir, version: '1', buildUnixMs: 1000, log });
  assert.ok(second.clock.unixMs() >= told);
  second.close();
});

test('a data folder that cannot be made is a coded error', () => {
  writeFileSync(join(folder, 'file'), '');
  try {
    createNodeHost({ dataDir: join(folder, 'file'), version: '1', buildUnixMs: 0, log });
    assert.unreachable('it was made');
  } catch (error) {
    assert.ok(isBoardletError(error, 'BL_HOST_EXISTS'));
  }
});

test('a timer fires once, and not after it was cancelled', async () => {
  const { timers, crypto } = createNodeHost({ dataDir: folder, version: '1', buildUnixMs: 0, log });
  const fired: string[] = [];
  timers.after(0, () => fired.push('cancelled')).cancel();
  timers.after(2 ** 40, () => fired.push('in 34 years')).cancel();
  await new Promise<void>((resolve) => {
    timers.after(1, resolve);
  });
  assert.equal(fired, []);
  assert.is(crypto.random(16).length, 16);
  const hash = crypto.sha256(new Uint8Array(0));
  assert.is(Buffer.from(hash).toString('hex').slice(0, 8), 'e3b0c442');
});

test('configuration is read as JSON or YAML; a file that is not there is left out', async () => {
  const json = join(folder, 'a.json');
  const yaml = join(folder, 'b.yaml');
  writeFileSync(json, '{"board": "a"}');
  writeFileSync(yaml, 'board: b\nlog: { level: debug }\n');
  assert.equal(await readConfigFiles([json, join(folder, 'none'), yaml]), [
    { path: json, value: { board: 'a' } },
    { path: yaml, value: { board: 'b', log: { level: 'debug' } } },
  ]);
  assert.equal(await parseYaml('- 1\n- x'), [1, 'x']);
});

test('a configuration that does not parse, is too large or is a folder has its code', async () => {
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, 'a: [1');
  assert.is(await codeOf(readConfigFiles([bad])), 'BL_CONFIG_INVALID');
  writeFileSync(bad, '{"a": ');
  assert.is(await codeOf(readConfigFiles([bad])), 'BL_CONFIG_INVALID');
  writeFileSync(bad, 'x'.repeat((1 << 20) + 1));
  assert.is(await codeOf(readTextFile(bad)), 'BL_CONFIG_TOO_LARGE');
  assert.is(await codeOf(readTextFile(folder)), 'BL_HOST_IO');
});

test.run();
