/** The seams inside the projection: what a part (nodes, pods, devices …) is given and what it offers. */
import type { EventEntry } from '@boardlet/adapters/wire';
import type {
  Clock,
  Informer,
  InformerHandlers,
  KubeErrorShape,
  KubeObject,
  Logger,
  PatchType,
  Random,
  Resource,
  Timers,
  WatchingClient,
} from '../kube/index.ts';
import type { DesiredDocument, OfflineReason, ReportedChange } from '../session/contract.ts';

/** Lower is served first: a lease in time is worth more than any status. */
export const PRIORITY = { lease: 0, pod: 1, node: 2, device: 3, event: 4 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

export type Write =
  | { readonly op: 'create'; readonly object: KubeObject; readonly stamp?: boolean }
  | {
      readonly op: 'patch';
      readonly type: Extract<PatchType, 'merge' | 'strategic'>;
      readonly body: Readonly<Record<string, unknown>>;
      readonly subresource?: 'status';
    }
  | { readonly op: 'replace'; readonly object: KubeObject; readonly subresource?: 'status' }
  | { readonly op: 'delete'; readonly uid: string; readonly graceS: number };

/** One object's wish. A later job of the same object replaces an earlier one that waits, so `build` must derive the
 * write from present truth, never from a captured difference. */
export interface WriteJob {
  readonly resource: Resource;
  /** Empty for cluster-scoped resources. */
  readonly namespace: string;
  readonly name: string;
  readonly priority: Priority;
  /** Written at once, whatever came before (pod phase, Ready, a lease). Default false. */
  readonly urgent?: boolean;
  /** The cached object, mostly from an informer. The queue takes what it wrote itself where that is newer, and reads
   * the API after a conflict. Without it the object is thought absent until a create says otherwise. */
  readonly cached?: () => KubeObject | undefined;
  /** Undefined or an empty array: nothing to do. Several writes go in order; each sees the result of the one before
   * through the precondition. The queue adds the resourceVersion precondition and the term annotation (rule R4).
   * It may be called again after a conflict, so it must not have effects. */
  readonly build: (current: KubeObject | undefined) => Write | readonly Write[] | undefined;
  /** The object as the API answered, or as it is known where there was nothing to do; undefined when it is not there. */
  readonly done?: (object: KubeObject | undefined) => void;
  /** The API refused for good (invalid, not found …); nothing is tried again until the next enqueue. */
  readonly failed?: (error: KubeErrorShape) => void;
  /** It will not be written by this queue: cleared, stopped, or another bridge owns the boards. Not called for a job that a
   * later one of the same object replaced. */
  readonly dropped?: () => void;
}

export interface QueueStats {
  readonly waiting: number;
  readonly inFlight: number;
  /** 1 (no pressure) to 10: seconds between coalesced writes of one object. */
  readonly stretch: number;
  readonly writes: number;
  readonly throttled: number;
}
export interface WriteQueue {
  /** False: the queue is full (events only) and the job was dropped. */
  readonly enqueue: (job: WriteJob) => boolean;
  /** Drops a waiting job and what is remembered of the object. */
  readonly forget: (resource: Resource, namespace: string, name: string) => void;
  /** The API says that the object is gone: what is remembered of it no longer counts. Informers of a part tell by themselves. */
  readonly gone: (resource: Resource, object: KubeObject) => void;
  /** Drops all that waits: another bridge owns the boards now, and what is known here grows old. */
  readonly clear: () => void;
  readonly stats: () => QueueStats;
  /** Resolves when nothing waits or is in flight. */
  readonly idle: () => Promise<void>;
  readonly stop: () => void;
}

/** One of the bridge's own Events: repeated ones are counted, not multiplied. */
export interface OwnEvent {
  readonly board: string;
  readonly warning: boolean;
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Absent: the board's Node. */
  readonly about?: KubeObject;
}

/** Names of boards and their Nodes. */
export interface Naming {
  readonly fleet: string;
  readonly nodeOf: (board: string) => string;
  /** Undefined: not a name of this fleet's boards. */
  readonly boardOf: (node: string) => string | undefined;
  readonly providerIdOf: (board: string) => string;
}

export interface PartContext {
  readonly client: WatchingClient;
  readonly naming: Naming;
  readonly queue: WriteQueue;
  /** Makes an informer that the projection starts, stops and counts in `warm` and `revision`. Call it in the part's constructor. */
  readonly informer: (
    resource: Resource,
    options: {
      readonly fieldSelector?: string;
      readonly transform?: (object: KubeObject) => KubeObject;
      /** False: the object is treated as absent. */
      readonly keep?: (object: KubeObject) => boolean;
      /** A resource whose absence (CRD not installed) must not hold up the rest. Default false. */
      readonly optional?: boolean;
    },
    handlers: Pick<InformerHandlers, 'onChange'> & Partial<InformerHandlers>,
  ) => Informer;
  readonly event: (event: OwnEvent) => void;
  readonly online: (board: string) => boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
}

/** A part of the projection, owner of some kinds of document. The devices part is one: `createDevices(context: PartContext): ProjectionPart`. */
export interface ProjectionPart {
  /** Kinds that it makes (desired) and takes (reported), as numbered in the registry. */
  readonly desiredKinds: readonly number[];
  readonly reportedKinds: readonly number[];
  readonly documents: (board: string) => Iterable<DesiredDocument>;
  readonly document: (board: string, kind: number, name: string) => DesiredDocument | undefined;
  /** Called once, before any informer starts. */
  readonly onDesired: (
    listener: (board: string, kind: number, name: string, revision: number) => void,
  ) => void;
  /** `moved`: it comes by another link than before and reports all anew; what it said before is void. */
  readonly boardUp: (board: string, moved: boolean) => void;
  /** Forgets all that boards reported: this bridge no longer owns them, and must never write an old value (ProjectionRollback). */
  readonly reset?: () => void;
  readonly boardDown: (board: string, reason: OfflineReason) => void;
  readonly reported: (board: string, changes: readonly ReportedChange[]) => void;
  /** What the board has not reported by now is not there. */
  readonly synced?: (board: string) => void;
  /** The object that a board's journal entry speaks of, if it is one of that board's. */
  readonly subject?: (
    board: string,
    about: EventEntry['about'],
    name: string,
  ) => KubeObject | undefined;
}
