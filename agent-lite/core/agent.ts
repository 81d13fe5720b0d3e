/** The agent: replication, pods, twins and the node's own report, over one host. */

import type { Link, LinkTls } from '@boardlet/adapters/link';
import { createLeanLink } from '@boardlet/adapters/link/lean';
import { BoardletError, type HostTwinProperty, KINDS, STREAM_TYPES } from '@boardlet/adapters/wire';
import type { Driver } from '@boardlet/board-support';
import { type AgentConfig, allowsNamespace, type Policy, podPolicy } from './config/index.ts';
import type { BoardDocuments } from './documents.ts';
import type { Host } from './host.ts';
import { acceptLogStream } from './log-stream.ts';
import { noLink } from './no-link.ts';
import { createNodeReport, type NodeReport } from './node-report.ts';
import { createPodEngine, type PodEngine } from './pods/index.ts';
import {
  createReplication,
  type DocumentStore,
  type LinkWiring,
  type Replication,
} from './replication/index.ts';
import type { Runtime } from './runtime.ts';
import { createStaticPods, type StaticPods } from './static-pods/index.ts';
import { createTwinEngine, type TwinEngine } from './twins/index.ts';

export interface AgentOptions {
  readonly host: Host;
  readonly config: AgentConfig;
  readonly policy: Policy;
  readonly store: DocumentStore;
  readonly runtimes: readonly Runtime[];
  /** By `visitors.protocolName`. */
  readonly drivers: ReadonlyMap<string, Driver>;
  readonly hostTwin: readonly HostTwinProperty[];
  readonly version: string;
  /** User id that the agent runs as; 0 may start pods as other users. */
  readonly agentUid: number;
  /** Read at each connect, so that a rotated certificate is used; undefined: no TLS. */
  readonly tls: () => LinkTls | undefined;
  readonly decodeText: (bytes: Uint8Array) => string;
  readonly parseYaml: (text: string) => Promise<unknown>;
}

export interface Agent {
  /** Resolves when stored and static pods are being reconciled; the link connects by itself. */
  readonly start: () => Promise<void>;
  /** Says goodbye and writes what is lazy. Pods run on, unless they are to be stopped as at a shutdown of the machine. */
  readonly stop: (options?: { readonly stopPods?: boolean }) => Promise<void>;
  readonly replication: Replication;
}

const KEEP_ALIVE_S = 60;

class BoardAgent implements Agent {
  readonly replication: Replication;
  readonly #options: AgentOptions;
  readonly #pods: PodEngine;
  readonly #staticPods: StaticPods;
  readonly #twins: TwinEngine;
  readonly #node: NodeReport;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.replication = replicationOf(options);
    const documents = this.replication.board(options.config.board);
    if (documents === undefined)
      throw new BoardletError('BL_AGENT_BOARD', 'the link carries no such board');
    this.#staticPods = staticPodsOf(options, documents);
    this.#pods = podsOf(options, documents, this.#staticPods);
    this.#twins = twinsOf(options, documents);
    this.#node = createNodeReport({
      host: options.host,
      documents,
      agentVersion: options.version,
      labels: options.config.labels,
      runtimes: options.runtimes.map((r) => r.name),
      hostTwin: options.hostTwin,
    });
    this.replication.onOpen(STREAM_TYPES.log, (request, stream) =>
      acceptLogStream(
        request.args,
        stream,
        (query) => this.#pods.logs(query),
        (work) => options.host.timers.after(0, work),
      ),
    );
  }

  async start(): Promise<void> {
    const { host, config } = this.#options;
    this.#node.start();
    await this.#staticPods.start();
    this.#pods.start();
    this.#twins.start();
    if (config.brokers.length > 0) this.replication.start();
    else host.log.warn('agent.no-broker', { board: config.board });
  }

  async stop(options: { readonly stopPods?: boolean } = {}): Promise<void> {
    this.#node.close();
    this.#staticPods.close();
    this.#twins.close();
    if (options.stopPods === true) await this.#pods.stopAll();
    this.#pods.close();
    await new Promise<void>((done) => this.replication.stop(done));
  }
}

/** Load, memory and uptime change at every look and are there again at the next start. */
function isHostTwin(documents: BoardDocuments | undefined, name: string): boolean {
  const at = name.lastIndexOf('/');
  const device = documents?.desired('device').get(name.slice(0, at));
  const property = name.slice(at + 1);
  return device?.properties.find((p) => p.name === property)?.protocol === 'host';
}

function replicationOf(options: AgentOptions): Replication {
  const { host, config } = options;
  let replication: Replication | undefined;
  const documents = (): BoardDocuments | undefined => replication?.board(config.board);
  const created = createReplication({
    host,
    store: options.store,
    fleet: config.fleet,
    shards: config.shards,
    link: config.link,
    boards: [config.board],
    volatile: (_board, kind, name) => kind === KINDS.twin && isHostTwin(documents(), name),
    connect: (wiring) => connect(options, wiring),
  });
  if (!created.ok)
    throw new BoardletError(created.code, `the store cannot be read: ${created.message}`);
  replication = created.value;
  return replication;
}

function connect(options: AgentOptions, wiring: LinkWiring): Link {
  const { host, config } = options;
  if (config.brokers.length === 0) return noLink;
  const linkOptions = {
    urls: config.brokers,
    clientId: config.link,
    protocol: 'auto' as const,
    keepAliveS: KEEP_ALIVE_S,
    subscriptions: wiring.subscriptions,
    will: wiring.will,
    handlers: wiring.handlers,
    sockets: host.sockets,
    timers: host.timers,
    clock: host.clock,
    random: host.crypto.random,
  };
  // A getter, since the link reads its options anew at each connect and the certificate rotates in between.
  const withTls = Object.defineProperty(linkOptions, 'tls', { get: options.tls, enumerable: true });
  return createLeanLink(withTls);
}

function staticPodsOf(options: AgentOptions, documents: BoardDocuments): StaticPods {
  const { host, config } = options;
  return createStaticPods({
    files: host.files,
    folder: config.manifestsDir,
    node: config.nodeName,
    sha256: host.crypto.sha256,
    decodeText: options.decodeText,
    parseYaml: options.parseYaml,
    documents,
    clock: host.clock,
    log: host.log,
  });
}

function podsOf(
  options: AgentOptions,
  documents: BoardDocuments,
  staticPods: StaticPods,
): PodEngine {
  const { host } = options;
  return createPodEngine({
    documents,
    runtimes: options.runtimes,
    policy: podPolicy(options.policy, options.agentUid),
    clock: host.clock,
    timers: host.timers,
    log: host.log,
    staticPods,
  });
}

function twinsOf(options: AgentOptions, documents: BoardDocuments): TwinEngine {
  const { host } = options;
  return createTwinEngine({
    documents,
    drivers: options.drivers,
    clock: host.clock,
    timers: host.timers,
    log: host.log,
    allowsNamespace: (namespace) => allowsNamespace(options.policy.devices, namespace),
  });
}

/** Reads the store, which counts this start; nothing else happens until `start`. Throws `BL_STORE_*`, `BL_HOST_*`. */
export function createAgent(options: AgentOptions): Agent {
  return new BoardAgent(options);
}
