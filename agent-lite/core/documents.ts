/** What the parts of the agent see of the replicated sets; `replication/` implements it over the store and a link. */
import type { DocumentBodies, EventEntry } from '@boardlet/adapters/wire';

export type DesiredKind = 'pod' | 'twinDesired' | 'device';
export type ReportedKind = 'podStatus' | 'twin' | 'node' | 'staticPod' | 'deviceStatus';

export interface DesiredChange {
  readonly kind: DesiredKind;
  readonly name: string;
  /** Absent: deleted. */
  readonly body?: DocumentBodies[DesiredKind];
}

export interface BoardDocuments {
  /** Decoded desired documents of one kind, by name. Bodies that do not decode were refused before they got here. */
  readonly desired: <K extends DesiredKind>(kind: K) => ReadonlyMap<string, DocumentBodies[K]>;
  readonly reported: <K extends ReportedKind>(kind: K) => ReadonlyMap<string, DocumentBodies[K]>;
  /** Called after the change is on disk (CommitBeforeAct). */
  readonly onDesired: (listener: (changes: readonly DesiredChange[]) => void) => void;
  /** Sets or, with no body, removes a reported document; equal content is no change. */
  readonly report: <K extends ReportedKind>(
    kind: K,
    name: string,
    body?: DocumentBodies[K],
  ) => void;
  readonly event: (entry: EventEntry) => void;
}
