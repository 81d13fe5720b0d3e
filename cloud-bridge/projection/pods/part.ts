/** Pods: what is bound to a board's Node goes down to it as documents; what it says of them, and of its static pods, goes up. */
import { decodeDocument, KINDS } from '@boardlet/adapters/wire';
import { type Informer, type KubeObject, PODS, type Timer } from '../../kube/index.ts';
import type { DesiredDocument, OfflineReason, ReportedChange } from '../../session/contract.ts';
import { conditionOf } from '../conditions.ts';
import { type PartContext, PRIORITY, type ProjectionPart, type Write } from '../contract.ts';
import { isOurMirror, type MirrorSettings, mirrorRefusal } from '../mirror/object.ts';
import type { NodesView } from '../node/part.ts';
import { plain } from '../text.ts';
import { type Refusal, translatePod } from './desired.ts';
import { isMirror, podKey, specOf, statusOf } from './spec.ts';
import { type BoardPods, createBoardPods, forgetReports, sameBytes } from './store.ts';
import { mustStop, type PodView, podWrites } from './writes.ts';

export interface PodsOptions {
  readonly mirrors: MirrorSettings;
  readonly hostIp?: string;
  /** A board online for so long counts as `synced` in what concerns mirrors, though its desired documents, or others that it
   * reports, never come to rest: mirrors without a static pod are removed. ms. Default 60,000. */
  readonly staticKnownMs?: number;
}

const STATIC_KNOWN_MS = 60_000;
const DEFAULT_GRACE_S = 30;
type Listener = (board: string, kind: number, name: string, revision: number) => void;

class Pods implements ProjectionPart {
  readonly desiredKinds: readonly number[] = [KINDS.pod];
  readonly reportedKinds: readonly number[] = [KINDS.podStatus, KINDS.staticPod];
  readonly #context: PartContext;
  readonly #options: PodsOptions;
  readonly #nodes: NodesView;
  readonly #pods: Informer;
  readonly #boards = new Map<string, BoardPods>();
  readonly #timers = new Map<string, Timer>();
  #listener: Listener = () => undefined;

  constructor(context: PartContext, nodes: NodesView, options: PodsOptions) {
    this.#context = context;
    this.#nodes = nodes;
    this.#options = options;
    this.#pods = context.informer(
      PODS,
      {
        fieldSelector: 'spec.nodeName!=',
        keep: (pod) => this.#boardOf(pod) !== undefined,
      },
      { onChange: (present, old) => this.#onPod(present, old) },
    );
    nodes.onNode((board) => this.#writeAll(board));
    nodes.onReady(() => {
      for (const board of this.#boards.keys()) this.#writeAll(board);
    });
  }

  onDesired(listener: Listener): void {
    this.#listener = listener;
  }

  documents(board: string): Iterable<DesiredDocument> {
    if (this.#nodes.isForeign(board)) return [];
    return this.#boards.get(board)?.desired.values() ?? [];
  }

  document(board: string, kind: number, name: string): DesiredDocument | undefined {
    if (kind !== KINDS.pod || this.#nodes.isForeign(board)) return undefined;
    return this.#boards.get(board)?.desired.get(name);
  }

  boardUp(board: string, moved: boolean): void {
    if (moved) forgetReports(this.#board(board));
    this.#timers.get(board)?.cancel();
    const { staticKnownMs = STATIC_KNOWN_MS } = this.#options;
    this.#timers.set(
      board,
      this.#context.timers.after(staticKnownMs, () => {
        this.#board(board).staticKnown = true;
        this.#writeAll(board);
      }),
    );
    this.#writeAll(board);
  }

  synced(board: string): void {
    this.#timers.get(board)?.cancel();
    this.#timers.delete(board);
    const held = this.#board(board);
    held.staticKnown = true;
    held.known = true;
    this.#writeAll(board);
  }

  boardDown(board: string, _reason: OfflineReason): void {
    this.#timers.get(board)?.cancel();
    this.#timers.delete(board);
    const held = this.#board(board);
    held.staticKnown = false;
    held.known = false;
    this.#writeAll(board);
  }

  reset(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const board of this.#boards.values()) forgetReports(board);
  }

  reported(board: string, changes: readonly ReportedChange[]): void {
    const touched = new Set<string>();
    for (const change of changes) {
      if (change.kind === KINDS.podStatus) this.#takeStatus(board, change);
      else if (change.kind === KINDS.staticPod) this.#takeStatic(board, change);
      else continue;
      touched.add(change.name);
    }
    for (const key of touched) this.#write(board, key);
  }

  /** The Pod that a board's journal speaks of, if it is one of that board's. */
  subject(board: string, about: string, name: string): KubeObject | undefined {
    return about === 'pod' && this.#boards.get(board)?.bound.has(name) === true
      ? this.#pod(name)
      : undefined;
  }

  #board(name: string): BoardPods {
    const found = this.#boards.get(name) ?? createBoardPods();
    this.#boards.set(name, found);
    return found;
  }

  #boardOf(pod: KubeObject): string | undefined {
    const { nodeName } = specOf(pod);
    return nodeName === undefined ? undefined : this.#context.naming.boardOf(nodeName);
  }

  #pod(key: string): KubeObject | undefined {
    const [namespace = '', name = ''] = key.split('/');
    return this.#pods.get(namespace, name);
  }

  #takeStatus(board: string, change: ReportedChange): void {
    const held = this.#board(board);
    const { name, body } = change;
    if (body === undefined) {
      const uid = held.reports.get(name)?.uid;
      if (uid !== undefined) held.forgotten.set(name, uid);
      held.reports.delete(name);
      return;
    }
    const decoded = decodeDocument('podStatus', body);
    if (!decoded.ok) {
      this.#invalid(board, 'pod status', name, decoded);
      return;
    }
    held.reports.set(name, decoded.value);
    held.forgotten.delete(name);
    const pod = this.#pod(name);
    if (pod !== undefined && mustStop(pod, decoded.value)) this.#translate(board, pod);
  }

  #takeStatic(board: string, change: ReportedChange): void {
    const held = this.#board(board);
    const { name, body } = change;
    if (body === undefined) {
      held.statics.delete(name);
      held.droppedStatics.add(name);
      return;
    }
    const node = this.#context.naming.nodeOf(board);
    const refusal = mirrorRefusal(name, node, this.#options.mirrors);
    if (refusal !== undefined) {
      this.#notShown(board, name, refusal);
      return;
    }
    const present = this.#pod(name);
    if (present !== undefined && !isOurMirror(present, node))
      this.#notShown(board, name, 'another pod has its name');
    const decoded = decodeDocument('staticPod', body);
    if (!decoded.ok) {
      this.#invalid(board, 'static pod', name, decoded);
      return;
    }
    held.statics.set(name, decoded.value);
    held.droppedStatics.delete(name);
  }

  #notShown(board: string, name: string, why: string): void {
    const message = `static pod ${plain(name, 253)}: ${why}`;
    this.#context.event({ board, warning: true, reason: 'StaticPodNotShown', message });
  }

  #invalid(
    board: string,
    what: string,
    name: string,
    fault: { readonly code: string; readonly detail?: string },
  ): void {
    const message = `its ${what} ${plain(name, 253)} is not valid: ${fault.code} ${fault.detail ?? ''}`;
    this.#context.event({ board, warning: true, reason: 'InvalidDocument', message });
  }

  #onPod(present: KubeObject | undefined, old: KubeObject | undefined): void {
    const pod = present ?? old;
    const board = pod === undefined ? undefined : this.#boardOf(pod);
    if (pod === undefined || board === undefined) return;
    const key = podKey(pod);
    const held = this.#board(board);
    if (present === undefined) {
      held.bound.delete(key);
      held.refused.delete(key);
      held.forgotten.delete(key);
      held.stopping.delete(key);
      if (held.desired.delete(key)) this.#tell(board, key, Number(this.#pods.resourceVersion()));
    } else {
      held.bound.add(key);
      this.#translate(board, present);
    }
    this.#write(board, key);
  }

  #tell(board: string, key: string, revision: number): void {
    this.#listener(board, KINDS.pod, key, revision);
  }

  #translate(board: string, pod: KubeObject): void {
    if (isMirror(pod)) return;
    const held = this.#board(board);
    const key = podKey(pod);
    const { uid = '' } = pod.metadata;
    if (mustStop(pod, held.reports.get(key))) held.stopping.set(key, uid);
    const stop = held.stopping.get(key) === uid;
    const grace = specOf(pod).terminationGracePeriodSeconds ?? DEFAULT_GRACE_S;
    const result = translatePod(pod, stop ? { stopGraceS: grace } : {});
    const before = held.desired.get(key);
    const revision = Number(pod.metadata.resourceVersion ?? 0);
    if (!result.ok) {
      this.#refuse(board, pod, result.refusal);
      if (held.desired.delete(key)) this.#tell(board, key, revision);
      return;
    }
    held.refused.delete(key);
    const { body } = result;
    const same = sameBytes(before?.body, body);
    const kept = same && before !== undefined ? before.body : body;
    held.desired.set(key, { kind: KINDS.pod, name: key, body: kept, revision });
    if (!same) this.#tell(board, key, revision);
  }

  #refuse(board: string, pod: KubeObject, refusal: Refusal): void {
    const { refused } = this.#board(board);
    const key = podKey(pod);
    if (refused.get(key)?.message === refusal.message) return;
    refused.set(key, refusal);
    if (this.#nodes.isForeign(board) || statusOf(pod).phase === 'Failed') return;
    this.#context.event({ board, warning: true, ...refusal, about: pod });
  }

  #viewOf(board: string, key: string): PodView {
    const held = this.#board(board);
    const { hostIp, mirrors } = this.#options;
    return {
      key,
      node: this.#context.naming.nodeOf(board),
      nodeUid: this.#nodes.node(board)?.metadata.uid,
      away: this.#nodes.away(board),
      report: held.reports.get(key),
      forgotten: held.forgotten.get(key),
      known: held.known,
      refusal: held.refused.get(key),
      staticPod: held.statics.get(key),
      staticKnown: held.staticKnown || held.droppedStatics.has(key),
      hostIp,
      mirrors,
    };
  }

  #writeAll(board: string): void {
    const held = this.#boards.get(board);
    if (held === undefined) return;
    for (const key of new Set([...held.bound, ...held.statics.keys()])) this.#write(board, key);
  }

  #writes(board: string, key: string, present: KubeObject | undefined): readonly Write[] {
    // Whose Node it is must be known before anything of it is written.
    if (!this.#nodes.informer.synced() || this.#nodes.isForeign(board)) return [];
    return podWrites(present, this.#viewOf(board, key), this.#context.clock.unixMs());
  }

  #write(board: string, key: string): void {
    const cached = this.#pod(key);
    const writes = this.#writes(board, key, cached);
    if (writes.length === 0) return;
    const [namespace = '', name = ''] = key.split('/');
    this.#context.queue.enqueue({
      resource: PODS,
      namespace,
      name,
      priority: PRIORITY.pod,
      urgent: writes.some((write) => isTransition(cached, write)),
      cached: () => this.#pod(key),
      build: (current) => this.#writes(board, key, current),
      failed: (error) => {
        const message = `${key}: ${error.message}`;
        this.#context.event({ board, warning: true, reason: 'PodNotWritten', message });
      },
    });
  }
}

/** Creation, deletion, a new phase or another readiness: a person or a controller waits for it. */
function isTransition(pod: KubeObject | undefined, write: Write): boolean {
  if (write.op !== 'patch' || pod === undefined) return true;
  const wanted = write.body['status'] as ReturnType<typeof statusOf>;
  const present = statusOf(pod);
  if (wanted.phase !== undefined && wanted.phase !== present.phase) return true;
  const ready = conditionOf(wanted.conditions, 'Ready')?.status;
  return ready !== undefined && ready !== conditionOf(present.conditions, 'Ready')?.status;
}

/** The pods part, with mirrors of static pods. Reads and writes nothing before its informer starts. */
export function createPods(
  context: PartContext,
  nodes: NodesView,
  options: PodsOptions,
): ProjectionPart {
  return new Pods(context, nodes, options);
}
