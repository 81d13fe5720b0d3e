#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bundle = new URL('../dist/boardlet-bridge.mjs', import.meta.url);
if (!existsSync(fileURLToPath(bundle))) {
  process.stderr.write('boardlet-bridge: not built yet; run "npm run build" first\n');
  process.exit(69);
}
await import(bundle.href);
