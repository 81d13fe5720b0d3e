/** What the bridge keeps of one link, beside the state in its machine. */
import type { Hasher } from '@boardlet/adapters/sets';
import { KINDS, LIMITS, PROTOCOL, REPORTED_KINDS } from '@boardlet/adapters/wire';
import type { ReportedChange } from './contract.ts';
import { FloodGuard, type FloodLimits } from './flood-guard.ts';
import { createReplicaMachine, type ReplicaMachine } from './replica-machine.ts';
import type { DownChannel, ReplicaOptions } from './replica-types.ts';
import type { SessionServerOptions } from './session-options.ts';
import type { Topics, UpTopic } from './topics.ts';

export interface LinkRecord {
  readonly link: string;
  readonly shard: number;
  readonly machine: ReplicaMachine;
  readonly guard: FloodGuard;
  readonly streamGuard: FloodGuard;
  readonly topics: Readonly<Record<DownChannel, string>>;
  heardAt: number;
  /** Rejected messages that were punished already. */
  rejected: number;
  noticedAt: number;
}

/** A link at its pace of one message a second and key stays far below; a repair of 4,096 documents fits the burst. */
const DEFAULT_FLOOD: FloodLimits = { messagesPerS: 400, bytesPerS: 2 << 20 };
/** Streams are bounded by their windows; this is for senders that ignore them. */
const STREAM_FLOOD: FloodLimits = { messagesPerS: 20_000, bytesPerS: 256 << 20 };

const KINDS_READ = REPORTED_KINDS.reduce((mask, kind) => mask | (1 << KINDS[kind]), 0);

export interface LinkRecordPorts
  extends Pick<ReplicaOptions, 'entitled' | 'released' | 'roomy' | 'accept' | 'paceMs'> {
  readonly now: number;
  readonly hasher: Hasher;
  readonly topics: Topics;
}

export function createLinkRecord(
  to: UpTopic,
  options: SessionServerOptions,
  ports: LinkRecordPorts,
): LinkRecord {
  const { now, topics, ...machine } = ports;
  return {
    link: to.link,
    shard: to.shard,
    machine: createReplicaMachine({
      ...machine,
      link: to.link,
      source: options.source,
      realm: options.realm,
      versions: [...new Set([PROTOCOL.current, PROTOCOL.previous])],
      beatS: options.beatS ?? LIMITS.beatS,
      maxMessage: LIMITS.messageBytes,
      kindsRead: KINDS_READ,
      random32: options.random32,
      unixMs: options.clock.unixMs,
    }),
    guard: new FloodGuard(options.flood ?? DEFAULT_FLOOD, now),
    streamGuard: new FloodGuard(STREAM_FLOOD, now),
    topics: {
      d: topics.down(to.shard, to.link, 'd'),
      r: topics.down(to.shard, to.link, 'r'),
    },
    heardAt: now,
    rejected: 0,
    noticedAt: Number.NEGATIVE_INFINITY,
  };
}

/** What the link's machine holds of a board's reported documents. */
export function heldBy({ machine }: LinkRecord, board: string): ReportedChange[] {
  return [...machine.view().documents(board, 'reported')].map(({ kind, name, body }) => ({
    kind,
    name,
    body,
  }));
}
