import type { ApiLimits } from './contract.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Body and object bounds are those of a real server (etcd's 1.5 MiB request limit, 3 MiB bodies). */
export const DEFAULT_LIMITS: ApiLimits = {
  bodyBytes: 3 * MIB,
  objectBytes: 1.5 * MIB,
  storeBytes: 1024 * MIB,
  jsonDepth: 64,
  watchers: 4096,
  connections: 8192,
  logStreams: 512,
  logEvents: 8192,
  logBytes: 16 * MIB,
  stalledWatchMs: 30_000,
  bookmarkMs: 30_000,
  eventTtlMs: 3_600_000,
};
