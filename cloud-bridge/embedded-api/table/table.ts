import { isObject, type Json, type JsonObject } from '../json.ts';
import type { PrinterColumn, ResourceType } from '../kinds.ts';
import { type Column, NAME_COLUMN, PLAIN, PRINTERS, type Printer } from './columns.ts';
import { age } from './duration.ts';
import { evaluate, parseJsonPath } from './json-path.ts';

/** How much of each object a row carries (`includeObject`). */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

function customCell(column: PrinterColumn, object: JsonObject, nowMs: number): Json {
  const steps = parseJsonPath(column.jsonPath);
  const found = steps === undefined ? [] : evaluate(object, steps);
  const [first] = found;
  if (first === undefined || first === null) return column.type === 'date' ? '<unknown>' : null;
  if (column.type === 'date') return age(String(first), nowMs);
  if (column.type === 'string') {
    return typeof first === 'string' && found.length === 1 ? first : found.map(cellText).join(',');
  }
  return typeof first === 'object' ? JSON.stringify(first) : first;
}
const cellText = (value: Json): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const printers = new WeakMap<ResourceType, Printer>();

function printerOf(type: ResourceType): Printer {
  if (!type.custom) return PRINTERS[type.storage] ?? PLAIN;
  const { columns } = type;
  if (columns === undefined) return PLAIN;
  let printer = printers.get(type);
  if (printer === undefined) {
    const shown: Column[] = columns.map((column) => ({
      name: column.name,
      type: column.type,
      format: column.format ?? '',
      description: column.description ?? '',
      priority: column.priority,
    }));
    printer = {
      columns: [NAME_COLUMN, ...shown],
      cells: (object, nowMs) => [
        PLAIN.cells(object, nowMs)[0] ?? '',
        ...columns.map((column) => customCell(column, object, nowMs)),
      ],
    };
    printers.set(type, printer);
  }
  return printer;
}

/** What a `Table` row carries of its object. */
export function partial(object: JsonObject): JsonObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

export interface TableOptions {
  readonly type: ResourceType;
  readonly include: IncludeObject;
  readonly nowMs: number;
}

/** A `meta.k8s.io/v1` Table of stored objects; `views` are the same objects as this version shows them. */
export function tableOf(
  stored: readonly JsonObject[],
  views: readonly JsonObject[],
  metadata: JsonObject,
  { type, include, nowMs }: TableOptions,
): JsonObject {
  const printer = printerOf(type);
  const rows = stored.map((object, index): JsonObject => {
    const view = views[index] ?? object;
    const carried = include === 'Object' ? view : partial(view);
    return {
      cells: printer.cells(type.custom ? view : object, nowMs),
      ...(include === 'None' ? {} : { object: carried }),
    };
  });
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: printer.columns.map((column) => ({ ...column })),
    rows,
  };
}
