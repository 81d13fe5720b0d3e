export {
  createHostDriver,
  DEFAULT_REPORT_INTERVAL_MS,
  type HostDriverOptions,
  type HostReading,
  hostTwinProperties,
} from './host-driver.ts';
