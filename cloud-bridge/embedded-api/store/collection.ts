import type { ChangeLog } from './change-log.ts';
import { type Change, type Entry, entryKey } from './entry.ts';

/** The committed objects of one kind, sorted by namespace and name. */
export class Collection {
  readonly log: ChangeLog;
  readonly #entries = new Map<string, Entry>();
  #keys: string[] | undefined = [];

  constructor(log: ChangeLog) {
    this.log = log;
  }

  get size(): number {
    return this.#entries.size;
  }
  get(namespace: string, name: string): Entry | undefined {
    return this.#entries.get(entryKey(namespace, name));
  }
  values(): Iterable<Entry> {
    return this.#entries.values();
  }

  load(entry: Entry): void {
    this.#entries.set(entryKey(entry.namespace, entry.name), entry);
    this.#keys = undefined;
  }

  apply(change: Change): void {
    const { present, previous } = change;
    const entry = present ?? previous;
    if (entry === undefined) return;
    const key = entryKey(entry.namespace, entry.name);
    if (present === undefined) this.#entries.delete(key);
    else this.#entries.set(key, present);
    if (present === undefined || previous === undefined) this.#keys = undefined;
    this.log.push(change);
  }

  #sorted(): readonly string[] {
    this.#keys ??= [...this.#entries.keys()].sort();
    return this.#keys;
  }

  /** Entries in order, of one namespace or of all (`''`), after `start` (exclusive) where given. */
  *range(namespace: string, start = ''): Iterable<Entry> {
    const keys = this.#sorted();
    const prefix = namespace === '' ? '' : `${namespace}/`;
    for (
      let index = lowerBound(keys, start > prefix ? start : prefix);
      index < keys.length;
      index++
    ) {
      const key = keys[index] ?? '';
      if (!key.startsWith(prefix)) return;
      const entry = key === start ? undefined : this.#entries.get(key);
      if (entry !== undefined) yield entry;
    }
  }

  /**
   * Entries as they were at `revision`, in order, or undefined when the log no longer reaches back: lets a list
   * go on from page to page while others write.
   */
  rangeAt(revision: number, namespace: string, start: string): Entry[] | undefined {
    const from = this.log.after(revision);
    if (from === undefined) return undefined;
    const entries = new Map<string, Entry>();
    for (const entry of this.range(namespace, start)) {
      entries.set(entryKey(entry.namespace, entry.name), entry);
    }
    const prefix = namespace === '' ? '' : `${namespace}/`;
    for (let position = this.log.end - 1; position >= from; position--) {
      const change = this.log.at(position);
      const entry = change?.previous ?? change?.present;
      if (change === undefined || entry === undefined) continue;
      const key = entryKey(entry.namespace, entry.name);
      if (key <= start || !key.startsWith(prefix)) continue;
      if (change.previous === undefined) entries.delete(key);
      else entries.set(key, change.previous);
    }
    return [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  }
}

function lowerBound(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
