/** A projection over an API in memory, with time under control. */
import {
  type DocumentBodies,
  type DocumentKind,
  encodeDocument,
  KINDS,
  type NodeDocument,
  type PodStatusDocument,
} from '@boardlet/adapters/wire';
import { type KubeObject, LEASES, NODES, PODS, silentLogger } from '../../kube/index.ts';
import { createManualTime, type ManualTime } from '../../kube/testing/manual-time.ts';
import { createMemoryApi, type MemoryApi } from '../../kube/testing/memory-api.ts';
import { createProjection, type Projection, type ProjectionOptions } from '../projection.ts';

export interface Rig {
  readonly api: MemoryApi;
  readonly time: ManualTime;
  readonly projection: Projection;
  /** Documents told to sessions: `kind name`. */
  readonly told: string[];
  readonly report: <K extends DocumentKind>(
    kind: K,
    name: string,
    body?: DocumentBodies[K],
    board?: string,
  ) => void;
  readonly up: (board?: string) => void;
  readonly node: (name?: string) => Shaped;
  readonly pod: (name: string, namespace?: string) => Shaped;
  readonly lease: () => Shaped;
  readonly settle: (ms?: number) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Calls since the last look, as `verb plural name`. */
  readonly calls: () => string[];
}

/** An object with its usual parts at hand. */
export interface Shaped {
  readonly there: boolean;
  readonly object: KubeObject | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into plain JSON
  readonly spec: any;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into plain JSON
  readonly status: any;
  readonly condition: (type: string) => { status: string; reason?: string; message?: string };
}

export function shape(object: KubeObject | undefined): Shaped {
  const status = (object?.['status'] ?? {}) as { conditions?: { type: string }[] };
  return {
    there: object !== undefined,
    object,
    spec: object?.['spec'] ?? {},
    status,
    condition: (type) =>
      (status.conditions?.find((one) => one.type === type) ?? { status: 'absent' }) as never,
  };
}

export const NODE_DOCUMENT: NodeDocument = {
  agentVersion: '0.1.0',
  os: 'linux',
  arch: 'arm64',
  kernel: '6.1.0',
  osImage: 'Debian 12',
  machineId: 'm',
  systemUuid: 's',
  bootId: 'b',
  hostname: 'edge-1',
  runtimeVersion: 'boardlet://0.1.0',
  addresses: [{ type: 'InternalIP', address: '10.9.9.9' }],
  capacity: { cpuMilli: 4000, memoryBytes: 8 * 2 ** 30, ephemeralBytes: 2 ** 30, pods: 110 },
  allocatable: { cpuMilli: 3500, memoryBytes: 7 * 2 ** 30, ephemeralBytes: 2 ** 30, pods: 110 },
  conditions: [
    { type: 'MemoryPressure', status: 'False', reason: 'Enough', message: 'enough memory' },
    { type: 'DiskPressure', status: 'False', reason: 'Enough', message: 'enough disk' },
    { type: 'PIDPressure', status: 'False', reason: 'Enough', message: 'enough processes' },
  ],
  labels: { 'board.boardlet.dev/site': 'north', pool: 'payments' },
  runtimes: ['process'],
  clockTrusted: true,
  hostTwin: [],
};

export function boundPod(name: string, extra: Readonly<Record<string, unknown>> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: 'f-one',
      runtimeClassName: 'boardlet-process',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      containers: [{ name: 'main', image: 'boardlet.dev/host', command: ['sleep', '1'] }],
      ...extra,
    },
    status: {
      phase: 'Pending',
      qosClass: 'BestEffort',
      conditions: [{ type: 'PodScheduled', status: 'True' }],
    },
  };
}

export function runningStatus(
  uid: string,
  more: Partial<PodStatusDocument> = {},
): PodStatusDocument {
  const startedAt = 1_800_000_000_000;
  return {
    uid,
    phase: 'Running',
    startedAt,
    containers: [{ name: 'main', state: 'running', restarts: 0, ready: true, startedAt }],
    ...more,
  };
}

export function endedStatus(uid: string, exitCode = 0): PodStatusDocument {
  const finishedAt = 1_800_000_001_000;
  return runningStatus(uid, {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containers: [
      { name: 'main', state: 'terminated', restarts: 0, ready: false, exitCode, finishedAt },
    ],
  });
}

export async function createRig(options: Partial<ProjectionOptions> = {}): Promise<Rig> {
  const api = createMemoryApi();
  const time = createManualTime();
  const projection = createProjection({
    client: api.client,
    fleet: 'f',
    clock: time.clock,
    timers: time.timers,
    random: () => 0.5,
    log: silentLogger,
    ...options,
  });
  const told: string[] = [];
  projection.source.onChange((board, kind, name) => told.push(`${board} ${kind} ${name}`));
  projection.start();
  while (!projection.source.warm()) await time.advance(1);
  let seen = api.calls.length;
  return {
    api,
    time,
    projection,
    told,
    report: (kind, name, body, board = 'one') =>
      projection.sink.reported(board, [
        {
          kind: KINDS[kind],
          name,
          ...(body === undefined ? {} : { body: encodeDocument(kind, body) }),
        },
      ]),
    up: (board = 'one') => projection.sink.boardUp(board, board),
    node: (name = 'f-one') => shape(api.get(NODES, '', name)),
    pod: (name, namespace = 'default') => shape(api.get(PODS, namespace, name)),
    lease: () => shape(api.get(LEASES, 'kube-node-lease', 'f-one')),
    settle: (ms = 20) => time.advance(ms),
    stop: async () => {
      const stopped = projection.stop();
      await time.advance(2_000);
      await stopped;
    },
    calls: () => {
      const fresh = api.calls.slice(seen);
      seen = api.calls.length;
      return fresh.map(({ verb, plural, name }) => `${verb} ${plural} ${name}`);
    },
  };
}

export async function readyRig(options: Partial<ProjectionOptions> = {}): Promise<Rig> {
  const rig = await createRig(options);
  rig.up();
  rig.report('node', '-', NODE_DOCUMENT);
  await rig.settle(1_500);
  rig.calls();
  return rig;
}
