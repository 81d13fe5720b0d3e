/** The bench's own board in a running stack: joined, Ready, with one Device for each thing that is measured. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DEVICEMODELS,
  DEVICES,
  DEVICESTATUSES,
  type KubeObject,
  NODES,
} from '@boardlet/cloud-bridge/kube';
import { BENCH_PROTOCOL } from './bench-driver.ts';
import { isReady } from './observe.ts';
import type { Rig } from './rig.ts';
import type { FromBoard, ToBoard } from './twin-messages.ts';

export interface TwinBoard {
  readonly node: string;
  /** Changes `count` values of the device at the driver; resolves with the time of each. Values go on from call to call. */
  readonly drive: (
    device: TwinDevice,
    count: number,
    perSecond: number,
  ) => Promise<{ readonly first: number; readonly changes: readonly number[] }>;
  /** Times at which the driver was given a value, as they come; the function returned ends it. */
  readonly onWritten: (take: (value: number, atMs: number) => void) => () => void;
  readonly close: () => Promise<void>;
}
/** `up` and `flood` change at the driver, `down` is written by the API. Apart, since writes of one object are paced. */
export type TwinDevice = 'up' | 'down' | 'flood';

export const TWIN_NAMESPACE = 'default';
export const TWIN_PROPERTY = 'value';
const DEVICES_OF_BENCH: readonly TwinDevice[] = ['up', 'down', 'flood'];
const API = 'devices.kubeedge.io/v1beta1';
const BOARD = 'twins';
const MODEL = 'bench';

type Parts = Omit<Rig, 'twinBoard' | 'close'>;

const model: KubeObject = {
  apiVersion: API,
  kind: 'DeviceModel',
  metadata: { name: MODEL, namespace: TWIN_NAMESPACE },
  spec: {
    protocol: BENCH_PROTOCOL,
    properties: [{ name: TWIN_PROPERTY, type: 'INT', accessMode: 'ReadWrite' }],
  },
};

export const deviceName = (device: TwinDevice): string => `bench-${device}`;

function deviceObject(device: TwinDevice, node: string): KubeObject {
  return {
    apiVersion: API,
    kind: 'Device',
    metadata: { name: deviceName(device), namespace: TWIN_NAMESPACE },
    spec: {
      deviceModelRef: { name: MODEL },
      nodeName: node,
      protocol: { protocolName: BENCH_PROTOCOL, configData: {} },
      properties: [
        { name: TWIN_PROPERTY, visitors: { protocolName: BENCH_PROTOCOL, configData: {} } },
      ],
    },
  };
}

/** The reported value of the property; undefined before the first. */
export function reportedValue(status: KubeObject | undefined): number | undefined {
  const twins = (status?.['status'] as { readonly twins?: readonly unknown[] } | undefined)
    ?.twins as
    | readonly { readonly propertyName: string; readonly reported?: { readonly value: string } }[]
    | undefined;
  const value = twins?.find((t) => t.propertyName === TWIN_PROPERTY)?.reported?.value;
  return value === undefined ? undefined : Number(value);
}

async function enroll({ stack, folder }: Parts): Promise<string> {
  const made = await stack.run('boardctl', [
    '--kubeconfig',
    stack.kubeconfig,
    '--json',
    'board',
    'join-token',
    '--board',
    BOARD,
  ]);
  if (made.code !== 0) throw new Error(`boardctl board join-token: ${made.stderr}`);
  const { token } = JSON.parse(made.stdout) as { readonly token: string };
  const url = `https://${String(stack.ready('bridge')['joinListen'])}`;
  const dir = join(folder, BOARD);
  const joined = await stack.run('boardlet-agent', ['join', url, token, '--dir', dir, '--json']);
  if (joined.code !== 0) throw new Error(`boardlet-agent join: ${joined.stderr}`);
  return dir;
}

class BoardProcess {
  readonly #child: ChildProcess;
  readonly #takers = new Set<(message: FromBoard) => void>();
  readonly exited: Promise<void>;

  constructor(dir: string) {
    const script = fileURLToPath(new URL('./twin-board.ts', import.meta.url));
    this.#child = fork(script, [dir], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.exited = new Promise((done) => this.#child.on('exit', () => done()));
    this.#child.on('message', (message: FromBoard) => {
      for (const take of [...this.#takers]) take(message);
    });
  }

  send(message: ToBoard): void {
    this.#child.send(message);
  }

  on(take: (message: FromBoard) => void): () => void {
    this.#takers.add(take);
    return () => void this.#takers.delete(take);
  }

  next<T>(pick: (message: FromBoard) => T | undefined): Promise<T> {
    return new Promise((done, fail) => {
      const remove = this.on((message) => {
        const picked = pick(message);
        if (picked === undefined) return;
        remove();
        done(picked);
      });
      this.exited.then(() => fail(new Error("the bench's board ended")), fail);
    });
  }
}

function controls(board: BoardProcess, node: string): TwinBoard {
  const next = new Map<TwinDevice, number>();
  return {
    node,
    drive: (device, count, perSecond) => {
      const first = next.get(device) ?? 1;
      next.set(device, first + count);
      const name = `${TWIN_NAMESPACE}/${deviceName(device)}`;
      const driven = board.next((m) =>
        m.what === 'driven' && m.device === name ? { first, changes: m.changes } : undefined,
      );
      board.send({ what: 'drive', device: name, first, count, perSecond });
      return driven;
    },
    onWritten: (take) =>
      board.on((m) => {
        if (m.what === 'written') take(m.value, m.atMs);
      }),
    close: async () => {
      board.send({ what: 'stop' });
      await board.exited;
    },
  };
}

/** Resolves when the board is Ready and the first value of each Device has been seen in the API. */
export async function joinBenchBoard(parts: Parts): Promise<TwinBoard> {
  const { client, stack } = parts;
  const dir = await enroll(parts);
  const node = stack.node.replace(/[^-]+$/, BOARD);
  const [nodes, statuses] = await Promise.all([parts.watch(NODES), parts.watch(DEVICESTATUSES)]);
  await client.create(DEVICEMODELS, model);
  for (const device of DEVICES_OF_BENCH) await client.create(DEVICES, deviceObject(device, node));
  const board = new BoardProcess(dir);
  await board.next((m) => (m.what === 'started' ? true : undefined));
  await nodes.until("the bench's board is Ready", node, isReady);
  for (const device of DEVICES_OF_BENCH) {
    const holds = (status: KubeObject | undefined): boolean => reportedValue(status) !== undefined;
    await statuses.until(`a first value of ${device}`, deviceName(device), holds);
  }
  return controls(board, node);
}
