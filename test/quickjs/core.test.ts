/** The agent's core and the wire in a QuickJS engine (WebAssembly build), as the native host will run them: no Node, no
 * Buffer, no timers, no TextEncoder. Bytes and decisions are held against Node's on the shared vectors. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { getQuickJS, type QuickJSContext } from 'quickjs-emscripten';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = join(import.meta.dirname, '../..');

/** One script that leaves a function of text to text under `globalThis.run`. */
async function bundle(source: string): Promise<string> {
  const built = await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    target: 'es2023',
    conditions: ['@boardlet/source'],
  });
  return built.outputFiles[0]?.text ?? '';
}

async function inQuickJs<T>(
  script: string,
  use: (run: (input: string) => string) => T,
): Promise<T> {
  const engine = await getQuickJS();
  const context: QuickJSContext = engine.newContext();
  try {
    context.unwrapResult(context.evalCode(script)).dispose();
    return use((input) => {
      const call = context.evalCode(`globalThis.run(${JSON.stringify(input)})`);
      const value = context.unwrapResult(call);
      const text = context.getString(value);
      value.dispose();
      return text;
    });
  } finally {
    context.dispose();
  }
}

const WIRE = `
  import { decode, decodeUp, decodeDown, decodeStream, encode } from './adapters/wire/index.ts';
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (x) => parseInt(x, 16));
  const hex = (b) => Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');
  const direction = { up: decodeUp, down: decodeDown, stream: decodeStream };
  globalThis.run = (input) => {
    const { hex: text, kind } = JSON.parse(input);
    const decoded = (direction[kind] ?? decode)(bytes(text));
    if (!decoded.ok) return decoded.code + '@' + decoded.offset;
    return direction[kind] === undefined ? hex(encode(decoded.value)) : 'ok';
  };
`;

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly direction?: string;
  readonly kind?: string;
}
const vectors = (file: string): readonly Vector[] =>
  (JSON.parse(readFileSync(join(root, 'test/vectors', file), 'utf8')) as { vectors: Vector[] })
    .vectors;

test('the wire gives the same bytes and codes in QuickJS as in Node, on every vector', async () => {
  const script = await bundle(WIRE);
  // The same script in this process is Node's side of the comparison.
  const here: { run?: (input: string) => string } = {};
  new Function('globalThis', script)(here);
  const all = [...vectors('values.json'), ...vectors('messages.json')];
  assert.ok(all.length > 100);
  await inQuickJs(script, (run) => {
    for (const v of all) {
      const input = JSON.stringify({ hex: v.hex, kind: v.direction });
      assert.is(run(input), here.run?.(input), v.name);
    }
  });
});

const MACHINE = `
  import { createLinkMachine, KINDS_READ } from './agent-lite/core/index.ts';
  import { decodeUp, encodeDocument, encodeMessage, KINDS } from './adapters/wire/index.ts';
  globalThis.run = (input) => {
    const { hashes } = JSON.parse(input);
    const hex = (b) => Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');
    let random = 7;
    const machine = createLinkMachine({
      boards: ['press-17'],
      stored: { mark: 0, boots: 1, boards: [] },
      versions: [1],
      kindsRead: KINDS_READ,
      maxMessage: 65536,
      sha256: (b) => Uint8Array.from({ length: 32 }, (_, i) => (hashes[i % hashes.length] + b.length + (b[i % b.length] ?? 0)) & 255),
      random32: () => (random = (random * 1103515245 + 12345) >>> 0),
      valid: () => true,
      accept: () => 1,
    });
    const out = [];
    const take = (effects, now) => {
      for (const e of effects) {
        if (e.type !== 'publish') continue;
        out.push(e.channel + hex(e.bytes));
        if (e.id !== 0) take(machine.step({ type: 'published', id: e.id, ok: true, taken: true }, now), now);
      }
    };
    take(machine.step({ type: 'start' }, 0), 0);
    take(machine.step({ type: 'connected', maxPayloadBytes: 65536 }, 1), 1);
    const birth = decodeUp(Uint8Array.from(out.at(-1).slice(1).match(/../g), (x) => parseInt(x, 16)));
    const hello = encodeMessage({ type: 'hello', echo: birth.value.tag, ses: 99, version: 1, realm: new Uint8Array(8), beatS: 10, paceMs: 1000, maxMessage: 65536 });
    take(machine.step({ type: 'message', channel: 'd', bytes: hello }, 2), 2);
    for (let i = 0; i < 50; i++) {
      take(machine.step({ type: 'report', b: 0, kind: KINDS.twin, name: 'default/pump/' + (i % 5), body: encodeDocument('twin', { value: i / 4 }) }, 10 + i * 400), 10 + i * 400);
      take(machine.step({ type: 'tick' }, 200 + i * 400), 200 + i * 400);
    }
    return JSON.stringify(out);
  };
`;

test('the link machine takes the same decisions in QuickJS as in Node', async () => {
  const script = await bundle(MACHINE);
  const here: { run?: (input: string) => string } = {};
  new Function('globalThis', script)(here);
  const input = JSON.stringify({ hashes: [...createHash('sha256').update('seed').digest()] });
  await inQuickJs(script, (run) => {
    const theirs = run(input);
    assert.is(theirs, here.run?.(input));
    assert.ok((JSON.parse(theirs) as string[]).length > 10);
  });
});

test.run();
