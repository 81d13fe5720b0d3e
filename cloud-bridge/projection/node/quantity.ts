/** Resource quantities in the canonical form that the API server would turn them into, so that what is read back equals what
 * was written (apimachinery api/resource: the largest suffix that leaves a whole number). */
import type { NodeResources } from '@boardlet/adapters/wire';

function scaled(value: number, base: number, suffixes: readonly string[]): string {
  let rest = Math.max(0, Math.floor(value));
  let i = 0;
  while (rest > 0 && rest % base === 0 && i < suffixes.length - 1) {
    rest /= base;
    i++;
  }
  return `${rest}${suffixes[i]}`;
}

const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

export function countQuantity(count: number): string {
  return scaled(count, 1000, DECIMAL);
}

export function cpuQuantity(milli: number): string {
  return milli % 1000 === 0 ? countQuantity(milli / 1000) : `${Math.max(0, Math.floor(milli))}m`;
}

/** Rounded down to whole KiB; 0 without a suffix. */
export function bytesQuantity(bytes: number): string {
  const kib = Math.floor(bytes / 1024);
  return kib <= 0 ? '0' : scaled(kib, 1024, BINARY);
}

export function resourceList(resources: NodeResources): Record<string, string> {
  return {
    cpu: cpuQuantity(resources.cpuMilli),
    memory: bytesQuantity(resources.memoryBytes),
    'ephemeral-storage': bytesQuantity(resources.ephemeralBytes),
    pods: countQuantity(resources.pods),
  };
}
