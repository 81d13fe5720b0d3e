/** The board's node document: what the host is and how it fares. Reported on change only, so an idle board stays silent. */
import type { HostTwinProperty, NodeDocument } from '@boardlet/adapters/wire';
import type { BoardDocuments } from './documents.ts';
import type { Host, Timer } from './host.ts';

export interface NodeReportOptions {
  readonly host: Host;
  readonly documents: BoardDocuments;
  readonly agentVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly runtimes: readonly string[];
  readonly hostTwin: readonly HostTwinProperty[];
  /** Default 10,000 ms, as the kubelet's nodeStatusUpdateFrequency. */
  readonly intervalMs?: number;
}
export interface NodeReport {
  readonly start: () => void;
  readonly close: () => void;
}

const INTERVAL_MS = 10_000;
const NODE_NAME = '-';

export function nodeDocument(options: NodeReportOptions): NodeDocument {
  const facts = options.host.facts.read();
  const conditions = options.host.facts.conditions(options.host.facts.sample());
  return {
    agentVersion: options.agentVersion,
    os: facts.os,
    arch: facts.arch,
    kernel: facts.kernel,
    osImage: facts.osImage,
    machineId: facts.machineId,
    systemUuid: facts.systemUuid,
    bootId: facts.bootId,
    hostname: facts.hostname,
    runtimeVersion: facts.runtimeVersion,
    addresses: facts.addresses,
    capacity: facts.capacity,
    allocatable: facts.allocatable,
    conditions,
    labels: options.labels,
    runtimes: options.runtimes,
    clockTrusted: facts.clockTrusted,
    hostTwin: options.hostTwin,
  };
}

export function createNodeReport(options: NodeReportOptions): NodeReport {
  let timer: Timer | undefined;
  const tell = (): void => {
    options.documents.report('node', NODE_NAME, nodeDocument(options));
    timer = options.host.timers.after(options.intervalMs ?? INTERVAL_MS, tell);
  };
  return { start: tell, close: () => timer?.cancel() };
}
