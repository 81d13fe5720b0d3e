/** What the pod machine knows of one pod. Plain data: `reconcile` and `apply…` return new states and never change one. */
import type {
  ContainerDocument,
  PodDocument,
  PodStatusDocument,
  TerminatedState,
} from '@boardlet/adapters/wire';
import type { ContainerRef } from '../runtime.ts';
import type { BackOff } from './back-off.ts';

/** Both clocks at one instant: delays are measured on the monotonic one, reports carry the other. */
export interface Now {
  readonly monoMs: number;
  readonly unixMs: number;
}

export type Work =
  | { readonly is: 'none' }
  /** `found`: started by an earlier agent process, its state not heard yet; such a start is not told as an event again. */
  | { readonly is: 'starting'; readonly found: boolean }
  | { readonly is: 'running'; readonly startedAt: number }
  | { readonly is: 'exited'; readonly exit: TerminatedState; readonly monoMs: number }
  | {
      readonly is: 'failed';
      readonly reason: string;
      readonly message: string;
      readonly monoMs: number;
    };

export interface ContainerRecord {
  readonly spec: ContainerDocument;
  readonly init: boolean;
  /** Of `work`; 0 for the first start. Counts as the kubelet's restartCount does. */
  readonly attempt: number;
  readonly work: Work;
  /** How the attempt before this one ended. */
  readonly last?: TerminatedState;
  /** Between restarts. */
  readonly backOff?: BackOff;
  /** Between tries to start what fails to start; gone once it runs. */
  readonly retry?: BackOff;
  /** Its document changed while it ran: restart it whatever the restart policy says. */
  readonly changed?: boolean;
}

/** The pod's last word; never taken back. */
export interface Verdict {
  readonly phase: 'Succeeded' | 'Failed';
  readonly reason?: string;
  readonly message?: string;
}

export interface Ending {
  /** `deleted`: the API waits for the final status. `gone`: nobody does. */
  readonly why: 'deleted' | 'gone';
  readonly graceMs: number;
}

export interface PodState {
  /** `<namespace>/<name>` */
  readonly name: string;
  readonly uid: string;
  readonly spec: PodDocument;
  readonly startedAt: number;
  /** Init containers first, in order. */
  readonly containers: readonly ContainerRecord[];
  readonly verdict?: Verdict;
  readonly ending?: Ending;
  /** Reported by an earlier agent process, with a verdict, and nothing of the pod is left to look at. */
  readonly kept?: PodStatusDocument;
}

export interface PodEvent {
  readonly warning: boolean;
  readonly reason: string;
  readonly message: string;
}

export type Effect =
  | { readonly do: 'start'; readonly ref: ContainerRef; readonly spec: ContainerDocument }
  | { readonly do: 'stop'; readonly ref: ContainerRef; readonly graceMs: number }
  | { readonly do: 'event'; readonly event: PodEvent }
  /** Nothing of the pod runs any more and nobody wants it: forget it and its files. */
  | { readonly do: 'forget' };

export interface Step {
  readonly pod: PodState;
  readonly effects: readonly Effect[];
  /** Monotonic time at which to reconcile again; absent: only an input can change something. */
  readonly wakeAtMs?: number;
}

export const isActive = (work: Work): boolean => work.is === 'starting' || work.is === 'running';

export const refOf = (pod: PodState, record: ContainerRecord): ContainerRef => ({
  pod: pod.name,
  uid: pod.uid,
  container: record.spec.name,
  attempt: record.attempt,
});

/** A pod that has not begun. */
export function newPod(name: string, spec: PodDocument, now: Now): PodState {
  const record = (init: boolean) => (container: ContainerDocument) =>
    ({ spec: container, init, attempt: 0, work: { is: 'none' } }) satisfies ContainerRecord;
  return {
    name,
    uid: spec.uid,
    spec,
    startedAt: now.unixMs,
    containers: [
      ...(spec.initContainers ?? []).map(record(true)),
      ...spec.containers.map(record(false)),
    ],
  };
}
