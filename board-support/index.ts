import type { Driver } from './driver.ts';

export type { Driver, DriverProperty, DriverResult } from './driver.ts';
export {
  createHostDriver,
  DEFAULT_REPORT_INTERVAL_MS,
  type HostDriverOptions,
  type HostReading,
  hostTwinProperties,
} from './host/index.ts';

/** The drivers by protocol, as the twin engine takes them. Of two with one protocol the later stands. */
export function driversByProtocol(drivers: readonly Driver[]): ReadonlyMap<string, Driver> {
  return new Map(drivers.map((driver) => [driver.protocol, driver]));
}
