/** What the pod engine takes and gives. */
import type { LogArgs, PodStatusDocument, StaticPodDocument } from '@boardlet/adapters/wire';
import type { BoardDocuments } from '../documents.ts';
import type { Clock, HostResult, Logger, Timers } from '../host.ts';
import type { LogReader, Runtime } from '../runtime.ts';
import type { PodPolicy } from './admission.ts';

/** Static pods as they are wanted now, by the name of their mirror pod. */
export interface StaticPodSource {
  readonly pods: () => ReadonlyMap<string, StaticPodDocument>;
  readonly onChange: (listener: () => void) => void;
}

export interface PodEngineOptions {
  readonly documents: BoardDocuments;
  readonly runtimes: readonly Runtime[];
  readonly policy: PodPolicy;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly staticPods?: StaticPodSource;
}

export interface PodEngine {
  /** Finds what runs already, then begins to reconcile. Call once. */
  readonly start: () => void;
  /** Stops reconciling; pods run on. */
  readonly close: () => void;
  /** Ends all containers within their grace periods, reports nothing of it and starts nothing more. Resolves once all have ended,
   * or 5 s after the longest grace. The next start takes what then lies there for containers that ended, and goes on from it. */
  readonly stopAll: () => Promise<void>;
  /** Log of a container, also of a pod that ended and is still known. Codes: `BL_POD_NOT_FOUND`, and those of the runtime. */
  readonly logs: (query: LogArgs) => HostResult<LogReader>;
  readonly status: (pod: string) => PodStatusDocument | undefined;
}
