/** Protocol `host`: the machine that the agent runs on, as a device. */
import type { HostTwinProperty, TwinValue } from '@boardlet/adapters/wire';
import type { Driver, DriverProperty, DriverResult } from '../driver.ts';

/** What a host tells of itself; the agent's `HostSample` fits. Absent: the host cannot tell. */
export interface HostReading {
  readonly load1?: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  readonly uptimeS: number;
  readonly temperatureC?: number;
}

export interface HostDriverOptions {
  readonly sample: () => HostReading;
  /** One shot after `delayMs`; the answer cancels it. */
  readonly after: (delayMs: number, fire: () => void) => { readonly cancel: () => void };
  /** 100 to 60,000 ms. Default 10,000. */
  readonly reportIntervalMs?: number;
}

/** Each report is a message and a write to the board's flash, so an idle board's own figures go out rarely. */
export const DEFAULT_REPORT_INTERVAL_MS = 10_000;
const LEAST_INTERVAL_MS = 100;
const MOST_INTERVAL_MS = 60_000;
const INTERVAL = 'reportIntervalMs';

type Metric = (sample: HostReading) => TwinValue | undefined;

const METRICS: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  ['load1', (sample) => sample.load1],
  ['memoryUsedBytes', (sample) => sample.memoryTotalBytes - sample.memoryAvailableBytes],
  ['memoryAvailableBytes', (sample) => sample.memoryAvailableBytes],
  ['uptimeS', (sample) => sample.uptimeS],
  ['temperatureC', (sample) => sample.temperatureC],
]);

const READ_ONLY: readonly HostTwinProperty[] = [
  { name: 'load1', type: 'DOUBLE', readOnly: true },
  { name: 'memoryUsedBytes', type: 'INT', readOnly: true, unit: 'bytes' },
  { name: 'memoryAvailableBytes', type: 'INT', readOnly: true, unit: 'bytes' },
  { name: 'uptimeS', type: 'INT', readOnly: true, unit: 's' },
  { name: 'temperatureC', type: 'DOUBLE', readOnly: true, unit: '°C' },
];

/** What this host offers, for its node document: only what the sample holds, and the report interval. */
export function hostTwinProperties(sample: HostReading): readonly HostTwinProperty[] {
  const interval: HostTwinProperty = {
    name: INTERVAL,
    type: 'INT',
    readOnly: false,
    unit: 'ms',
    minimum: LEAST_INTERVAL_MS,
    maximum: MOST_INTERVAL_MS,
  };
  return [...READ_ONLY.filter(({ name }) => METRICS.get(name)?.(sample) !== undefined), interval];
}

interface Subscriber {
  readonly metric: string;
  readonly changed: (value: TwinValue) => void;
}

const keyOf = ({ device, property }: DriverProperty): string => `${device}/${property.name}`;

/** The property's configuration may name the metric (`metric: load1`); else its own name does. */
function metricOf({ property }: DriverProperty): string {
  const named = property.config instanceof Map ? property.config.get('metric') : undefined;
  return typeof named === 'string' ? named : property.name;
}

function refuse<T>(code: string, message: string): DriverResult<T> {
  return { ok: false, code, message };
}

/** Samples once per `reportIntervalMs` for all properties together, and only while some are subscribed. Writing
 * `reportIntervalMs` sets that cycle at once. Codes: `BL_DRIVER_CONFIG`, `BL_DRIVER_ABSENT`, `BL_DRIVER_READ_ONLY`,
 * `BL_DRIVER_VALUE`. */
export function createHostDriver(options: HostDriverOptions): Driver {
  return new HostDriver(options);
}

class HostDriver implements Driver {
  readonly protocol = 'host';
  readonly #options: HostDriverOptions;
  readonly #subscribers = new Map<string, Subscriber>();
  #intervalMs: number;
  #timer: { readonly cancel: () => void } | undefined;

  constructor(options: HostDriverOptions) {
    this.#options = options;
    this.#intervalMs = options.reportIntervalMs ?? DEFAULT_REPORT_INTERVAL_MS;
  }

  open(target: DriverProperty, done: (result: DriverResult<void>) => void): void {
    const metric = metricOf(target);
    if (metric === INTERVAL || METRICS.has(metric)) done({ ok: true, value: undefined });
    else {
      const known = [...METRICS.keys(), INTERVAL].join(', ');
      done(refuse('BL_DRIVER_CONFIG', `the host has no metric "${metric}"; it has: ${known}`));
    }
  }

  read(target: DriverProperty, done: (result: DriverResult<TwinValue>) => void): void {
    const metric = metricOf(target);
    const value = this.#valueOf(metric, metric === INTERVAL ? undefined : this.#options.sample());
    if (value === undefined) done(refuse('BL_DRIVER_ABSENT', `this host does not tell ${metric}`));
    else done({ ok: true, value });
  }

  write(
    target: DriverProperty,
    value: TwinValue,
    done: (result: DriverResult<void>) => void,
  ): void {
    const metric = metricOf(target);
    if (metric !== INTERVAL) {
      done(refuse('BL_DRIVER_READ_ONLY', `${metric} cannot be written`));
      return;
    }
    const wanted =
      typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
    if (!Number.isInteger(wanted) || wanted < LEAST_INTERVAL_MS || wanted > MOST_INTERVAL_MS) {
      const range = `${LEAST_INTERVAL_MS} to ${MOST_INTERVAL_MS}`;
      done(refuse('BL_DRIVER_VALUE', `${INTERVAL} takes a whole number ${range}`));
      return;
    }
    this.#intervalMs = wanted;
    this.#rearm();
    done({ ok: true, value: undefined });
  }

  subscribe(target: DriverProperty, changed: (value: TwinValue) => void): void {
    this.#subscribers.set(keyOf(target), { metric: metricOf(target), changed });
    if (this.#timer === undefined) this.#rearm();
  }

  close(target: DriverProperty): void {
    this.#subscribers.delete(keyOf(target));
    if (this.#subscribers.size === 0) this.#rearm();
  }

  #valueOf(metric: string, sample: HostReading | undefined): TwinValue | undefined {
    if (metric === INTERVAL) return this.#intervalMs;
    return sample === undefined ? undefined : METRICS.get(metric)?.(sample);
  }

  #rearm(): void {
    this.#timer?.cancel();
    this.#timer =
      this.#subscribers.size === 0
        ? undefined
        : this.#options.after(this.#intervalMs, () => this.#tell());
  }

  #tell(): void {
    this.#rearm();
    const sample = this.#options.sample();
    for (const { metric, changed } of [...this.#subscribers.values()]) {
      const value = this.#valueOf(metric, sample);
      if (value !== undefined) changed(value);
    }
  }
}
