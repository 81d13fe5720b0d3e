import type { BrokerLimits } from './contract.ts';

const MIB = 1024 * 1024;

/** Room for ten thousand honest boards on one core, and for no dishonest one. */
export const DEFAULT_LIMITS: BrokerLimits = {
  clients: 10_000,
  packetBytes: 65_536 + 4096,
  packetBurst: 4000,
  packetsPerS: 1000,
  byteBurst: 8 * MIB,
  bytesPerS: 4 * MIB,
  floodMs: 10_000,
  queuedBytes: MIB,
  bridgeQueuedBytes: 64 * MIB,
  connectBurst: 2000,
  connectsPerS: 500,
  strangerBurst: 1000,
  strangersPerS: 50,
  nameBurst: 20,
  namePerS: 1,
  filters: 32,
  keepAliveS: 600,
};

/** Before CONNECT is accepted: its fields and a will fit, little else does. */
export const UNNAMED_PACKET_BYTES = 4096;
/** A stranger may hold a connection so long without naming itself. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Addresses whose nameless connections are remembered. */
export const ADDRESSES_MAX = 10_000;
/** Names whose connect rate is remembered. */
export const NAMES_MAX = 50_000;
/** How often certificates of standing connections are looked at. */
export const EXPIRY_CHECK_MS = 30_000;
/** Lines a second of one event in the log. */
export const LOG_LINES = { burst: 20, perSecond: 5 };
