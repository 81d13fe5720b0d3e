import { type DeviceDocument, LIMITS, type TwinValue } from '@boardlet/adapters/wire';
import type { Driver } from '@boardlet/board-support';
import type { BoardDocuments, DesiredChange } from '../documents.ts';
import type { Clock, Logger, Timers } from '../host.ts';
import { TwinDevice } from './device.ts';
import { createEventGate, type EventGate } from './event-gate.ts';
import type { PropertyHost, TwinProperty } from './property.ts';
import { createSchedule, type Schedule } from './schedule.ts';

export interface TwinEngineOptions {
  readonly documents: BoardDocuments;
  /** By `visitors.protocolName`. */
  readonly drivers: ReadonlyMap<string, Driver>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Whether the board accepts Devices of this namespace (its policy's `devices`). Default: all. */
  readonly allowsNamespace?: (namespace: string) => boolean;
}

export interface TwinEngine {
  /** Opens what is desired and removes reported twins of devices that are gone. Once. */
  readonly start: () => void;
  /** Closes every property; what was reported stays. */
  readonly close: () => void;
}

const MOST_MESSAGE = 512;

/** Binds the desired devices to drivers: polls, writes desired values and reports. Devices and desired values come and go
 * while it runs. Event reasons: `DriverFailed`, `DesiredValueRefused`, `DeviceForbidden`. */
export function createTwinEngine(options: TwinEngineOptions): TwinEngine {
  const engine = new Engine(options);
  return { start: () => engine.start(), close: () => engine.close() };
}

class Engine {
  readonly #o: TwinEngineOptions;
  readonly #devices = new Map<string, TwinDevice>();
  readonly #properties = new Set<TwinProperty>();
  readonly #schedule: Schedule<TwinProperty>;
  readonly #events: EventGate;
  #closed = false;

  constructor(options: TwinEngineOptions) {
    this.#o = options;
    this.#schedule = createSchedule(options, (property) => property.wake());
    this.#events = createEventGate(options.clock, (event) => options.documents.event(event));
  }

  start(): void {
    const { documents } = this.#o;
    documents.onDesired((changes) => this.#apply(changes));
    for (const [name, document] of documents.desired('device')) this.#update(name, document);
    this.#removeStale();
  }

  close(): void {
    this.#closed = true;
    for (const device of this.#devices.values()) device.close();
    this.#devices.clear();
    this.#schedule.stop();
  }

  #apply(changes: readonly DesiredChange[]): void {
    if (this.#closed) return;
    // Devices first: a desired value may come with the device that it is for.
    for (const { kind, name } of changes)
      if (kind === 'device') this.#update(name, this.#o.documents.desired('device').get(name));
    for (const { kind, name } of changes) if (kind === 'twinDesired') this.#want(name);
  }

  #update(name: string, document: DeviceDocument | undefined): void {
    if (document === undefined) {
      this.#remove(name);
      this.#o.documents.report('deviceStatus', name);
    } else if (this.#allows(name)) this.#deviceOf(name).update(document);
    else this.#forbid(name);
  }

  #allows(name: string): boolean {
    const namespace = name.slice(0, name.indexOf('/'));
    return this.#o.allowsNamespace?.(namespace) ?? true;
  }

  #forbid(name: string): void {
    this.#remove(name);
    const message = "the board's policy takes no devices of this namespace (devices)";
    this.#status(name, 'offline', message);
    this.#event(name, 'DeviceForbidden', message, '');
  }

  #remove(name: string): void {
    this.#devices.get(name)?.close();
    this.#devices.delete(name);
  }

  #want(name: string): void {
    const { device, property } = split(name);
    const value = this.#o.documents.desired('twinDesired').get(name);
    this.#devices.get(device)?.property(property)?.setDesired(value);
  }

  #deviceOf(name: string): TwinDevice {
    const known = this.#devices.get(name);
    if (known !== undefined) return known;
    const { drivers, documents } = this.#o;
    const made = new TwinDevice(name, {
      driver: (protocol) => drivers.get(protocol),
      protocols: () => [...drivers.keys()].sort().join(', ') || 'none',
      property: (property) => this.#propertyHost(name, property),
      forget: (property, twin, replaced) => this.#forget(`${name}/${property}`, twin, replaced),
      desired: (property): TwinValue | undefined =>
        documents.desired('twinDesired').get(`${name}/${property}`),
      room: () => this.#properties.size < LIMITS.documentsPerBoard,
      status: (state, message) => this.#status(name, state, message),
      failed: (code, message) => this.#event(name, 'DriverFailed', message, code),
    });
    this.#devices.set(name, made);
    return made;
  }

  #propertyHost(device: string, property: string): Omit<PropertyHost, 'healthy' | 'failing'> {
    const { clock, documents } = this.#o;
    return {
      nowMs: clock.monotonicMs,
      wakeAt: (twin, atMs) => {
        this.#properties.add(twin);
        this.#schedule.set(twin, atMs);
      },
      report: (twin) => documents.report('twin', `${device}/${property}`, twin),
      refused: (reason) => {
        const message = `the desired value of ${property} was not written: ${reason}`;
        this.#event(device, 'DesiredValueRefused', message, property);
      },
    };
  }

  #forget(name: string, twin: TwinProperty, replaced: boolean): void {
    this.#properties.delete(twin);
    this.#schedule.clear(twin);
    // An engine that closes keeps what it reported: the values are the last known ones.
    if (!this.#closed && !replaced) this.#o.documents.report('twin', name);
  }

  #status(name: string, state: string, message: string): void {
    const { documents, clock } = this.#o;
    const before = documents.reported('deviceStatus').get(name);
    const shown = message.slice(0, MOST_MESSAGE);
    if (before?.state === state && (before.message ?? '') === shown) return;
    const online = state === 'ok' || state === 'unhealthy';
    const lastOnline = online || before?.state === 'ok' ? clock.unixMs() : before?.lastOnline;
    documents.report('deviceStatus', name, {
      state,
      ...(lastOnline === undefined ? {} : { lastOnline }),
      ...(shown === '' ? {} : { message: shown }),
    });
  }

  #event(device: string, reason: string, message: string, key: string): void {
    const shown = message.slice(0, MOST_MESSAGE);
    const sent = this.#events.send(`${device} ${reason} ${key}`, {
      warning: true,
      reason,
      message: shown,
      about: 'device',
      name: device,
    });
    if (sent) this.#o.log.warn('twins.event', { device, reason, message: shown });
  }

  /** What an earlier run reported of devices and properties that are no longer desired. */
  #removeStale(): void {
    const { documents } = this.#o;
    for (const name of [...documents.reported('twin').keys()]) {
      const { device, property } = split(name);
      if (this.#devices.get(device)?.property(property) === undefined)
        documents.report('twin', name);
    }
    for (const name of [...documents.reported('deviceStatus').keys()])
      if (!documents.desired('device').has(name)) documents.report('deviceStatus', name);
  }
}

/** `<namespace>/<device>/<property>`: only a property's name may hold a slash of its own. */
function split(name: string): { readonly device: string; readonly property: string } {
  const at = name.indexOf('/', name.indexOf('/') + 1);
  return { device: name.slice(0, at), property: name.slice(at + 1) };
}
