import { ApiFault, badRequest } from '../fault.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf, type ResourceType } from '../kinds.ts';
import { viewOf } from '../objects/decode.ts';
import { jsonOf, listJson, type Page } from '../objects/read.ts';
import type { Entry } from '../store/entry.ts';
import { type IncludeObject, partial, tableOf } from '../table/table.ts';

/** The form in which a client wants its answer, from the Accept header. */
export interface Representation {
  readonly form: 'object' | 'table' | 'metadata';
  readonly include: IncludeObject;
}

type Form = Representation['form'];

/** The form that one part of an Accept header asks for, if we can write it. */
function formOf(part: string): Form | undefined {
  const [media = '', ...parameters] = part.split(';').map((text) => text.trim());
  if (!/^(application\/json|application\/\*|\*\/\*|)$/.test(media)) return undefined;
  const as = parameters.find((text) => text.startsWith('as='))?.slice(3);
  if (as === undefined) return 'object';
  if (!parameters.includes('v=v1') || !parameters.includes('g=meta.k8s.io')) return undefined;
  if (as === 'Table') return 'table';
  return as.startsWith('PartialObjectMetadata') ? 'metadata' : undefined;
}

/** Picks the first form we can write. Throws 406 when there is none. */
export function negotiate(accept: string | undefined, query: URLSearchParams): Representation {
  const include = query.get('includeObject') ?? 'Metadata';
  if (include !== 'None' && include !== 'Metadata' && include !== 'Object') {
    throw badRequest(`includeObject: Invalid value: "${include.slice(0, 40)}"`);
  }
  for (const part of (accept ?? '*/*').split(',')) {
    const form = formOf(part);
    if (form !== undefined) return { form, include };
  }
  throw new ApiFault(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io',
  );
}

/** JSON text of one object in the wanted form. */
export function renderOne(
  type: ResourceType,
  entry: Entry,
  wanted: Representation,
  nowMs: number,
): string {
  if (wanted.form === 'object') return jsonOf(type, entry);
  const view = viewOf(type, entry.object);
  if (wanted.form === 'metadata') return JSON.stringify(partial(view));
  const metadata = { resourceVersion: String(entry.revision) };
  return JSON.stringify(
    tableOf([entry.object], [view], metadata, { type, include: wanted.include, nowMs }),
  );
}

export function renderPage(
  type: ResourceType,
  page: Page,
  wanted: Representation,
  nowMs: number,
): string {
  if (wanted.form === 'object') return listJson(type, page);
  const metadata: JsonObject = { resourceVersion: String(page.revision) };
  if (page.next !== '') metadata['continue'] = page.next;
  if (page.remaining !== undefined) metadata['remainingItemCount'] = page.remaining;
  const stored = page.entries.map((entry) => entry.object);
  const views = stored.map((object) => viewOf(type, object));
  if (wanted.form === 'metadata') {
    return JSON.stringify({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: views.map((view) => partial(view)),
    });
  }
  return JSON.stringify(tableOf(stored, views, metadata, { type, include: wanted.include, nowMs }));
}

const INITIAL_END = { 'k8s.io/initial-events-end': 'true' };

/** An object that says no more than how far the watch has come. */
export function renderBookmark(
  type: ResourceType,
  revision: number,
  initialEnd: boolean,
  wanted: Representation,
): string {
  const metadata: JsonObject = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(initialEnd ? { annotations: INITIAL_END } : {}),
  };
  if (wanted.form === 'object') {
    return JSON.stringify({ kind: type.kind, apiVersion: apiVersionOf(type), metadata });
  }
  const bare = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  if (wanted.form === 'metadata') return JSON.stringify(bare);
  const table = tableOf(
    [],
    [],
    { resourceVersion: String(revision) },
    { type, include: 'Metadata', nowMs: 0 },
  );
  return JSON.stringify({ ...table, rows: [{ cells: [], object: bare }] });
}
