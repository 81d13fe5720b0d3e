/** Reads values from outside against a description of their fields; every fault names the field's path. */
import { BoardletError } from '@boardlet/adapters/wire';

export interface Place {
  /** The file, `environment` or `command line`. */
  readonly source: string;
  /** Dotted path of the field; empty for the whole. */
  readonly path: string;
}
export type Check<T> = (value: unknown, at: Place) => T;

export function invalid(at: Place, expected: string): BoardletError {
  const field = at.path === '' ? 'the configuration' : at.path;
  const message = `${at.source}: ${field}: ${expected}`;
  return new BoardletError('BL_CONFIG_INVALID', message, {
    details: { source: at.source, path: at.path },
  });
}

export const within = (at: Place, name: string): Place => ({
  source: at.source,
  path: at.path === '' ? name : `${at.path}.${name}`,
});

export function text(expected: string, pattern: RegExp): Check<string> {
  return (value, at) => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw invalid(at, `expected ${expected}, got ${show(value)}`);
  };
}

/** Whole numbers; the environment and the command line give them as text. */
export function integer(minimum: number, maximum: number): Check<number> {
  return (value, at) => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number))
      if (number >= minimum && number <= maximum) return number;
    throw invalid(at, `expected a whole number ${minimum} to ${maximum}, got ${show(value)}`);
  };
}

export function flag(): Check<boolean> {
  return (value, at) => {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw invalid(at, `expected true or false, got ${show(value)}`);
  };
}

export function oneOf<T extends string>(words: readonly T[]): Check<T> {
  return (value, at) => {
    const word = words.find((each) => each === value);
    if (word !== undefined) return word;
    throw invalid(at, `expected one of ${words.join(', ')}, got ${show(value)}`);
  };
}

/** A list, or a text with commas between its items. */
export function list<T>(item: Check<T>, most: number): Check<readonly T[]> {
  return (value, at) => {
    const items =
      typeof value === 'string' ? value.split(',').filter((each) => each !== '') : value;
    if (!Array.isArray(items)) throw invalid(at, `expected a list, got ${show(value)}`);
    if (items.length > most) throw invalid(at, `at most ${most} items, got ${items.length}`);
    return items.map((each, i) => item(each, { ...at, path: `${at.path}[${i}]` }));
  };
}

/** A map of texts, or a text of `name=value` with commas between. */
export function texts(
  name: RegExp,
  value: Check<string>,
  most: number,
): Check<Record<string, string>> {
  return (given, at) => {
    const pairs = typeof given === 'string' ? pairsOf(given) : Object.entries(record(given, at));
    if (pairs.length > most) throw invalid(at, `at most ${most} entries, got ${pairs.length}`);
    const read: Record<string, string> = {};
    for (const [key, each] of pairs) {
      if (!name.test(key)) throw invalid(at, `${show(key)} is no name that is allowed here`);
      read[key] = value(each, within(at, key));
    }
    return read;
  };
}

function pairsOf(given: string): [string, unknown][] {
  return given
    .split(',')
    .filter((each) => each !== '')
    .map((each) => {
      const at = each.indexOf('=');
      return at < 0 ? [each, undefined] : [each.slice(0, at), each.slice(at + 1)];
    });
}

export function record(value: unknown, at: Place): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw invalid(at, `expected a map, got ${show(value)}`);
}

export type Shape<T> = { readonly [K in keyof T]: Check<T[K]> };

/** Reads a map whose fields are all optional; one that is not described is refused, with the nearest that is. */
export function fields<T extends object>(shape: Shape<T>): Check<Partial<T>> {
  return (value, at) => {
    const read: Partial<T> = {};
    for (const [name, each] of Object.entries(record(value, at))) {
      if (!isField(shape, name)) throw unknownField(at, name, Object.keys(shape));
      if (each !== null && each !== undefined) read[name] = shape[name](each, within(at, name));
    }
    return read;
  };
}

function isField<T extends object>(shape: Shape<T>, name: string): name is keyof T & string {
  return Object.hasOwn(shape, name);
}

function unknownField(at: Place, name: string, known: readonly string[]): BoardletError {
  const near = nearest(name, known);
  const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`;
  return invalid(within(at, name), `unknown field; ${hint}`);
}

/** More changes than this make another word. */
const MOST_CHANGES = 3;

export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((word) => ({ word, changes: distance(name.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.changes - b.changes);
  const best = ranked[0];
  return best !== undefined && best.changes <= MOST_CHANGES ? best.word : undefined;
}

/** Levenshtein's distance, over the first 64 characters. */
function distance(from: string, to: string): number {
  const a = from.slice(0, 64);
  const b = to.slice(0, 64);
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

const MOST_SHOWN = 64;

/** The value as the user wrote it, short; secrets have no place in a configuration, so it may be shown. */
function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown;
}
