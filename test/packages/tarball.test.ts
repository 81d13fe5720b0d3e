/** What is published works for a stranger: strict types without skipLibCheck, plain Node, and a browser's bundle. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FOLDERS, ROOT, readManifest, subpathsOf } from './packages.ts';
import { installedBeside, type Unpacked, unpackAll } from './unpacked.ts';

const unpacked: Unpacked = unpackAll();
test.after(unpacked.close);

const packageDir = (folder: string): string => join(unpacked.dir, 'node_modules/@boardlet', folder);
const filesOf = (folder: string): readonly string[] =>
  readdirSync(packageDir(folder), { recursive: true, encoding: 'utf8' });

function projectFile(name: string, text: string): string {
  const path = join(unpacked.dir, name);
  writeFileSync(path, text);
  return path;
}

test('a package holds what it exports, its readme and licence, and neither tests nor sources', () => {
  for (const folder of FOLDERS) {
    const files = filesOf(folder);
    for (const { types, code } of subpathsOf(folder)) {
      for (const file of [types, code])
        assert.ok(existsSync(join(packageDir(folder), file)), `${folder} lacks ${file}`);
    }
    for (const file of ['README.md', 'LICENSE', 'package.json'])
      assert.ok(files.includes(file), `${folder} lacks ${file}`);
    const odd = files.filter(
      (f) =>
        /(^|\/)(testing|test-support|contract)\/|\.test\.|tsconfig/.test(f) ||
        /(?<!\.d)\.ts$/.test(f),
    );
    assert.equal(odd, [], folder);
  }
});

test('declarations name no optional package, no Node type and no source file', () => {
  const pure = [
    ...filesOf('adapters').map((f) => join('adapters', f)),
    ...filesOf('board-support').map((f) => join('board-support', f)),
    ...filesOf('agent-lite')
      .filter((f) => f.startsWith('dist/core/'))
      .map((f) => join('agent-lite', f)),
  ].filter((f) => f.endsWith('.d.ts'));
  assert.ok(pure.length > 40);
  for (const file of pure) {
    const text = readFileSync(packageDir(file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    const bad = /from ['"](?!\.|@boardlet\/)[^'"]*['"]|\bBuffer\b|\bNodeJS\.|\.ts['"]/.exec(text);
    assert.is(bad, null, `${file}: ${bad?.[0]}`);
  }
});

const STRICT = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'node20',
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  },
  files: ['program.ts'],
};

const PROGRAM = `
import { BoardletError, createMemoryBroker, decodeUp, encodeMessage, type Link, type UpMessage } from '@boardlet/adapters';
import { decode, encode, type CborValue, type Decoded } from '@boardlet/adapters/wire';
import { decodeForeign, encodeForeign } from '@boardlet/adapters/foreign';
import * as sets from '@boardlet/adapters/sets';
import type { LinkOptions } from '@boardlet/adapters/link';
import { createLeanLink, type LeanLinkOptions } from '@boardlet/adapters/link/lean';
import { createMqttLink } from '@boardlet/adapters/link/mqtt';
import { createMemoryBroker as again } from '@boardlet/adapters/link/memory';
import type { Driver } from '@boardlet/board-support';

const beat: UpMessage = { type: 'beat', tag: 1, seq: 1, dseq: 0, stamp: 7 };
const decoded: Decoded<UpMessage> = decodeUp(encodeMessage(beat));
export const code: string = decoded.ok ? decoded.value.type : decoded.code;
export const value: Decoded<CborValue> = decode(encode(new Map([[1, 'one']])));
export const foreign: Decoded<CborValue> = decodeForeign(encodeForeign({ a: 1 }));
export const links: ((options: LinkOptions) => Link)[] = [createMqttLink, createMemoryBroker().createLink, again().createLink];
export const lean: (options: LeanLinkOptions) => Link = createLeanLink;
export const error: Error = new BoardletError('BL_EXAMPLE', 'text', { details: { at: 1 } });
export const all: object = sets;
export type Protocol = Driver['protocol'];
// @ts-expect-error: a message has a type
encodeMessage({});
`;

test('a strict program type-checks against the packed declarations, without Node types and without skipLibCheck', () => {
  projectFile('package.json', '{"type":"module","private":true}');
  projectFile('tsconfig.json', JSON.stringify(STRICT));
  projectFile('program.ts', PROGRAM);
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, ['-p', 'tsconfig.json'], {
    cwd: unpacked.dir,
    encoding: 'utf8',
  });
  assert.is(status, 0, stdout);
});

test('plain node encodes and decodes with the packed code, and needs neither mqtt nor ws for it', () => {
  const script = projectFile(
    'program.mjs',
    `import { decode, decodeMessage, encode, createMemoryBroker } from '@boardlet/adapters';
     import { decodeForeign } from '@boardlet/adapters/foreign';
     import { createMqttLink } from '@boardlet/adapters/link/mqtt';
     const bytes = encode(new Map([[1, 'one'], [2, [1.5, -1, true]]]));
     const handlers = { onUp() {}, onMessage() {}, onDrain() {}, onDown(code) { done(code); } };
     let done;
     const down = new Promise((resolve) => { done = resolve; });
     const link = createMqttLink({ urls: ['mqtt://127.0.0.1:1'], clientId: 'a', protocol: 'auto', keepAliveS: 60,
       subscriptions: [], will: () => undefined, handlers });
     link.start();
     console.log(JSON.stringify({
       bytes: Buffer.from(bytes).toString('hex'),
       back: [...decode(bytes).value.keys()],
       bad: decodeMessage(new Uint8Array([0xff])).ok,
       foreign: decodeForeign(new Uint8Array([0x9f, 0x01, 0xff])).value,
       broker: typeof createMemoryBroker().createLink,
       mqtt: await down,
     }));
     link.close();`,
  );
  const output = execFileSync(process.execPath, [script], { cwd: unpacked.dir, encoding: 'utf8' });
  assert.equal(JSON.parse(output), {
    bytes: 'a201636f6e650283f93e0020f5',
    back: [1, 2],
    bad: false,
    foreign: [1],
    broker: 'function',
    mqtt: 'BL_LINK_MISSING_PEER',
  });
});

test('what a page may use bundles for the browser', async () => {
  for (const subpath of ['', '/wire', '/sets', '/link', '/link/lean', '/link/memory', '/foreign']) {
    const { errors, warnings, outputFiles } = await build({
      stdin: {
        contents: `export * from '@boardlet/adapters${subpath}';`,
        resolveDir: unpacked.dir,
      },
      bundle: true,
      platform: 'browser',
      format: 'esm',
      target: 'es2022',
      minify: true,
      write: false,
      logLevel: 'silent',
    });
    assert.equal([...errors, ...warnings], [], subpath);
    // cbor-x asks at run time whether there is a Buffer.
    if (subpath !== '/foreign')
      assert.not.match(outputFiles[0]?.text ?? '', /\bBuffer\b|\brequire\(/, subpath);
  }
});

test('importing one thing from the top costs a page that thing alone', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { isBoardletError } from '@boardlet/adapters'; globalThis.x = isBoardletError;`,
      resolveDir: unpacked.dir,
    },
    bundle: true,
    platform: 'browser',
    minify: true,
    write: false,
  });
  const bytes = outputFiles[0]?.contents.length ?? Number.POSITIVE_INFINITY;
  assert.ok(bytes < 2000, `${bytes} bytes`);
});

test('every library and every program loads from its package', () => {
  const dir = installedBeside(unpacked);
  const names = FOLDERS.flatMap(subpathsOf).map(({ name }) => name);
  const script = join(dir, 'all.mjs');
  writeFileSync(script, names.map((name) => `await import('${name}');`).join('\n'));
  execFileSync(process.execPath, [script], { cwd: dir });
  for (const folder of FOLDERS) {
    const { bin = {} } = readManifest(folder);
    for (const [name, path] of Object.entries(bin)) {
      const file = join(dir, 'node_modules/@boardlet', folder, path);
      const { stderr } = spawnSync(process.execPath, [file, '--no-such-flag'], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      assert.match(stderr, /no-such-flag|required option|Usage/, name);
    }
  }
});

test.run();
