/** All that may be written to one Pod, decided in one place: its status, its end, or that it mirrors a static pod. Pure. */
import type { PodStatusDocument, StaticPodDocument } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/index.ts';
import type { Write } from '../contract.ts';
import {
  isOurMirror,
  type MirrorNode,
  type MirrorSettings,
  mirrorPod,
  mirrorState,
} from '../mirror/object.ts';
import type { Away } from '../node/away.ts';
import type { Refusal } from './desired.ts';
import { isMirror, isTerminal, specOf, statusOf } from './spec.ts';
import {
  awayStatus,
  isStopped,
  refusedStatus,
  reportedStatus,
  unreportedStatus,
} from './status.ts';

export interface PodView {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly node: string;
  /** Undefined: the Node is not there (yet). */
  readonly nodeUid: string | undefined;
  readonly away: Away | undefined;
  readonly report: PodStatusDocument | undefined;
  /** The board said that it has forgotten the pod with this uid. */
  readonly forgotten: string | undefined;
  /** The board has told all that it has. */
  readonly known: boolean;
  readonly refusal: Refusal | undefined;
  readonly staticPod: StaticPodDocument | undefined;
  /** All static pods of the board are known: a mirror without one is left over. */
  readonly staticKnown: boolean;
  readonly hostIp: string | undefined;
  readonly mirrors: MirrorSettings;
}

function removal(pod: KubeObject): Write {
  return { op: 'delete', uid: pod.metadata.uid ?? '', graceS: 0 };
}

function listOf(...writes: readonly (Write | undefined)[]): Write[] {
  return writes.filter((write) => write !== undefined);
}

/** Rule of the lifecycle: the final status first, then the deletion; a board that is away decides nothing. */
function ordinary(pod: KubeObject, view: PodView, nowMs: number): Write[] {
  const { report, away, refusal, hostIp } = view;
  const deleting = pod.metadata.deletionTimestamp !== undefined;
  if (refusal !== undefined) {
    if (deleting) return [removal(pod)];
    return listOf(refusedStatus(pod, refusal, nowMs));
  }
  const { uid } = pod.metadata;
  if (report === undefined || report.uid !== uid) {
    if (away !== undefined) return listOf(awayStatus(pod, away, nowMs));
    if (deleting && view.forgotten === uid) return [removal(pod)];
    return view.known ? listOf(unreportedStatus(pod, nowMs)) : [];
  }
  const status = reportedStatus({ pod, report, away, hostIp, nowMs });
  const gone = deleting && away === undefined && isStopped(report);
  return listOf(status, gone ? removal(pod) : undefined);
}

/** A mirror whose static pod is gone, or not known yet. */
function leftover(present: KubeObject | undefined, view: PodView, nowMs: number): Write[] {
  if (present === undefined || !isOurMirror(present, view.node)) return [];
  if (view.away !== undefined) return listOf(awayStatus(present, view.away, nowMs));
  return view.staticKnown ? [removal(present)] : [];
}

function mirrorStatus(
  pod: KubeObject,
  staticPod: StaticPodDocument,
  view: PodView,
  nowMs: number,
): Write | undefined {
  const { report, away, hostIp } = view;
  if (report !== undefined && report.uid === staticPod.pod.uid)
    return reportedStatus({ pod, report, away, hostIp, nowMs });
  return away === undefined ? undefined : awayStatus(pod, away, nowMs);
}

function mirror(
  present: KubeObject | undefined,
  staticPod: StaticPodDocument,
  view: PodView,
  nowMs: number,
): Write[] {
  if (view.nodeUid === undefined) return [];
  const node: MirrorNode = { name: view.node, uid: view.nodeUid };
  const state = mirrorState(present, staticPod, node);
  if (state === 'same' && present !== undefined)
    return listOf(mirrorStatus(present, staticPod, view, nowMs));
  if (state === 'foreign' || view.away !== undefined) return [];
  const object = mirrorPod(view.key, staticPod, node, view.mirrors, nowMs);
  return listOf(present === undefined ? undefined : removal(present), { op: 'create', object });
}

/** Empty: the API holds what is true. */
export function podWrites(
  present: KubeObject | undefined,
  view: PodView,
  nowMs: number,
): readonly Write[] {
  if (view.staticPod !== undefined) return mirror(present, view.staticPod, view, nowMs);
  if (present !== undefined && isMirror(present)) return leftover(present, view, nowMs);
  if (present === undefined || specOf(present).nodeName !== view.node) return [];
  return ordinary(present, view, nowMs);
}

/** The board runs (or would run) what has ended for the API: it must stop it. */
export function mustStop(pod: KubeObject, report: PodStatusDocument | undefined): boolean {
  return (
    report !== undefined &&
    report.uid === pod.metadata.uid &&
    isTerminal(statusOf(pod).phase) &&
    !isTerminal(report.phase)
  );
}
