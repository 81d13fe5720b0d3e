/** Builds what is shipped: one bundle per program (esbuild) and, unless `--quiet`, the libraries with their types (tsc).
 *
 *   npm run build              everything
 *   npm run build -- --quiet   only the bundles, without a word (what `npm start` needs)
 *   npm run release            everything, then one packed tarball per package in dist/
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

interface Bundle {
  readonly entry: string;
  readonly out: string;
  /** Everything inlined; nothing but Node itself is needed beside the file. */
  readonly selfContained: boolean;
}

const BUNDLES: readonly Bundle[] = [
  {
    entry: 'agent-lite/bin/boardlet-agent.ts',
    out: 'agent-lite/dist/boardlet-agent.mjs',
    selfContained: true,
  },
  {
    entry: 'agent-lite/bin/boardlet-shim.ts',
    out: 'agent-lite/dist/boardlet-shim.cjs',
    selfContained: true,
  },
  {
    entry: 'cloud-bridge/bin/boardlet-bridge.ts',
    out: 'cloud-bridge/dist/boardlet-bridge.mjs',
    selfContained: false,
  },
  {
    entry: 'cloud-bridge/bin/boardlet-api.ts',
    out: 'cloud-bridge/dist/boardlet-api.mjs',
    selfContained: false,
  },
  {
    entry: 'cloud-bridge/bin/boardlet-broker.ts',
    out: 'cloud-bridge/dist/boardlet-broker.mjs',
    selfContained: false,
  },
  {
    entry: 'cloud-bridge/bin/boardctl.ts',
    out: 'cloud-bridge/dist/boardctl.mjs',
    selfContained: false,
  },
];
/** In this order: each takes the types of those before it from their dist/, as a stranger's program would. */
const LIBRARIES = ['adapters', 'board-support', 'agent-lite', 'cloud-bridge'];
const VERSION = '0.1.0';

/** The clock floor of a board without a clock; SOURCE_DATE_EPOCH (reproducible-builds.org) fixes it. */
function buildTimeMs(): number {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  return epoch === undefined ? Date.now() : Number(epoch) * 1000;
}

/** Third-party packages stay outside the bridge's bundles (native addons, licences); ours are always inlined. */
const externals = {
  name: 'third-party-outside',
  setup(b: import('esbuild').PluginBuild): void {
    b.onResolve({ filter: /^[^./]/ }, (args) =>
      args.kind === 'entry-point' || args.path.startsWith('@boardlet/')
        ? undefined
        : { path: args.path, external: true },
    );
  },
};

async function buildBundle(bundle: Bundle): Promise<void> {
  await build({
    entryPoints: [bundle.entry],
    outfile: bundle.out,
    bundle: true,
    platform: 'node',
    // The shim starts once per pod: CommonJS saves it the ESM loader, some 10 ms.
    format: bundle.out.endsWith('.cjs') ? 'cjs' : 'esm',
    target: 'node20.19',
    minify: bundle.selfContained,
    keepNames: false,
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: false,
    conditions: ['@boardlet/source'],
    define: { BOARDLET_BUILD_MS: String(buildTimeMs()), BOARDLET_VERSION: JSON.stringify(VERSION) },
    logLevel: 'warning',
    plugins: bundle.selfContained ? [] : [externals],
  });
}

/** What an earlier build left, but for the bundles: programs that run at this moment load their code from these. */
function cleanLibrary(dist: string): void {
  if (!existsSync(dist)) return;
  const bundles = BUNDLES.map(({ out }) => basename(out));
  for (const name of readdirSync(dist)) {
    if (bundles.some((bundle) => name === bundle || name === `${bundle}.map`)) continue;
    rmSync(join(dist, name), { recursive: true, force: true });
  }
}

const RELATIVE = /(from |import\()(['"])(\.{1,2}\/[^'"]*)\.ts\2/g;

/** tsc leaves `./x.ts` in declarations, which older compilers refuse; and it writes a declaration for each source, where only
 * those that a public one names are of use: the others name packages that their reader need not have. */
function tidyDeclarations(dist: string, entries: readonly string[]): void {
  const kept = new Set<string>();
  const queue = entries.map((entry) => join(dist, entry.replace(/\.ts$/, '.d.ts')));
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (kept.has(file)) continue;
    kept.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, , , path = ''] of text.matchAll(RELATIVE))
      queue.push(join(dirname(file), `${path}.d.ts`));
    writeFileSync(file, text.replaceAll(RELATIVE, '$1$2$3.js$2'));
  }
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const file = join(dist, name);
    if (name.endsWith('.d.ts') && !kept.has(file)) rmSync(file);
  }
}

function buildLibrary(folder: string): void {
  const config = join(folder, 'tsconfig.build.json');
  const { files } = JSON.parse(readFileSync(config, 'utf8')) as { readonly files: string[] };
  const dist = join(folder, 'dist');
  cleanLibrary(dist);
  execFileSync('node_modules/.bin/tsc', ['-p', config], { stdio: 'inherit' });
  tidyDeclarations(dist, files);
}

/** npm packs README and licence from the package's own folder; the licence is kept once, at the top. */
function pack(folder: string): void {
  const licence = join(folder, 'LICENSE');
  copyFileSync('LICENSE', licence);
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', 'dist', '-w', folder], {
      stdio: 'inherit',
    });
  } finally {
    rmSync(licence);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const quiet = args.includes('--quiet');
  const say = (line: string): void => {
    if (!quiet) console.log(line);
  };
  const present = BUNDLES.filter((b) => existsSync(b.entry));
  await Promise.all(present.map(buildBundle));
  for (const b of present) say(`${b.out}  ${(statSync(b.out).size / 1000).toFixed(0)} kB`);
  if (quiet) return;
  for (const folder of LIBRARIES) {
    buildLibrary(folder);
    say(`${folder}/dist  libraries and types`);
  }
  if (!args.includes('--release')) return;
  rmSync('dist', { recursive: true, force: true });
  mkdirSync('dist');
  for (const folder of LIBRARIES) pack(folder);
}

await main(process.argv.slice(2));
