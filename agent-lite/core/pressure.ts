/** Judges a host's sample for the node's pressure conditions, with hysteresis, and what of a host pods may have. */
import type { NodeCondition, NodeResources } from '@boardlet/adapters/wire';
import type { HostSample } from './host.ts';

interface Held {
  readonly on: boolean;
  /** Uptime, s, since which the sample has been well again; absent while it is not. */
  readonly calmSinceS?: number;
}
export interface PressureState {
  readonly memory: Held;
  readonly disk: Held;
  readonly pid: Held;
}
export interface PressureVerdict {
  readonly state: PressureState;
  readonly conditions: readonly NodeCondition[];
}

const MIB = 1024 * 1024;
/** The kubelet's default hard threshold is memory.available < 100 MiB; a board with little memory gets a tenth of it. */
const MEMORY_LOW_BYTES = 100 * MIB;
const MEMORY_LOW_SHARE = 0.1;
/** nodefs.available < 10 %, as the kubelet; on a large disk 1 GiB is enough for a board's logs and artifacts. */
const DISK_LOW_SHARE = 0.1;
const DISK_LOW_BYTES = 1024 * MIB;
const PID_LOW_SHARE = 0.1;
/** Well again: so much above the threshold, for so long. Pressure itself is told at once. */
const CALM_FACTOR = 1.25;
const CALM_S = 60;

const CALM: Held = { on: false };
export const initialPressure: PressureState = { memory: CALM, disk: CALM, pid: CALM };

interface Gauge {
  readonly available: number;
  readonly low: number;
}

function memoryGauge(sample: HostSample): Gauge | undefined {
  if (sample.memoryTotalBytes <= 0) return undefined;
  const low = Math.min(MEMORY_LOW_BYTES, sample.memoryTotalBytes * MEMORY_LOW_SHARE);
  return { available: sample.memoryAvailableBytes, low };
}

function diskGauge(sample: HostSample): Gauge | undefined {
  const { diskTotalBytes: total, diskAvailableBytes: available } = sample;
  if (total === undefined || available === undefined || total <= 0) return undefined;
  return { available, low: Math.min(DISK_LOW_BYTES, total * DISK_LOW_SHARE) };
}

function pidGauge(sample: HostSample): Gauge | undefined {
  const { processes, processLimit } = sample;
  if (processes === undefined || processLimit === undefined || processLimit <= 0) return undefined;
  return { available: processLimit - processes, low: processLimit * PID_LOW_SHARE };
}

function judge(held: Held, gauge: Gauge | undefined, uptimeS: number): Held {
  if (gauge === undefined) return CALM;
  if (gauge.available < gauge.low) return { on: true };
  if (!held.on) return CALM;
  if (gauge.available < gauge.low * CALM_FACTOR) return { on: true };
  const since = held.calmSinceS ?? uptimeS;
  return uptimeS - since >= CALM_S ? CALM : { on: true, calmSinceS: since };
}

interface Words {
  readonly type: string;
  readonly onReason: string;
  readonly offReason: string;
  readonly what: string;
}
/** Types and reasons are the kubelet's, since that is what people and alerts look for. */
const MEMORY: Words = {
  type: 'MemoryPressure',
  onReason: 'KubeletHasInsufficientMemory',
  offReason: 'KubeletHasSufficientMemory',
  what: 'memory',
};
const DISK: Words = {
  type: 'DiskPressure',
  onReason: 'KubeletHasDiskPressure',
  offReason: 'KubeletHasNoDiskPressure',
  what: 'disk space',
};
const PID: Words = {
  type: 'PIDPressure',
  onReason: 'KubeletHasInsufficientPID',
  offReason: 'KubeletHasSufficientPID',
  what: 'process ids',
};

/** The text holds no number: a condition that changed with each sample would be a write each time. */
function condition(words: Words, held: Held, gauge: Gauge | undefined): NodeCondition {
  if (gauge === undefined)
    return {
      type: words.type,
      status: 'Unknown',
      reason: 'NotMeasured',
      message: `this host does not tell its ${words.what}`,
    };
  return held.on
    ? {
        type: words.type,
        status: 'True',
        reason: words.onReason,
        message: `the board is short of ${words.what}`,
      }
    : {
        type: words.type,
        status: 'False',
        reason: words.offReason,
        message: `the board has enough ${words.what}`,
      };
}

/** Pure: the next state and the three conditions. Time is the sample's own uptime. */
export function judgePressure(state: PressureState, sample: HostSample): PressureVerdict {
  const gauges = { memory: memoryGauge(sample), disk: diskGauge(sample), pid: pidGauge(sample) };
  const next: PressureState = {
    memory: judge(state.memory, gauges.memory, sample.uptimeS),
    disk: judge(state.disk, gauges.disk, sample.uptimeS),
    pid: judge(state.pid, gauges.pid, sample.uptimeS),
  };
  return {
    state: next,
    conditions: [
      condition(MEMORY, next.memory, gauges.memory),
      condition(DISK, next.disk, gauges.disk),
      condition(PID, next.pid, gauges.pid),
    ],
  };
}

/** At most 100 millicores, 200 MiB and a tenth of the disk stay with the system and the agent; never over a tenth of a small board. */
export function allocatableOf(capacity: NodeResources): NodeResources {
  const keep = (total: number, most: number): number =>
    Math.floor(total - Math.min(most, total * 0.1));
  return {
    cpuMilli: keep(capacity.cpuMilli, 100),
    memoryBytes: keep(capacity.memoryBytes, 200 * MIB),
    ephemeralBytes: keep(capacity.ephemeralBytes, Number.POSITIVE_INFINITY),
    pods: capacity.pods,
  };
}
