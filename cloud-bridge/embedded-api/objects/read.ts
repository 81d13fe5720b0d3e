import { badRequest, expired, fromTheFuture, notFound } from '../fault.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf, type ResourceType } from '../kinds.ts';
import {
  type FieldSelector,
  type Predicate,
  parseFieldSelector,
  parseLabelSelector,
} from '../selectors.ts';
import { type Entry, entryKey } from '../store/entry.ts';
import type { Store } from '../store/store.ts';
import { viewOf } from './decode.ts';

export interface Selection {
  readonly labels: Predicate | undefined;
  readonly fields: FieldSelector | undefined;
}

export function readSelection(type: ResourceType, query: URLSearchParams): Selection {
  return {
    labels: parseLabelSelector(query.get('labelSelector') ?? ''),
    fields: parseFieldSelector(query.get('fieldSelector') ?? '', type.kind, type.selectable),
  };
}

export function selects(selection: Selection, object: JsonObject): boolean {
  return (
    (selection.labels === undefined || selection.labels(object)) &&
    (selection.fields === undefined || selection.fields.test(object))
  );
}

export interface Page {
  readonly entries: readonly Entry[];
  readonly revision: number;
  readonly next: string;
  readonly remaining: number | undefined;
}

/** A resourceVersion parameter. Throws 400. */
export function readRevision(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(
      `resourceVersion: Invalid value: "${text.slice(0, 40)}": must be a whole number`,
    );
  }
  return Number(text);
}

interface Token {
  readonly revision: number;
  readonly start: string;
}
function encodeToken(token: Token): string {
  return Buffer.from(
    JSON.stringify({ v: 'boardlet/v1', rv: token.revision, start: token.start }),
  ).toString('base64url');
}
function decodeToken(text: string): Token {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null && 'rv' in value && 'start' in value) {
      const { rv, start } = value;
      if (Number.isSafeInteger(rv) && typeof start === 'string')
        return { revision: Number(rv), start };
    }
  } catch {
    // Anything that is not one of our tokens gets the same answer below.
  }
  throw badRequest('continue key is not valid');
}

const GONE =
  'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.';

/** The entries of one page. Throws 400, 410 and 504. */
export function readPage(
  store: Store,
  type: ResourceType,
  namespace: string,
  query: URLSearchParams,
): Page {
  const selection = readSelection(type, query);
  const limit = readLimit(query.get('limit'));
  const token = query.get('continue') ?? '';
  const collection = store.collection(type.storage);
  if (token === '') {
    const revision = checkRevision(store, query);
    return cut(collection.range(namespace), selection, limit, revision);
  }
  const { revision, start } = decodeToken(token);
  if (revision > store.revision || store.forgotten(revision)) throw expired(GONE);
  const entries = collection.rangeAt(revision, namespace, start);
  if (entries === undefined) throw expired(GONE);
  return cut(entries, selection, limit, revision);
}

function readLimit(text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`limit: Invalid value: "${text.slice(0, 40)}"`);
  return Number(text);
}

/** Every list reads the newest state, so any revision but an exact old one or one of the future is served. */
function checkRevision(store: Store, query: URLSearchParams): number {
  const asked = readRevision(query.get('resourceVersion'));
  const match = query.get('resourceVersionMatch');
  if (match !== null && match !== '' && asked === undefined) {
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (asked !== undefined && asked > store.revision) throw fromTheFuture(asked, store.revision);
  if (match === 'Exact' && asked !== undefined && asked !== store.revision) {
    throw expired(`The resourceVersion for the provided list is too old.`);
  }
  return store.revision;
}

function cut(
  entries: Iterable<Entry>,
  selection: Selection,
  limit: number,
  revision: number,
): Page {
  const page: Entry[] = [];
  let more = 0;
  for (const entry of entries) {
    if (!selects(selection, entry.object)) continue;
    if (limit === 0 || page.length < limit) page.push(entry);
    else more++;
  }
  const last = page.at(-1);
  const next =
    more > 0 && last !== undefined
      ? encodeToken({ revision, start: entryKey(last.namespace, last.name) })
      : '';
  const selective = selection.labels !== undefined || selection.fields !== undefined;
  return { entries: page, revision, next, remaining: more > 0 && !selective ? more : undefined };
}

export function readOne(store: Store, type: ResourceType, namespace: string, name: string): Entry {
  const entry = store.collection(type.storage).get(namespace, name);
  if (entry === undefined) throw notFound(type, name);
  return entry;
}

/** JSON text of an entry in a kind's view; the stored text where they are the same. */
export function jsonOf(type: ResourceType, entry: Entry): string {
  const view = viewOf(type, entry.object);
  return view === entry.object ? entry.json : JSON.stringify(view);
}

export function listJson(type: ResourceType, page: Page): string {
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.next === '' ? {} : { continue: page.next }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  const items = page.entries.map((entry) => jsonOf(type, entry)).join(',');
  return `{"kind":"${type.listKind}","apiVersion":"${apiVersionOf(type)}","metadata":${JSON.stringify(metadata)},"items":[${items}]}\n`;
}
