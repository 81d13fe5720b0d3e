/** A bench for tests of twins: time that passes when told to, documents in maps, a driver that obeys. */
import type {
  DeviceDocument,
  DeviceStatusDocument,
  DocumentBodies,
  EventEntry,
  PropertyDocument,
  TwinDocument,
  TwinValue,
} from '@boardlet/adapters/wire';
import type { Driver, DriverProperty, DriverResult } from '@boardlet/board-support';
import type { BoardDocuments, DesiredChange } from '../documents.ts';
import type { Clock, Logger, Timers } from '../host.ts';

export interface FakeTime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly pass: (ms: number) => void;
  /** Timers that wait, and fired so far. */
  readonly waiting: () => number;
  readonly fired: () => number;
}

export const UNIX_START_MS = 1_700_000_000_000;

export function createFakeTime(): FakeTime {
  let now = 0;
  let fired = 0;
  const waiting = new Set<{ readonly atMs: number; readonly fire: () => void }>();
  const fireNext = (untilMs: number): boolean => {
    const next = [...waiting].sort((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined || next.atMs > untilMs) return false;
    waiting.delete(next);
    now = Math.max(now, next.atMs);
    fired += 1;
    next.fire();
    return true;
  };
  return {
    clock: { monotonicMs: () => now, unixMs: () => UNIX_START_MS + now },
    timers: {
      after: (delayMs, fire) => {
        const timer = { atMs: now + delayMs, fire };
        waiting.add(timer);
        return { cancel: () => waiting.delete(timer) };
      },
    },
    pass: (ms) => {
      const until = now + ms;
      while (fireNext(until));
      now = until;
    },
    waiting: () => waiting.size,
    fired: () => fired,
  };
}

type Bodies = { readonly [K in keyof DocumentBodies]: Map<string, DocumentBodies[K]> };

export interface FakeDocuments extends BoardDocuments {
  readonly bodies: Bodies;
  readonly events: EventEntry[];
  /** `<name> = <value>[ of <observedDesired>]` per report of a twin, `<name> gone` per removal. */
  readonly reports: string[];
  readonly desire: (...changes: readonly DesiredChange[]) => void;
  readonly status: (device: string) => DeviceStatusDocument | undefined;
}

export function createFakeDocuments(): FakeDocuments {
  const bodies: Bodies = {
    pod: new Map(),
    podStatus: new Map(),
    twinDesired: new Map(),
    twin: new Map(),
    device: new Map(),
    node: new Map(),
    staticPod: new Map(),
    deviceStatus: new Map(),
  };
  const events: EventEntry[] = [];
  const reports: string[] = [];
  let listener: (changes: readonly DesiredChange[]) => void = () => undefined;
  return {
    bodies,
    events,
    reports,
    desired: (kind) => bodies[kind],
    reported: (kind) => bodies[kind],
    onDesired: (called) => {
      listener = called;
    },
    report: (kind, name, body) => {
      if (kind === 'twin') reports.push(shown(name, body as TwinDocument | undefined));
      if (body === undefined) bodies[kind].delete(name);
      else bodies[kind].set(name, body);
    },
    event: (entry) => events.push(entry),
    desire: (...changes) => {
      for (const { kind, name, body } of changes) {
        const map = bodies[kind] as Map<string, unknown>;
        if (body === undefined) map.delete(name);
        else map.set(name, body);
      }
      listener(changes);
    },
    status: (device) => bodies.deviceStatus.get(device),
  };
}

function shown(name: string, twin: TwinDocument | undefined): string {
  if (twin === undefined) return `${name} gone`;
  const of = twin.observedDesired === undefined ? '' : ` of ${String(twin.observedDesired)}`;
  return `${name} = ${String(twin.value)}${of}`;
}

export interface FakeDriver extends Driver {
  /** What the hardware holds, by property name. */
  readonly values: Map<string, TwinValue>;
  /** `open a`, `read a`, `write a=1`, `close a`. */
  readonly calls: string[];
  /** By `<call> <property>`: the code that it fails with, or `silent` for no answer at all. */
  readonly faults: Map<string, string>;
}

export function createFakeDriver(protocol = 'fake'): FakeDriver {
  const values = new Map<string, TwinValue>();
  const calls: string[] = [];
  const faults = new Map<string, string>();
  const answer = <T>(
    call: string,
    target: DriverProperty,
    value: () => T,
    done: (result: DriverResult<T>) => void,
  ): void => {
    const fault = faults.get(`${call} ${target.property.name}`);
    if (fault === 'silent') return;
    if (fault === undefined) done({ ok: true, value: value() });
    else done({ ok: false, code: fault, message: 'it does not work' });
  };
  return {
    protocol,
    values,
    calls,
    faults,
    open: (target, done) => {
      calls.push(`open ${target.property.name}`);
      answer('open', target, () => undefined, done);
    },
    read: (target, done) => {
      const { name } = target.property;
      calls.push(`read ${name}`);
      answer('read', target, () => values.get(name) ?? 0, done);
    },
    write: (target, value, done) => {
      const { name } = target.property;
      calls.push(`write ${name}=${String(value)}`);
      answer('write', target, () => void values.set(name, value), done);
    },
    close: (target) => calls.push(`close ${target.property.name}`),
  };
}

export function property(name: string, change: Partial<PropertyDocument> = {}): PropertyDocument {
  return {
    name,
    type: 'INT',
    readOnly: false,
    protocol: 'fake',
    config: null,
    reportMs: 0,
    collectMs: 1000,
    report: true,
    ...change,
  };
}

export const device = (...properties: readonly PropertyDocument[]): DeviceDocument => ({
  protocol: 'fake',
  protocolConfig: null,
  properties,
});

const nothing = (): void => undefined;
export const silentLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
