/** Reads the fields of a parsed manifest and notes what is wrong with each, by its path. */
import { LIMITS } from '@boardlet/adapters/wire';

export interface ManifestProblem {
  /** Such as `spec.containers[0].image`; empty: the manifest as a whole. */
  readonly path: string;
  readonly message: string;
}

/** More problems than these are not listed: the first ones say enough. */
const MOST_PROBLEMS = 16;

export type Node = Readonly<Record<string, unknown>>;

export class Fields {
  readonly problems: ManifestProblem[] = [];

  #chars = 0;

  /** YAML's aliases make megabytes of a small file: counted before anything is made of the texts. */
  #fits(text: string): boolean {
    const fitted = this.#chars <= LIMITS.documentBytes;
    this.#chars += text.length;
    if (this.#chars <= LIMITS.documentBytes) return true;
    if (fitted) this.bad('', `its texts are over ${LIMITS.documentBytes} characters in all`);
    return false;
  }

  bad(path: string, message: string): undefined {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ path, message });
    return undefined;
  }

  /** An object whose keys are among `known`; null counts as absent, as in Kubernetes. */
  object(value: unknown, path: string, known: readonly string[]): Node | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return this.bad(path, 'is no object');
    const node = value as Node;
    for (const key of Object.keys(node))
      if (!known.includes(key) && node[key] !== null)
        this.bad(path === '' ? key : `${path}.${key}`, 'is not supported on this board');
    return node;
  }

  list(value: unknown, path: string): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.bad(path, 'is no list');
    return [];
  }

  text(value: unknown, path: string, pattern?: RegExp): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') return this.bad(path, 'is no text');
    if (!this.#fits(value)) return undefined;
    if (value.includes('\0')) return this.bad(path, 'holds a NUL character');
    if (pattern !== undefined && !pattern.test(value))
      return this.bad(path, `"${value.slice(0, 64)}" is not allowed: must match ${pattern.source}`);
    return value;
  }

  need(value: unknown, path: string, pattern?: RegExp): string {
    if (value === undefined || value === null || value === '') this.bad(path, 'is required');
    else return this.text(value, path, pattern) ?? '';
    return '';
  }

  whole(value: unknown, path: string, most: number): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most)
      return value;
    return this.bad(path, `is no whole number from 0 to ${most}`);
  }

  choice<T extends string>(value: unknown, path: string, choices: readonly T[]): T | undefined {
    if (value === undefined || value === null) return undefined;
    const found = choices.find((choice) => choice === value);
    return found ?? this.bad(path, `is none of ${choices.join(', ')}`);
  }

  texts(value: unknown, path: string): readonly string[] | undefined {
    if (value === undefined || value === null) return undefined;
    return this.list(value, path).map((item, i) => {
      if (typeof item !== 'string') this.bad(`${path}[${i}]`, 'is no text');
      return this.text(item, `${path}[${i}]`) ?? '';
    });
  }

  textMap(value: unknown, path: string): Readonly<Record<string, string>> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.bad(path, 'is no object');
      return {};
    }
    const entries = Object.entries(value).map(([key, item]) => {
      if (typeof item !== 'string') this.bad(`${path}.${key}`, 'is no text');
      return [key, typeof item === 'string' && this.#fits(key + item) ? item : ''] as const;
    });
    return Object.fromEntries(entries);
  }
}
