/** What a module exports, types included, read from its source text: at run time types are gone. The sources are formatted
 * by biome, so that an export begins its line. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type NameKind = 'value' | 'type';
export type Names = ReadonlyMap<string, NameKind>;

const STAR = /^export (type )?\* from '(\.[^']+)';/gm;
const LIST = /^export (type )?\{([^}]*)\}/gm;
const OWN =
  /^export (?:declare )?(?:abstract )?(?:async )?(const|let|function\*?|class|interface|type) ([\w$]+)/gm;

/** Names by kind; a class is a value. */
export function exportedNames(file: string): Names {
  const text = readFileSync(file, 'utf8');
  const names = new Map<string, NameKind>();
  for (const [, word = '', name = ''] of text.matchAll(OWN))
    names.set(name, word === 'interface' || word === 'type' ? 'type' : 'value');
  for (const [, typeOnly, body = ''] of text.matchAll(LIST)) addList(names, body, typeOnly);
  for (const [, typeOnly, path = ''] of text.matchAll(STAR)) {
    for (const [name, kind] of exportedNames(join(dirname(file), path)))
      names.set(name, typeOnly === undefined ? kind : 'type');
  }
  return names;
}

function addList(names: Map<string, NameKind>, body: string, typeOnly: string | undefined): void {
  for (const item of body.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').split(',')) {
    const words = item.trim().split(/\s+/);
    const name = words.at(-1) ?? '';
    if (name === '') continue;
    names.set(name, typeOnly !== undefined || words[0] === 'type' ? 'type' : 'value');
  }
}
