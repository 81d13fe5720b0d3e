/** The projection: boards as Kubernetes objects, and Kubernetes objects as boards' documents. */
import type { Clock, KubeObject, Logger, Random, Timers, WatchingClient } from '../kube/index.ts';
import type {
  DesiredDocument,
  DesiredSource,
  Ownership,
  ReportedChange,
  ReportedSink,
  SessionServer,
} from '../session/contract.ts';
import { createWriteQueue } from './budget/index.ts';
import { type Caches, createCaches } from './caches.ts';
import type { OwnEvent, PartContext, ProjectionPart, WriteQueue } from './contract.ts';
import { createEvents, type EventsPart } from './events/part.ts';
import { DEFAULT_MIRROR_LABELS, DEFAULT_MIRROR_NAMESPACES } from './mirror/object.ts';
import { createNaming } from './naming.ts';
import { DEFAULT_ALLOWED_LABELS } from './node/labels.ts';
import { createNodes, type NodesPart } from './node/part.ts';
import { createPods } from './pods/part.ts';
import { install } from './runtime-classes/install.ts';

export interface ProjectionOptions {
  readonly client: WatchingClient;
  /** First part of every Node's name. */
  readonly fleet: string;
  /** Namespace of the bridge, made if missing. Default `boardlet-system`. */
  readonly namespace?: string;
  /** Who owns the boards; absent: nobody else can (tests). */
  readonly ownership?: Ownership;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Further parts, such as `createDevices`. */
  readonly parts?: readonly ((context: PartContext) => ProjectionPart)[];
  /** CustomResourceDefinitions to install if missing. */
  readonly crds?: readonly KubeObject[];
  /** Value of `topology.kubernetes.io/zone`. Default `boardlet-<fleet>`. */
  readonly zone?: string;
  /** Label keys (or prefixes that end in `/`) that a board may set on its Node. Default `board.boardlet.dev/`. */
  readonly allowedLabels?: readonly string[];
  /** Address of the kubelet endpoint, the InternalIP of every Node. */
  readonly internalIp?: string;
  readonly kubeletPort?: number;
  /** Publish boards' own addresses; only where the API does not dial Nodes. Default false. */
  readonly boardAddresses?: boolean;
  /** Namespaces that show static pods. Default `default`. */
  readonly mirrorNamespaces?: readonly string[];
  /** Between Lease renewals of a board, ms. Default 10,000. */
  readonly leaseMs?: number;
  /** After gaining ownership, boards not heard within this are marked away: 3.5 beats. ms. Default 35,000. */
  readonly graceMs?: number;
  /** Unix ms of a board's last beat, where sessions know it. */
  readonly lastBeatMs?: (board: string) => number | undefined;
  /** An object of a later owner was found: stand down. */
  readonly onDeposed?: () => void;
}

export interface Projection {
  readonly source: DesiredSource;
  readonly sink: ReportedSink;
  readonly queue: WriteQueue;
  /** Installs what is missing, then lists and watches. */
  readonly start: () => void;
  /** Writes nothing more. Resolves when what was in flight has ended or one second has passed. */
  readonly stop: () => Promise<void>;
  /** The boards' ownership was lost: forgets what boards reported and what waits to be written. */
  readonly standDown: () => void;
  /** Gives the sessions, whose held documents are read again when a board comes up. */
  readonly setSessions: (sessions: Pick<SessionServer, 'reported'>) => void;
  readonly online: (board: string) => boolean;
}

const STOP_MS = 1_000;
const INSTALL_MS = 2_000;

interface Assembly {
  readonly queue: WriteQueue;
  readonly caches: Caches;
  readonly nodes: NodesPart;
  readonly events: EventsPart;
  readonly parts: readonly ProjectionPart[];
}

function createQueue(options: ProjectionOptions): WriteQueue {
  const { client, clock, timers, log, ownership, onDeposed } = options;
  return createWriteQueue({
    client,
    clock,
    timers,
    log,
    // One Lease covers all shards: any of them tells the term.
    term: () => ownership?.term(0),
    isHolder: () => ownership?.isHolder(0) ?? Promise.resolve(true),
    ...(onDeposed === undefined ? {} : { onDeposed }),
  });
}

function assemble(options: ProjectionOptions): Assembly {
  const { client, clock, timers, random, log, ownership } = options;
  const naming = createNaming(options.fleet);
  const queue = createQueue(options);
  const caches = createCaches({ client, clock, timers, random, log, onGone: queue.gone });
  const parts: ProjectionPart[] = [];
  const events = createEvents({
    queue,
    clock,
    timers,
    log,
    naming,
    subject: (board, about, name) => {
      for (const part of parts) {
        const found = part.subject?.(board, about, name);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  });
  const context: PartContext = {
    client,
    naming,
    queue,
    informer: caches.informer,
    event: (event: OwnEvent) => events.own(event),
    online: (board) => nodes.view.online(board),
    clock,
    timers,
    random,
    log,
  };
  const { internalIp, kubeletPort, boardAddresses, leaseMs, graceMs, lastBeatMs } = options;
  const nodes = createNodes(context, {
    naming,
    zone: options.zone ?? `boardlet-${options.fleet}`,
    allowedLabels: options.allowedLabels ?? DEFAULT_ALLOWED_LABELS,
    mayWrite: () => ownership?.term(0) !== '',
    ...(internalIp === undefined ? {} : { internalIp }),
    ...(kubeletPort === undefined ? {} : { kubeletPort }),
    ...(boardAddresses === undefined ? {} : { boardAddresses }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(graceMs === undefined ? {} : { graceMs }),
    ...(lastBeatMs === undefined ? {} : { lastBeatMs }),
  });
  const pods = createPods(context, nodes.view, {
    mirrors: {
      namespaces: options.mirrorNamespaces ?? DEFAULT_MIRROR_NAMESPACES,
      labels: DEFAULT_MIRROR_LABELS,
    },
    ...(internalIp === undefined ? {} : { hostIp: internalIp }),
  });
  parts.push(nodes, pods, ...(options.parts ?? []).map((make) => make(context)));
  return { queue, caches, nodes, events, parts };
}

function createSource({ caches, parts }: Assembly): DesiredSource {
  function* documents(board: string): Iterable<DesiredDocument> {
    for (const part of parts) yield* part.documents(board);
  }
  return {
    warm: caches.warm,
    revision: caches.revision,
    readRevision: caches.readRevision,
    documents,
    document: (board, kind, name) =>
      parts.find((part) => part.desiredKinds.includes(kind))?.document(board, kind, name),
    onChange: (listener) => {
      for (const part of parts) part.onDesired(listener);
    },
  };
}

function createSink(
  { parts, nodes, events }: Assembly,
  held: (board: string) => Iterable<ReportedChange>,
): ReportedSink {
  const reported = (board: string, changes: readonly ReportedChange[]): void => {
    for (const part of parts) {
      const own = changes.filter(({ kind }) => part.reportedKinds.includes(kind));
      if (own.length > 0) part.reported(board, own);
    }
  };
  const links = new Map<string, string>();
  return {
    boardUp: (board, link) => {
      const before = links.get(board);
      links.set(board, link);
      for (const part of parts) part.boardUp(board, before !== undefined && before !== link);
      const known = [...held(board)];
      if (known.length > 0) reported(board, known);
    },
    reported,
    boardDown: (board, reason) => {
      for (const part of parts) part.boardDown(board, reason);
    },
    synced: (board) => {
      for (const part of parts) part.synced?.(board);
    },
    duplicate: (board, present) => nodes.duplicate(board, present),
    journal: (board, entries, lost) => events.journal(board, entries, lost),
    notice: (board, reason, message) => events.own({ board, warning: true, reason, message }),
  };
}

/** Lists wait for the CRDs that they read, but not for ever: they may be an administrator's business. */
async function begin(options: ProjectionOptions, caches: Caches, stop: AbortSignal): Promise<void> {
  const { client, timers, log, namespace = 'boardlet-system', crds = [] } = options;
  await Promise.race([
    install({ client, namespace, crds, timers, log }, stop),
    new Promise<void>((resolve) => timers.after(INSTALL_MS, resolve)),
  ]);
  if (!stop.aborted) caches.start();
}

/** Creates the projection without effect; `start` begins. */
export function createProjection(options: ProjectionOptions): Projection {
  const assembly = assemble(options);
  const { queue, caches, nodes, events, parts } = assembly;
  let sessions: Pick<SessionServer, 'reported'> | undefined;
  const stopping = new AbortController();
  return {
    source: createSource(assembly),
    sink: createSink(assembly, (board) => sessions?.reported(board).values() ?? []),
    queue,
    start: () => {
      nodes.start();
      void begin(options, caches, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      nodes.stop();
      await Promise.race([
        queue.idle(),
        new Promise<void>((resolve) => options.timers.after(STOP_MS, resolve)),
      ]);
      queue.stop();
      for (const part of parts) part.reset?.();
      caches.stop();
    },
    standDown: () => {
      queue.clear();
      events.reset();
      for (const part of parts) part.reset?.();
    },
    setSessions: (given) => {
      sessions = given;
    },
    online: (board) => nodes.view.online(board),
  };
}
