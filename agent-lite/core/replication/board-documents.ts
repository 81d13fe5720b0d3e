/** One board's documents as the rest of the agent sees them: decoded, by kind and name. */
import {
  BoardletError,
  type DocumentBodies,
  decodeDocument,
  documentKind,
  type EventEntry,
  encodeDocument,
  encodeEvent,
  KINDS,
} from '@boardlet/adapters/wire';
import type { BoardDocuments, DesiredChange, DesiredKind, ReportedKind } from '../documents.ts';
import type { Logger } from '../host.ts';
import type { AppliedChange } from './link-types.ts';
import type { StoredDocument } from './store-contract.ts';

/** Kinds that this agent reads; bit k of `kinds-read` is kind k. */
const DESIRED: readonly DesiredKind[] = ['pod', 'twinDesired', 'device'];
const REPORTED: readonly ReportedKind[] = [
  'podStatus',
  'twin',
  'node',
  'staticPod',
  'deviceStatus',
];
/** An event too long for the journal is told with so much of its message. */
const SHORT_MESSAGE = 400;

type AnyBody = DocumentBodies[DesiredKind | ReportedKind];

export const KINDS_READ: number = DESIRED.reduce((mask, kind) => mask | (1 << KINDS[kind]), 0);

/** D8: what cannot be decoded is refused. */
export function validDocument(kind: number, _name: string, body: Uint8Array): boolean {
  const name = documentKind(kind);
  return name !== undefined && decodeDocument(name, body).ok;
}

export interface BoardPorts {
  readonly report: (kind: number, name: string, body: Uint8Array | undefined) => void;
  readonly event: (entry: Uint8Array) => void;
  readonly log: Logger;
}

/** The facade and its other side, by which replication feeds it. */
export interface BoardFacade {
  readonly documents: BoardDocuments;
  readonly restore: (
    desired: readonly StoredDocument[],
    reported: readonly StoredDocument[],
  ) => void;
  readonly apply: (changes: readonly AppliedChange[]) => void;
}

class Bodies {
  readonly #byKind = new Map<string, Map<string, AnyBody>>();

  constructor(kinds: readonly string[]) {
    for (const kind of kinds) this.#byKind.set(kind, new Map());
  }

  of(kind: string): Map<string, AnyBody> {
    const found = this.#byKind.get(kind);
    if (found === undefined)
      throw new BoardletError('BL_REPLICATION_KIND', `no such kind here: ${kind}`);
    return found;
  }

  /** The kind's name, where the document belongs here and can be read. */
  put(document: AppliedChange): DesiredChange | undefined {
    const kind = documentKind(document.kind);
    const names = kind === undefined ? undefined : this.#byKind.get(kind);
    if (kind === undefined || names === undefined) return undefined;
    const { name } = document;
    if (document.body === undefined) {
      names.delete(name);
      return { kind: kind as DesiredKind, name };
    }
    const decoded = decodeDocument(kind, document.body);
    if (!decoded.ok) return undefined;
    const body = decoded.value as DocumentBodies[DesiredKind];
    names.set(name, body);
    return { kind: kind as DesiredKind, name, body };
  }
}

function encodeShortened(entry: EventEntry): Uint8Array {
  try {
    return encodeEvent(entry);
  } catch (error) {
    if (!(error instanceof BoardletError)) throw error;
    return encodeEvent({ ...entry, message: `${entry.message.slice(0, SHORT_MESSAGE)}…` });
  }
}

function reportWith(
  ports: BoardPorts,
  reported: Bodies,
  kind: ReportedKind,
  name: string,
  body: DocumentBodies[ReportedKind] | undefined,
): void {
  try {
    const bytes = body === undefined ? undefined : encodeDocument(kind, body);
    if (body === undefined) reported.of(kind).delete(name);
    else reported.of(kind).set(name, body);
    ports.report(KINDS[kind], name, bytes);
  } catch (error) {
    if (!(error instanceof BoardletError)) throw error;
    ports.log.error('replication.report-refused', { kind, name, code: error.code });
  }
}

export function createBoardFacade(ports: BoardPorts): BoardFacade {
  const desired = new Bodies(DESIRED);
  const reported = new Bodies(REPORTED);
  const listeners: ((changes: readonly DesiredChange[]) => void)[] = [];
  const documents: BoardDocuments = {
    desired: <K extends DesiredKind>(kind: K) =>
      desired.of(kind) as ReadonlyMap<string, AnyBody> as ReadonlyMap<string, DocumentBodies[K]>,
    reported: <K extends ReportedKind>(kind: K) =>
      reported.of(kind) as ReadonlyMap<string, AnyBody> as ReadonlyMap<string, DocumentBodies[K]>,
    onDesired: (listener) => {
      listeners.push(listener);
    },
    report: (kind, name, body) => {
      reportWith(ports, reported, kind, name, body);
    },
    event: (entry) => {
      try {
        ports.event(encodeShortened(entry));
      } catch (error) {
        if (!(error instanceof BoardletError)) throw error;
        ports.log.error('replication.event-refused', { reason: entry.reason, code: error.code });
      }
    },
  };
  return {
    documents,
    restore: (wanted, told) => {
      for (const document of wanted) desired.put(document);
      for (const document of told) reported.put(document);
    },
    apply: (changes) => {
      const known = changes.flatMap((change) => desired.put(change) ?? []);
      if (known.length > 0) for (const listener of listeners) listener(known);
    },
  };
}
