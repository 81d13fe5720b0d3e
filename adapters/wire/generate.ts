/** Writes registry.ts and the C header from registry.json.
 *
 *   node --import tsx adapters/wire/generate.ts [--check]
 *
 * `--check` writes nothing and exits 1 when a generated file is out of date. */
import { readFileSync, writeFileSync } from 'node:fs';

type Section = Readonly<Record<string, number>> | readonly string[];

/** The TypeScript constant and the C prefix of each section. */
const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  protocol: ['PROTOCOL', 'PROTOCOL'],
  messages: ['MESSAGES', 'MESSAGE'],
  sets: ['SETS', 'SET'],
  kinds: ['KINDS', 'KIND'],
  desiredKinds: ['DESIRED_KINDS', 'DESIRED_KINDS'],
  reportedKinds: ['REPORTED_KINDS', 'REPORTED_KINDS'],
  refuseCodes: ['REFUSE_CODES', 'REFUSE'],
  deathReasons: ['DEATH_REASONS', 'DEATH'],
  streamTypes: ['STREAM_TYPES', 'STREAM'],
  endCodes: ['END_CODES', 'END'],
  birthKeys: ['BIRTH_KEYS', 'BIRTH_KEY'],
  helloKeys: ['HELLO_KEYS', 'HELLO_KEY'],
  openKeys: ['OPEN_KEYS', 'OPEN_KEY'],
  pod: ['POD_KEYS', 'POD_KEY'],
  container: ['CONTAINER_KEYS', 'CONTAINER_KEY'],
  resources: ['RESOURCE_KEYS', 'RESOURCE_KEY'],
  restartPolicies: ['RESTART_POLICIES', 'RESTART'],
  podStatus: ['POD_STATUS_KEYS', 'POD_STATUS_KEY'],
  phases: ['PHASES', 'PHASE'],
  containerStatus: ['CONTAINER_STATUS_KEYS', 'CONTAINER_STATUS_KEY'],
  containerStates: ['CONTAINER_STATES', 'CONTAINER_STATE'],
  node: ['NODE_KEYS', 'NODE_KEY'],
  nodeResources: ['NODE_RESOURCE_KEYS', 'NODE_RESOURCE_KEY'],
  conditionStatuses: ['CONDITION_STATUSES', 'CONDITION'],
  staticPod: ['STATIC_POD_KEYS', 'STATIC_POD_KEY'],
  device: ['DEVICE_KEYS', 'DEVICE_KEY'],
  property: ['PROPERTY_KEYS', 'PROPERTY_KEY'],
  propertyTypes: ['PROPERTY_TYPES', 'PROPERTY_TYPE'],
  deviceStatus: ['DEVICE_STATUS_KEYS', 'DEVICE_STATUS_KEY'],
  settings: ['SETTINGS_KEYS', 'SETTINGS_KEY'],
  event: ['EVENT_KEYS', 'EVENT_KEY'],
  aboutKinds: ['ABOUT_KINDS', 'ABOUT'],
  logArgs: ['LOG_ARGS_KEYS', 'LOG_ARGS_KEY'],
  renewArgs: ['RENEW_ARGS_KEYS', 'RENEW_ARGS_KEY'],
  wireErrors: ['WIRE_ERRORS', 'WIRE'],
  limits: ['LIMITS', 'LIMIT'],
};

const upperSnake = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

function namesOf(section: string): readonly [string, string] {
  const names = NAMES[section];
  if (names === undefined) throw new Error(`registry.json: no names for the section ${section}`);
  return names;
}

function tsList(name: string, items: readonly string[]): string {
  const quoted = items.map((item) => `'${item}'`);
  const line = `export const ${name} = [${quoted.join(', ')}] as const;\n`;
  if (line.length <= 101) return line;
  return `export const ${name} = [\n${quoted.map((item) => `  ${item},\n`).join('')}] as const;\n`;
}

function tsSection(section: string, value: Section): string {
  const [name] = namesOf(section);
  if (Array.isArray(value)) return tsList(name, value);
  const rows = Object.entries(value).map(([key, number]) =>
    section === 'wireErrors'
      ? `  ${key}: 'BL_WIRE_${upperSnake(key)}',\n`
      : `  ${key}: ${number},\n`,
  );
  return `export const ${name} = {\n${rows.join('')}} as const;\n`;
}

/** C's int has 16 bits on the smallest targets. */
const cNumber = (value: number): string => (value > 32767 ? `${value}UL` : `${value}`);

function cSection(
  section: string,
  value: Section,
  kinds: Readonly<Record<string, number>>,
): string {
  const [, prefix] = namesOf(section);
  if (Array.isArray(value)) {
    const mask = value.reduce((bits: number, kind: string) => bits + 2 ** (kinds[kind] ?? 0), 0);
    return `#define BL_${prefix}_MASK 0x${mask.toString(16).toUpperCase()}UL\n`;
  }
  return Object.entries(value)
    .map(([key, number]) => `#define BL_${prefix}_${upperSnake(key)} ${cNumber(number)}\n`)
    .join('');
}

function readRegistry(): readonly (readonly [string, Section])[] {
  const text = readFileSync(new URL('registry.json', import.meta.url), 'utf8');
  return Object.entries(JSON.parse(text) as Record<string, Section>);
}

function renderTs(sections: readonly (readonly [string, Section])[]): string {
  const head = '/** Generated from registry.json by generate.ts; do not edit. */\n\n';
  return head + sections.map(([section, value]) => tsSection(section, value)).join('\n');
}

function renderC(sections: readonly (readonly [string, Section])[]): string {
  const kinds = Object.fromEntries(sections)['kinds'] as Readonly<Record<string, number>>;
  const body = sections.map(([section, value]) => cSection(section, value, kinds)).join('\n');
  return `/* Generated from adapters/wire/registry.json by adapters/wire/generate.ts; do not edit. */
#ifndef BOARDLET_REGISTRY_H
#define BOARDLET_REGISTRY_H

${body}
#endif /* BOARDLET_REGISTRY_H */
`;
}

function main(check: boolean): number {
  const sections = readRegistry();
  const files: readonly (readonly [string, string])[] = [
    ['registry.ts', renderTs(sections)],
    ['../../firmware-stubs/include/boardlet_registry.h', renderC(sections)],
  ];
  let stale = 0;
  for (const [path, text] of files) {
    const url = new URL(path, import.meta.url);
    if (!check) {
      writeFileSync(url, text);
    } else if (readIfThere(url) !== text) {
      console.error(`${path} is out of date: run npm run generate`);
      stale += 1;
    }
  }
  return stale === 0 ? 0 : 1;
}

function readIfThere(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

process.exitCode = main(process.argv.includes('--check'));
