import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bundle = await build({
  entryPoints: [new URL('index.ts', import.meta.url).pathname],
  absWorkingDir: new URL('../..', import.meta.url).pathname,
  bundle: true,
  format: 'iife',
  globalName: 'wire',
  platform: 'neutral',
  target: 'es2022',
  write: false,
  metafile: true,
});
const code = bundle.outputFiles[0]?.text ?? '';

test('imports nothing but its own files', () => {
  const inputs = Object.entries(bundle.metafile.inputs);
  assert.ok(inputs.length > 5);
  for (const [path, input] of inputs) {
    assert.match(path, /^adapters\/wire\/[a-z0-9-]+\.ts$/);
    for (const { external } of input.imports) assert.is(external, undefined);
  }
});

test('runs where there is nothing but the language, as in QuickJS', () => {
  const context = createContext(Object.create(null));
  for (const name of ['Buffer', 'TextEncoder', 'TextDecoder', 'setTimeout', 'process'])
    assert.is(runInContext(`typeof ${name}`, context), 'undefined');
  runInContext(code, context);
  const script = `
    const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
    const body = wire.encodeDocument('twin', { value: 'größer 😀' });
    const up = { type: 'up', tag: 1, seq: 2, b: 0, ops: [{ op: 'put', kind: 5, name: 'a/b/c', body }] };
    const read = wire.decodeUp(wire.encodeMessage(up));
    const refused = wire.decodeUp(Uint8Array.of(0x82, 0x00));
    let thrown = '';
    try { wire.encode(Symbol.iterator); } catch (error) { thrown = error.code; }
    [
      hex(wire.encodeMessage({ type: 'beat', tag: 0x9a3c77e1, seq: 40000, stamp: 0xb1947f03 })),
      wire.decodeDocument('twin', read.value.ops[0].body).value.value,
      refused.code,
      thrown,
    ].join('|')`;
  assert.is(
    runInContext(script, context),
    '84001a9a3c77e1199c401ab1947f03|größer 😀|BL_WIRE_TRUNCATED|BL_WIRE_UNENCODABLE',
  );
});

test.run();
