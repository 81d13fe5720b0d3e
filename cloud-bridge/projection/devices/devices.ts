import { isDeepStrictEqual } from 'node:util';
import { decodeDocument, type HostTwinProperty, KINDS } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/contract.ts';
import { DEVICEMODELS, DEVICES, DEVICESTATUSES, type Informer } from '../../kube/index.ts';
import type { DesiredDocument, ReportedChange } from '../../session/contract.ts';
import { type PartContext, PRIORITY, type ProjectionPart, type Write } from '../contract.ts';
import {
  changedDocuments,
  type DeviceDocuments,
  deviceDocuments,
  deviceKey,
  documentKey,
} from './desired.ts';
import { hostDevice, hostDeviceModel, hostDeviceName } from './host-device.ts';
import { deviceSpec, modelSpec } from './objects.ts';
import { createReportedDevices } from './reported.ts';
import { deviceStatusBody, newDeviceStatus } from './status.ts';

export interface DevicesOptions {
  /** Namespace of the boards' own twins. Default `default`. */
  readonly hostNamespace?: string;
}

interface Held {
  readonly board: string;
  readonly documents: DeviceDocuments;
}

const NONE: DeviceDocuments = new Map();

/** One status object's write: created when missing, else merged where it differs. */
export function statusWrite(
  device: KubeObject,
  current: KubeObject | undefined,
  status: Record<string, unknown>,
): Write | undefined {
  if (current === undefined) return { op: 'create', object: newDeviceStatus(device, status) };
  if (isDeepStrictEqual(current['status'], status)) return undefined;
  return { op: 'patch', type: 'merge', body: { status } };
}

class Devices implements ProjectionPart {
  readonly desiredKinds: readonly number[] = [KINDS.device, KINDS.twinDesired];
  readonly reportedKinds: readonly number[] = [KINDS.twin, KINDS.deviceStatus, KINDS.node];
  readonly #context: PartContext;
  readonly #hostNamespace: string;
  readonly #models: Informer;
  readonly #devices: Informer;
  readonly #statuses: Informer;
  readonly #held = new Map<string, Held>();
  readonly #byBoard = new Map<string, Set<string>>();
  readonly #byModel = new Map<string, Set<string>>();
  readonly #reported = createReportedDevices();
  readonly #toldProblems = new Map<string, string>();
  #listener: (board: string, kind: number, name: string, revision: number) => void = () => {};

  constructor(context: PartContext, options: DevicesOptions) {
    this.#context = context;
    this.#hostNamespace = options.hostNamespace ?? 'default';
    this.#models = context.informer(
      DEVICEMODELS,
      {},
      { onChange: (now, old) => this.#modelChanged(now ?? old) },
    );
    this.#devices = context.informer(
      DEVICES,
      {},
      { onChange: (now, old) => this.#deviceChanged(now, old) },
    );
    this.#statuses = context.informer(
      DEVICESTATUSES,
      {},
      { onChange: (now, old) => this.#statusChanged(now, old) },
    );
  }

  onDesired(listener: (board: string, kind: number, name: string, revision: number) => void): void {
    this.#listener = listener;
  }

  *documents(board: string): Iterable<DesiredDocument> {
    for (const key of this.#byBoard.get(board) ?? [])
      yield* this.#held.get(key)?.documents.values() ?? [];
  }

  document(board: string, kind: number, name: string): DesiredDocument | undefined {
    const parts = name.split('/');
    const held = this.#held.get(parts.slice(0, 2).join('/'));
    return held?.board === board ? held.documents.get(documentKey(kind, name)) : undefined;
  }

  /** The boards' ownership was lost: another bridge speaks for them now. */
  reset(): void {
    this.#reported.clear();
  }

  boardUp(board: string, moved: boolean): void {
    if (moved) this.#reported.forget(board);
    this.#writeAll(board);
  }

  boardDown(board: string): void {
    this.#writeAll(board);
  }

  reported(board: string, changes: readonly ReportedChange[]): void {
    const touched = new Set<string>();
    for (const change of changes) {
      if (change.kind === KINDS.node) this.#hostTwin(board, change);
      const key = this.#reported.take(board, change, this.#context.clock.unixMs());
      if (key !== undefined) touched.add(key);
    }
    for (const key of touched) this.#writeStatus(key);
  }

  subject(board: string, about: 'node' | 'pod' | 'device', name: string): KubeObject | undefined {
    if (about !== 'device') return undefined;
    const device = this.#device(name);
    return device !== undefined && this.#boardOf(device) === board ? device : undefined;
  }

  #device(key: string): KubeObject | undefined {
    const [namespace = '', name = ''] = key.split('/');
    return this.#devices.get(namespace, name);
  }

  #boardOf(device: KubeObject): string | undefined {
    const node = deviceSpec(device).nodeName;
    return node === undefined ? undefined : this.#context.naming.boardOf(node);
  }

  #modelOf(device: KubeObject): string | undefined {
    const name = deviceSpec(device).deviceModelRef?.name;
    return name === undefined ? undefined : `${device.metadata.namespace ?? 'default'}/${name}`;
  }

  #modelChanged(model: KubeObject | undefined): void {
    if (model === undefined) return;
    for (const key of this.#byModel.get(deviceKey(model)) ?? []) {
      const device = this.#device(key);
      if (device !== undefined) this.#translate(key, device);
    }
  }

  #deviceChanged(now: KubeObject | undefined, old: KubeObject | undefined): void {
    const object = now ?? old;
    if (object === undefined) return;
    const key = deviceKey(object);
    if (old !== undefined) index(this.#byModel, this.#modelOf(old), key, false);
    if (now === undefined) {
      this.#toldProblems.delete(key);
      this.#replace(key, undefined, NONE);
      return;
    }
    index(this.#byModel, this.#modelOf(now), key, true);
    this.#translate(key, now);
    this.#writeStatus(key);
  }

  /** Ours alone: what somebody else wrote into it, or its deletion, is mended. */
  #statusChanged(now: KubeObject | undefined, old: KubeObject | undefined): void {
    const object = now ?? old;
    if (object !== undefined && now === undefined) this.#writeStatus(deviceKey(object));
  }

  #translate(key: string, device: KubeObject): void {
    const modelName = this.#modelOf(device)?.split('/')[1] ?? '';
    const model = this.#models.get(device.metadata.namespace ?? 'default', modelName);
    const { documents, problems } = deviceDocuments(device, model);
    const board = this.#boardOf(device);
    this.#replace(key, board, board === undefined ? NONE : documents);
    if (board === undefined) return;
    const told = problems.map((p) => `${p.field}: ${p.message}`).join('; ');
    if (told !== '' && this.#toldProblems.get(key) !== told) {
      this.#context.event({
        board,
        warning: true,
        reason: 'InvalidDesiredValue',
        message: told,
        about: device,
      });
    }
    this.#toldProblems.set(key, told);
  }

  #replace(key: string, board: string | undefined, documents: DeviceDocuments): void {
    const before = this.#held.get(key);
    const moved = before !== undefined && before.board !== board;
    if (before !== undefined && moved) {
      index(this.#byBoard, before.board, key, false);
      this.#held.delete(key);
      for (const d of before.documents.values())
        this.#tell(before.board, d.kind, d.name, undefined);
    }
    if (board === undefined) return;
    index(this.#byBoard, board, key, true);
    this.#held.set(key, { board, documents });
    const old = before === undefined || moved ? NONE : before.documents;
    for (const c of changedDocuments(old, documents)) this.#tell(board, c.kind, c.name, c.document);
  }

  /** A deletion carries the cache's version: the deleted object's own last version is not in the event (rule D4). */
  #tell(board: string, kind: number, name: string, document: DesiredDocument | undefined): void {
    const cache = Math.max(
      Number(this.#devices.resourceVersion()),
      Number(this.#models.resourceVersion()),
    );
    this.#listener(board, kind, name, document?.revision ?? cache);
  }

  #writeAll(board: string): void {
    for (const key of this.#byBoard.get(board) ?? []) this.#writeStatus(key);
  }

  #writeStatus(key: string): void {
    const device = this.#device(key);
    if (device === undefined) return;
    const namespace = device.metadata.namespace ?? 'default';
    const { name } = device.metadata;
    this.#context.queue.enqueue({
      resource: DEVICESTATUSES,
      namespace,
      name,
      priority: PRIORITY.device,
      cached: () => this.#statuses.get(namespace, name),
      build: (current) => this.#buildStatus(key, current),
    });
  }

  /** Only the board that the Device names may speak for it. A board away keeps its last values; its state is unknown. */
  #buildStatus(key: string, current: KubeObject | undefined): Write | undefined {
    const device = this.#device(key);
    const board = device === undefined ? undefined : this.#boardOf(device);
    if (device === undefined || board === undefined) return undefined;
    const reported = this.#reported.get(board, key);
    if (reported === undefined) return undefined;
    const online = this.#context.online(board);
    const state = online ? reported.state : { ...reported.state, state: 'unknown' };
    return statusWrite(device, current, deviceStatusBody(reported.twins, state));
  }

  #hostTwin(board: string, change: ReportedChange): void {
    if (change.body === undefined) return;
    const node = decodeDocument('node', change.body);
    if (!node.ok || node.value.hostTwin.length === 0) return;
    this.#ensureHostTwin(this.#context.naming.nodeOf(board), node.value.hostTwin);
  }

  #ensureHostTwin(node: string, properties: readonly HostTwinProperty[]): void {
    const namespace = this.#hostNamespace;
    const name = hostDeviceName(node);
    const model = hostDeviceModel(node, namespace, properties);
    const common = { namespace, name, priority: PRIORITY.device } as const;
    this.#context.queue.enqueue({
      ...common,
      resource: DEVICEMODELS,
      cached: () => this.#models.get(namespace, name),
      build: (current) => modelWrite(current, model),
    });
    this.#context.queue.enqueue({
      ...common,
      resource: DEVICES,
      cached: () => this.#devices.get(namespace, name),
      build: (current) =>
        current === undefined
          ? { op: 'create', object: hostDevice(node, namespace, properties) }
          : undefined,
    });
  }
}

function modelWrite(current: KubeObject | undefined, wanted: KubeObject): Write | undefined {
  if (current === undefined) return { op: 'create', object: wanted };
  if (
    JSON.stringify(modelSpec(current).properties) === JSON.stringify(modelSpec(wanted).properties)
  )
    return undefined;
  return { op: 'patch', type: 'merge', body: { spec: wanted['spec'] as Record<string, unknown> } };
}

function index(
  map: Map<string, Set<string>>,
  by: string | undefined,
  key: string,
  present: boolean,
): void {
  if (by === undefined) return;
  const keys = map.get(by) ?? new Set<string>();
  if (present) keys.add(key);
  else keys.delete(key);
  if (keys.size === 0) map.delete(by);
  else map.set(by, keys);
}

/** The devices part of the projection. No effects until its informers start. */
export function createDevices(context: PartContext, options: DevicesOptions = {}): ProjectionPart {
  return new Devices(context, options);
}
