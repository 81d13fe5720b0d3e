/** What sessions are given, and what they offer besides the contract. */
import type { Link, LinkHandlers } from '@boardlet/adapters/link';
import type { Sha256 } from '@boardlet/adapters/sets';
import type {
  DesiredSource,
  Entitlements,
  Ownership,
  ReportedSink,
  SessionServer,
} from './contract.ts';
import type { FloodLimits } from './flood-guard.ts';
import type { ReplicaView } from './replica-machine.ts';

export interface SessionLog {
  readonly debug: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly info: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

export interface SessionServerOptions {
  readonly fleet: string;
  /** Of the fleet, 1..256, fixed. */
  readonly shards: number;
  /** Shards that this process subscribes to. */
  readonly owned: readonly number[];
  /** 8 bytes: hash of the cluster's id (E4). */
  readonly realm: Uint8Array;
  readonly source: DesiredSource;
  readonly sink: ReportedSink;
  readonly entitlements: Entitlements;
  readonly ownership: Ownership;
  readonly connect: (wiring: {
    readonly subscriptions: readonly { readonly topic: string; readonly qos: 0 | 1 }[];
    readonly handlers: LinkHandlers;
  }) => Link;
  readonly sha256: Sha256;
  /** Cryptographically strong, uniform unsigned 32-bit integers. */
  readonly random32: () => number;
  readonly clock: { readonly monotonicMs: () => number; readonly unixMs: () => number };
  readonly after: (delayMs: number, fire: () => void) => { readonly cancel: () => void };
  readonly log: SessionLog;
  /** 1..3600; default `LIMITS.beatS`. */
  readonly beatS?: number;
  /** Default `LIMITS.paceMs`; raised under load (R5). */
  readonly paceMs?: number;
  readonly flood?: FloodLimits;
  /** Messages a second over all links above which boards are told a longer pace. Default 5,000. */
  readonly busyMessagesPerS?: number;
  /** The Lease read showed another holder: this process has dropped all links of the shard. */
  readonly onDeposed?: (shard: number) => void;
}

export interface BridgeSessions extends SessionServer {
  /** For status pages and tests. */
  readonly links: () => readonly { readonly link: string; readonly view: ReplicaView }[];
  readonly connected: () => boolean;
}
