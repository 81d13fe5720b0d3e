/** The CustomResourceDefinitions that this package ships. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { KubeObject } from '../kube/contract.ts';

/** `crds/` lies in the package's root: one level up from both `bridge/` (source) and `dist/` (bundle). */
function folder(): string {
  const beside = join(import.meta.dirname, '../crds');
  return existsSync(beside) ? beside : join(import.meta.dirname, '../../crds');
}

export function shippedCrds(): readonly KubeObject[] {
  const from = folder();
  return readdirSync(from)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => load(readFileSync(join(from, name), 'utf8')) as KubeObject);
}
