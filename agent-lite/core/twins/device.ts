/** One device: its properties, and one status made from how they fare. */
import { type DeviceDocument, encodeDocument, type TwinValue } from '@boardlet/adapters/wire';
import type { Driver } from '@boardlet/board-support';
import { type PropertyHost, TwinProperty } from './property.ts';

export interface DeviceHost {
  readonly driver: (protocol: string) => Driver | undefined;
  readonly protocols: () => string;
  readonly property: (name: string) => Omit<PropertyHost, 'healthy' | 'failing'>;
  /** `replaced`: another property of the same name follows, so the reported value stays until it has its own. */
  readonly forget: (name: string, property: TwinProperty, replaced: boolean) => void;
  readonly desired: (property: string) => TwinValue | undefined;
  /** False: the board has as many properties as it can hold. */
  readonly room: () => boolean;
  readonly status: (state: string, message: string) => void;
  readonly failed: (key: string, message: string) => void;
}

interface Slot {
  readonly property?: TwinProperty;
  /** Bytes of the document that it was made from, to see whether a new one differs. */
  readonly source: Uint8Array;
  /** Undefined until it is known; empty when it works. */
  fault?: string;
}

export class TwinDevice {
  readonly #name: string;
  readonly #host: DeviceHost;
  readonly #slots = new Map<string, Slot>();
  #busy = false;

  constructor(name: string, host: DeviceHost) {
    this.#name = name;
    this.#host = host;
  }

  /** Makes the properties as the document says; those that did not change go on undisturbed. */
  update(document: DeviceDocument): void {
    const wanted = new Map(document.properties.map((each) => [each.name, each]));
    this.#busy = true;
    for (const name of this.#slots.keys()) if (!wanted.has(name)) this.#remove(name, false);
    for (const each of wanted.values()) {
      const only: DeviceDocument = { ...document, properties: [each] };
      const source = encodeDocument('device', only);
      if (sameBytes(source, this.#slots.get(each.name)?.source)) continue;
      this.#remove(each.name, true);
      this.#add(only, source);
    }
    this.#busy = false;
    this.#tell();
  }

  close(): void {
    this.#busy = true;
    for (const name of this.#slots.keys()) this.#remove(name, false);
  }

  property(name: string): TwinProperty | undefined {
    return this.#slots.get(name)?.property;
  }

  #add(only: DeviceDocument, source: Uint8Array): void {
    const property = only.properties[0];
    if (property === undefined) return;
    const { name } = property;
    const protocol = property.protocol === '' ? only.protocol : property.protocol;
    const driver = this.#host.driver(protocol);
    if (driver === undefined || !this.#host.room()) {
      this.#slots.set(name, { source });
      const known = `this board has no driver for protocol "${protocol}"; it has: ${this.#host.protocols()}`;
      const full = 'this board has as many properties as it can hold';
      this.#fault(
        name,
        driver === undefined ? 'BL_DRIVER_UNKNOWN' : 'BL_TWIN_FULL',
        driver === undefined ? known : full,
      );
      return;
    }
    const target = { device: this.#name, property, protocolConfig: only.protocolConfig };
    const made = new TwinProperty(driver, target, {
      ...this.#host.property(name),
      healthy: () => this.#well(name),
      failing: (code, message) => this.#fault(name, code, message),
    });
    this.#slots.set(name, { property: made, source });
    made.setDesired(this.#host.desired(name));
    made.start();
  }

  #remove(name: string, replaced: boolean): void {
    const property = this.#slots.get(name)?.property;
    this.#slots.delete(name);
    if (property === undefined) return;
    property.close();
    this.#host.forget(name, property, replaced);
  }

  #well(name: string): void {
    const slot = this.#slots.get(name);
    if (slot !== undefined) slot.fault = '';
    this.#tell();
  }

  #fault(name: string, code: string, message: string): void {
    const slot = this.#slots.get(name);
    const text = `${name}: ${message} (${code})`;
    if (slot !== undefined) slot.fault = text;
    this.#host.failed(code, text);
    this.#tell();
  }

  /** Nothing is said before every property has worked or failed once: a restart of the agent is no change of the device. */
  #tell(): void {
    const faults = [...this.#slots.values()].map((slot) => slot.fault);
    const bad = faults.filter((fault) => fault !== undefined && fault !== '');
    if (this.#busy || faults.includes(undefined)) return;
    if (faults.length === 0) this.#host.status('unknown', 'the device has no properties');
    else if (bad.length === 0) this.#host.status('ok', '');
    else this.#host.status(bad.length === faults.length ? 'offline' : 'unhealthy', bad[0] ?? '');
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
