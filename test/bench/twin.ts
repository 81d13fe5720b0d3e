/** Twins through the whole path, driver → watch event of the DeviceStatus and PATCH of the Device → driver, and a property that
 * floods. The board is a process of its own; both read the machine's monotonic clock. */
import { DEVICES, DEVICESTATUSES, LEASES } from '@boardlet/cloud-bridge/kube';
import { nowMs, pause } from './clock.ts';
import { type Bench, type Figure, type Goal, percentile } from './figure.ts';
import type { Rig } from './rig.ts';
import {
  deviceName,
  reportedValue,
  TWIN_NAMESPACE,
  type TwinBoard,
  type TwinDevice,
} from './twin-rig.ts';

/** As KubeEdge was measured. */
const PER_SECOND = 2;
const FLOOD_PER_SECOND = 1_000;
const SETTLE_MS = 5_000;

interface Arrival {
  readonly value: number;
  readonly atMs: number;
}

/** Values rise, so the first value not below the one sent ends its way, also where two were joined on it. */
function latencies(
  first: number,
  sentMs: readonly number[],
  arrivals: readonly Arrival[],
): number[] {
  return sentMs.map((sent, i) => {
    const seen = arrivals.find((a) => a.value >= first + i && a.atMs >= sent);
    if (seen === undefined) throw new Error(`value ${first + i} never arrived`);
    return seen.atMs - sent;
  });
}

async function arrivalsOf(
  rig: Rig,
  device: TwinDevice,
): Promise<{ readonly arrivals: Arrival[]; readonly end: () => void }> {
  const statuses = await rig.watch(DEVICESTATUSES);
  const arrivals: Arrival[] = [];
  const end = statuses.each(({ object, atMs }) => {
    if (object.metadata.name !== deviceName(device)) return;
    const value = reportedValue(object);
    if (value !== undefined) arrivals.push({ value, atMs });
  });
  return { arrivals, end };
}

async function reported(rig: Rig, device: TwinDevice, least: number): Promise<number> {
  const statuses = await rig.watch(DEVICESTATUSES);
  const holds = (status: Parameters<typeof reportedValue>[0]): boolean =>
    (reportedValue(status) ?? 0) >= least;
  return (await statuses.until(`${device} ${least}`, deviceName(device), holds, SETTLE_MS)).atMs;
}

async function up(rig: Rig, board: TwinBoard, count: number): Promise<number[]> {
  const { arrivals, end } = await arrivalsOf(rig, 'up');
  const { first, changes } = await board.drive('up', count, PER_SECOND);
  await reported(rig, 'up', first + count - 1);
  end();
  return latencies(first, changes, arrivals);
}

async function desire(rig: Rig, value: number): Promise<number> {
  const atMs = nowMs();
  await rig.client.patch(DEVICES, TWIN_NAMESPACE, deviceName('down'), 'json', [
    { op: 'add', path: '/spec/properties/0/desired', value: { value: String(value) } },
  ]);
  return atMs;
}

async function down(rig: Rig, board: TwinBoard, count: number): Promise<number[]> {
  const arrivals: Arrival[] = [];
  const end = board.onWritten((value, atMs) => arrivals.push({ value, atMs }));
  const sentMs: number[] = [];
  const startMs = nowMs();
  for (let i = 0; i < count; i++) {
    await pause(Math.max(0, startMs + (i * 1000) / PER_SECOND - nowMs()));
    sentMs.push(await desire(rig, i + 1));
  }
  await reported(rig, 'down', count);
  end();
  return latencies(1, sentMs, arrivals);
}

const most = (value: number): Goal => ({ op: '<=', value, timing: true });
const kubeEdge = (value: number): NonNullable<Figure['peer']> => ({ name: 'KubeEdge', value });

function latencyFigures(
  way: 'up' | 'down',
  samples: readonly number[],
  goals: readonly [number, number],
  peers: readonly [number, number],
): Figure[] {
  return ([0.5, 0.99] as const).map((q, i) => ({
    bench: 'twin',
    name: `twin.${way}_p${q * 100}_ms`,
    value: percentile(samples, q),
    unit: 'ms',
    goal: most(goals[i] ?? 0),
    peer: kubeEdge(peers[i] ?? 0),
  }));
}

/** The greatest age that the board's Lease reached from `fromMs` on, as a watch saw it renewed. */
function leaseAges(rig: Rig, node: string): Promise<() => number> {
  return rig.watch(LEASES).then((leases) => {
    let renewedMs = nowMs();
    let oldest = 0;
    const end = leases.each(({ object, atMs }) => {
      if (object.metadata.name !== node) return;
      oldest = Math.max(oldest, atMs - renewedMs);
      renewedMs = atMs;
    });
    return () => {
      end();
      return Math.max(oldest, nowMs() - renewedMs);
    };
  });
}

/** One property at 1,000 changes a second: writes of its status, and when the last value is there. */
async function flood(rig: Rig, board: TwinBoard, seconds: number): Promise<Figure[]> {
  const { arrivals, end } = await arrivalsOf(rig, 'flood');
  const count = seconds * FLOOD_PER_SECOND;
  const { first, changes } = await board.drive('flood', count, FLOOD_PER_SECOND);
  const lastSeenMs = await reported(rig, 'flood', first + count - 1);
  end();
  const endMs = changes.at(-1) ?? 0;
  // Each write has the second after it: one a second is 1, however short the flood. The write after its end is the next figure's.
  const during = arrivals.filter((a) => a.atMs <= endMs);
  const spanMs = (during.at(-1)?.atMs ?? 0) - (during[0]?.atMs ?? 0);
  const writes = during.length / (spanMs / 1000 + 1);
  const last = lastSeenMs - endMs;
  return [
    {
      bench: 'twin',
      name: 'twin.burst_writes_per_s',
      value: writes,
      unit: '1/s',
      goal: { op: '<=', value: 1.1 },
    },
    {
      bench: 'twin',
      name: 'twin.burst_last_ms',
      value: last,
      unit: 'ms',
      goal: most(1_000),
      peer: kubeEdge(323_000),
    },
  ];
}

export const twinBench: Bench = {
  name: 'twin',
  run: async ({ quick, rig: open }) => {
    const rig = await open();
    const board = await rig.twinBoard();
    const leaseAge = await leaseAges(rig, board.node);
    const count = quick ? 20 : 200;
    // Half a period apart: what goes up does not meet what goes down.
    const ups = up(rig, board, count);
    await pause(1000 / PER_SECOND / 2);
    const [upMs, downMs] = await Promise.all([ups, down(rig, board, count)]);
    const burst = await flood(rig, board, quick ? 3 : 10);
    return [
      ...latencyFigures('up', upMs, [5, 12], [8.8, 18.6]),
      ...latencyFigures('down', downMs, [6, 15], [12, 28.3]),
      ...burst,
      {
        bench: 'twin',
        name: 'twin.lease_age_ms',
        value: leaseAge(),
        unit: 'ms',
        // Renewed each 10 s ± 4 %; the Node's grace is 40 s or more.
        goal: most(12_000),
      },
    ];
  },
};
