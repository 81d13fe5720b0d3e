import { freemem, totalmem, uptime, version } from 'node:os';
import { diskOf, type SystemFacts } from './system.ts';

/** What Windows tells without a program being started: no load average, no temperature, no machine or boot id. */
export function windowsFacts(): SystemFacts {
  return {
    os: 'windows',
    osImage: version,
    machineId: () => '',
    systemUuid: () => '',
    // Nothing names a boot; its time, to the minute since clocks are adjusted, tells two boots apart.
    bootId: () => `boot-${Math.round((Date.now() / 1000 - uptime()) / 60)}`,
    defaultInterface: () => undefined,
    sample: (dataDir) => ({
      memoryTotalBytes: totalmem(),
      memoryAvailableBytes: freemem(),
      uptimeS: Math.floor(uptime()),
      ...diskOf(dataDir),
    }),
  };
}
