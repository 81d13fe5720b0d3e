/** The bridge: trust, sessions, projection and the kubelet endpoint, put together. */
import { createHash, randomBytes } from 'node:crypto';
import type { Link } from '@boardlet/adapters/link';
import { createMqttLink } from '@boardlet/adapters/link/mqtt';
import { BoardletError } from '@boardlet/adapters/wire';
import {
  type Logger,
  PODS,
  systemClock,
  systemTimers,
  type WatchingClient,
} from '../kube/index.ts';
import { createKubeletEndpoint, type KubeletEndpoint } from '../kubelet/index.ts';
import { createDevices, createProjection, type Projection } from '../projection/index.ts';
import { type BridgeSessions, createSessionServer } from '../session/index.ts';
import {
  type CertificateAuthority,
  CLIENT_LIFETIME_S,
  createEnrolment,
  createJoinTokens,
  type Enrolment,
  type FleetFacts,
  type JoinTokens,
  loadOrCreateAuthority,
  SERVER_LIFETIME_S,
} from '../trust/index.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { shippedCrds } from './crds.ts';
import { type FreshCertificate, keepFresh } from './fresh-certificate.ts';
import { namesOf, openJoining, sweepTokens } from './joining.ts';
import { tryDoor } from './open-broker.ts';
import { serveRenewals } from './renewals.ts';
import type { Settings } from './settings.ts';

export interface Bridge {
  readonly joinListen: string;
  readonly kubeletListen: string;
  readonly stop: () => Promise<void>;
}

/** What the kubelet endpoint needs of parts that start after it. */
interface Late {
  sessions?: BridgeSessions;
  projection?: Projection;
  boardOf?: (namespace: string, pod: string) => Promise<string | undefined>;
}

const KEEP_ALIVE_S = 30;
const OWN_LIFETIME_S: number = 365 * 24 * 3600;
const timing = { timers: systemTimers, random: Math.random, clock: systemClock };

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const random32 = (): number => randomBytes(4).readUInt32BE();

function openProjection(
  settings: Settings,
  cluster: Cluster,
  log: Logger,
  kubeletPort: number,
  onDeposed: () => void,
): Projection {
  const { mirrorNamespaces } = settings;
  return createProjection({
    client: cluster.client,
    fleet: settings.fleet,
    namespace: settings.namespace,
    ownership: cluster.ownership,
    log,
    parts: [createDevices],
    crds: shippedCrds(),
    internalIp: settings.nodeAddress,
    kubeletPort,
    boardAddresses: settings.boardAddresses,
    onDeposed,
    ...(mirrorNamespaces === undefined ? {} : { mirrorNamespaces }),
    ...timing,
  });
}

type Wiring = Parameters<Parameters<typeof createSessionServer>[0]['connect']>[0];

interface Connection {
  readonly certificate: FreshCertificate;
  readonly connect: (wiring: Wiring) => Link;
}

/** How the bridge itself connects to the broker; with a new certificate it connects anew, since brokers end a connection
 * whose certificate has ended. */
async function brokerConnection(
  settings: Settings,
  authority: CertificateAuthority,
  log: Logger,
): Promise<Connection> {
  // Two bridges beside each other need two client ids; the broker gives bridge.* the whole tree.
  const name = settings.name ?? `bridge.${randomBytes(4).toString('hex')}`;
  let link: Link | undefined;
  const certificate = await keepFresh({
    issue: () => authority.issueOwn(name, OWN_LIFETIME_S, ['boardlet:bridges']),
    onRenewed: () => link?.reconnect(),
    clock: systemClock,
    timers: systemTimers,
    log,
  });
  const connect = (wiring: Wiring): Link => {
    link = createMqttLink({
      urls: settings.broker,
      clientId: name,
      username: name,
      protocol: 'auto',
      keepAliveS: KEEP_ALIVE_S,
      subscriptions: wiring.subscriptions,
      will: () => undefined,
      get tls() {
        const { chain, key } = certificate.current();
        return { ca: authority.caPem(), cert: chain, key };
      },
      handlers: wiring.handlers,
    });
    return link;
  };
  return { certificate, connect };
}

function openSessions(
  settings: Settings,
  cluster: Cluster,
  connection: Connection,
  projection: Projection,
  log: Logger,
): BridgeSessions {
  return createSessionServer({
    fleet: settings.fleet,
    shards: settings.shards,
    owned: Array.from({ length: settings.shards }, (_, i) => i),
    realm: cluster.realm,
    source: projection.source,
    sink: projection.sink,
    entitlements: cluster.bindings.entitlements,
    ownership: cluster.ownership,
    connect: connection.connect,
    sha256,
    random32,
    clock: systemClock,
    after: systemTimers.after,
    log,
    beatS: settings.beatS,
    paceMs: settings.paceMs,
    onDeposed: () => projection.standDown(),
  });
}

function factsOf(settings: Settings, cluster: Cluster): FleetFacts {
  return {
    fleet: settings.fleet,
    brokers: settings.publicBroker,
    shards: settings.shards,
    realm: Buffer.from(cluster.realm).toString('hex'),
  };
}

/** A pod's node says which board has its log: names of nodes are `<fleet>-<board>`. */
function podBoards(client: WatchingClient, fleet: string): NonNullable<Late['boardOf']> {
  const prefix = `${fleet}-`;
  return async (namespace, name) => {
    const pod = await client.get(PODS, namespace, name);
    const { nodeName } = (pod['spec'] ?? {}) as { readonly nodeName?: string };
    return nodeName?.startsWith(prefix) === true ? nodeName.slice(prefix.length) : undefined;
  };
}

/** Only the API server's own client certificate, or another of ours for administrators, reads logs. */
const mayReadLogs = (commonName: string): boolean => /^api\./.test(commonName);

/** A kubelet endpoint whose sessions come later: its port must be known before the first Node is written. */
async function openKubelet(
  settings: Settings,
  authority: CertificateAuthority,
  late: Late,
  log: Logger,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const { host, port } = settings.kubeletListen;
  let endpoint: KubeletEndpoint | undefined;
  const certificate = await keepFresh({
    issue: () =>
      authority.issueServer({ names: namesOf(settings, host), lifetimeS: SERVER_LIFETIME_S }),
    onRenewed: ({ chain, key }) => endpoint?.setCertificate({ cert: chain, key }),
    clock: systemClock,
    timers: systemTimers,
    log,
  });
  const { chain, key } = certificate.current();
  endpoint = createKubeletEndpoint({
    host,
    port,
    tls: { cert: chain, key, clientCa: authority.caPem() },
    allowed: mayReadLogs,
    sessions: {
      openStream: (...args) => late.sessions?.openStream(...args),
      online: (board) => late.sessions?.online(board) ?? false,
    },
    boardOf: (namespace, pod) => late.boardOf?.(namespace, pod) ?? Promise.resolve(undefined),
    clock: systemClock,
    log,
  });
  const { stop } = endpoint;
  return {
    port: (await endpoint.start()).port,
    stop: async () => {
      certificate.stop();
      await stop();
    },
  };
}

function enrolmentOf(
  settings: Settings,
  cluster: Cluster,
  authority: CertificateAuthority,
  tokens: JoinTokens,
  log: Logger,
): Enrolment {
  return createEnrolment({
    authority,
    tokens,
    bindings: cluster.bindings,
    facts: factsOf(settings, cluster),
    log,
    lifetimeS: settings.certificateS ?? CLIENT_LIFETIME_S,
  });
}

const DOOR_RETRY_MS = 5_000;

/** Throws `BL_BRIDGE_OPEN_BROKER`. One that is away is tried again until it can be judged, and `found` is called then. */
async function refuseOpenBroker(
  settings: Settings,
  ca: string,
  found: (error: BoardletError) => void,
): Promise<void> {
  if (settings.allowOpenBroker) return;
  for (const url of settings.broker) {
    const error = new BoardletError(
      'BL_BRIDGE_OPEN_BROKER',
      `${url} lets clients without a certificate in: anybody could be a board (--allow-open-broker for trials)`,
    );
    const door = await tryDoor(url, ca);
    if (door === 'open') throw error;
    if (door === 'away') void judgeLater(url, ca, () => found(error));
  }
}

async function judgeLater(url: string, ca: string, open: () => void): Promise<void> {
  for (;;) {
    await new Promise<void>((resolve) => systemTimers.after(DOOR_RETRY_MS, resolve));
    const door = await tryDoor(url, ca);
    if (door === 'open') open();
    if (door !== 'away') return;
  }
}

/** Starts everything; rejects where something that cannot heal by itself is wrong. An API or broker that is away is waited for. */
export async function startBridge(
  settings: Settings,
  log: Logger,
  onFatal: (error: BoardletError) => void,
): Promise<Bridge> {
  const authority = await loadOrCreateAuthority(settings.pki, { fleet: settings.fleet });
  await refuseOpenBroker(settings, authority.caPem(), onFatal);
  const late: Late = {};
  const kubelet = await openKubelet(settings, authority, late, log);
  const connection = await brokerConnection(settings, authority, log);
  const standDown = (): void => late.projection?.standDown();
  const cluster = await openCluster(settings, log, standDown);
  const projection = openProjection(settings, cluster, log, kubelet.port, standDown);
  const sessions = openSessions(settings, cluster, connection, projection, log);
  Object.assign(late, { sessions, projection, boardOf: podBoards(cluster.client, settings.fleet) });
  projection.setSessions(sessions);
  cluster.bindings.onLink(sessions.recheck);
  const tokens = createJoinTokens({
    kube: cluster.client,
    caHash: authority.caHash(),
    namespace: settings.namespace,
  });
  const enrolment = enrolmentOf(settings, cluster, authority, tokens, log);
  serveRenewals(sessions, enrolment, log);
  cluster.ownership.start();
  projection.start();
  sessions.start();
  const sweeping = sweepTokens(tokens, log);
  const joining = await openJoining(settings, cluster, authority, enrolment, log);
  return {
    joinListen: `${settings.joinListen.host}:${joining.port}`,
    kubeletListen: `${settings.kubeletListen.host}:${kubelet.port}`,
    stop: async () => {
      sweeping.stop();
      connection.certificate.stop();
      await joining.close();
      sessions.stop();
      await projection.stop();
      cluster.bindingCache.stop();
      await cluster.ownership.stop();
      await kubelet.stop();
      await cluster.client.close();
      cluster.release();
    },
  };
}
