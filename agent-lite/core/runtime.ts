/** A pod runtime: starts containers so that they outlive the agent, and finds them again. Implementations live in `runtimes/`. */
import type { ContainerDocument, PodDocument } from '@boardlet/adapters/wire';
import type { HostResult } from './host.ts';

export interface ContainerRef {
  /** `<namespace>/<name>` of the pod. */
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  /** 0 for the first start of this container in this pod. */
  readonly attempt: number;
}
export type ContainerState =
  | { readonly state: 'starting' }
  | { readonly state: 'running'; readonly pid: number; readonly startedAt: number }
  | {
      readonly state: 'exited';
      readonly startedAt: number;
      readonly finishedAt: number;
      readonly exitCode: number;
      readonly signal?: number;
      /** Only where the exit was not seen (137 then): ContainerStatusUnknown, and why. */
      readonly reason?: string;
      readonly message?: string;
    }
  /** The program could not be started, and this attempt number is free again: the kubelet's reason, such as
   * CreateContainerError or ErrImagePull. */
  | {
      readonly state: 'failed';
      readonly reason: string;
      readonly message: string;
      readonly finishedAt: number;
    };

export interface RuntimeHandlers {
  readonly onState: (ref: ContainerRef, state: ContainerState) => void;
}
export interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  /** How far back, in milliseconds before now. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
}
/** A pull source: the next bytes, or an end; `more` is called when followed bytes have come. */
export interface LogReader {
  readonly read: (maxBytes: number) => HostResult<Uint8Array | 'end' | 'wait'>;
  readonly onMore: (listener: () => void) => void;
  readonly close: () => void;
}
export interface Runtime {
  /** RuntimeClass handler without `boardlet-`. */
  readonly name: string;
  /** Finds containers that an earlier agent process started; the state of each arrives by `onState`, after the
   * call has returned. Call once, before `start`. Previous attempts that are still known are listed too. */
  readonly recover: (handlers: RuntimeHandlers) => readonly ContainerRef[];
  /** Undefined when this runtime may take the pod; else why the pod as a whole is refused: it becomes Failed with
   * this reason. What concerns one container (its image, its program) is answered by `start`, as `failed`. */
  readonly admit: (
    pod: string,
    spec: PodDocument,
  ) => { readonly reason: string; readonly message: string } | undefined;
  /** The pod with each program named as the board's policy knows it: by absolute path, where it is found. */
  readonly canonical?: (spec: PodDocument) => PodDocument;
  /** Starts an attempt once: an attempt that was ever started is not started again, its state is told instead. */
  readonly start: (ref: ContainerRef, spec: ContainerDocument) => void;
  /** TERM to the process group, KILL after `graceMs`; the exit arrives by `onState`. May be repeated with a shorter grace. */
  readonly stop: (ref: ContainerRef, graceMs: number) => void;
  /** Forgets the pod's files once all its containers have ended. */
  readonly remove: (pod: string, uid: string) => void;
  readonly logs: (pod: string, container: string, query: LogQuery) => HostResult<LogReader>;
}
