import { freemem, totalmem, uptime } from 'node:os';
import { linuxFacts } from './linux.ts';
import type { SystemFacts } from './system.ts';

/** Linux' way, with what SELinux hides from apps (`/proc/loadavg`, `/proc/uptime`) taken from system calls, and
 * the release from the environment that Android's own shells set. */
export function androidFacts(): SystemFacts {
  const linux = linuxFacts({ os: 'android' });
  return {
    ...linux,
    osImage: () => `Android ${process.env['ANDROID_VERSION'] ?? ''}`.trim(),
    sample: (dataDir) => {
      const sample = linux.sample(dataDir);
      return {
        ...sample,
        memoryTotalBytes: sample.memoryTotalBytes || totalmem(),
        memoryAvailableBytes: sample.memoryAvailableBytes || freemem(),
        uptimeS: sample.uptimeS || Math.floor(uptime()),
      };
    },
  };
}
