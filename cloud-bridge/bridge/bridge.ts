/** The bridge: trust, sessions, projection and the kubelet endpoint, put together. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Link } from '@boardlet/adapters/link';
import { createMqttLink } from '@boardlet/adapters/link/mqtt';
import {
  CONFIGMAPS,
  createInformer,
  createKubeClient,
  createOwnership,
  type Informer,
  type Logger,
  NAMESPACES,
  type OwnedShards,
  PODS,
  systemClock,
  systemTimers,
  type WatchingClient,
} from '../kube/index.ts';
import { createKubeletEndpoint, type KubeletEndpoint } from '../kubelet/index.ts';
import { createDevices, createProjection, type Projection } from '../projection/index.ts';
import { type BridgeSessions, createSessionServer } from '../session/index.ts';
import {
  type Bindings,
  type CertificateAuthority,
  CLIENT_LIFETIME_S,
  createBindings,
  createEnrolment,
  createJoinServer,
  createJoinTokens,
  type Enrolment,
  type FleetFacts,
  type JoinServer,
  loadOrCreateAuthority,
  publishJoinInfo,
  SERVER_LIFETIME_S,
} from '../trust/index.ts';
import { shippedCrds } from './crds.ts';
import { takeInstanceLock } from './instance-lock.ts';
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

interface Cluster {
  readonly client: WatchingClient;
  readonly ownership: OwnedShards;
  readonly bindings: Bindings;
  readonly bindingCache: Informer;
  readonly realm: Uint8Array;
  readonly release: () => void;
}

const KEEP_ALIVE_S = 30;
const REALM_BYTES = 8;
const RETRY_MS = 500;
const OWN_LIFETIME_S: number = 365 * 24 * 3600;
const timing = { timers: systemTimers, random: Math.random, clock: systemClock };

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const random32 = (): number => randomBytes(4).readUInt32BE();

/** Every cluster has a kube-system namespace, and its uid never changes: the cluster's id (rule E4). */
async function readRealm(client: WatchingClient, log: Logger): Promise<Uint8Array> {
  for (;;) {
    try {
      const namespace = await client.get(NAMESPACES, '', 'kube-system');
      return sha256(Buffer.from(namespace.metadata.uid ?? '')).subarray(0, REALM_BYTES);
    } catch (error) {
      log.warn('bridge.api-unreachable', { error: String(error) });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function openCluster(settings: Settings, log: Logger, onLost: () => void): Promise<Cluster> {
  const { kubeconfig, context, namespace } = settings;
  const client = createKubeClient({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    logger: log,
  });
  const realm = await readRealm(client, log);
  const lock = await takeInstanceLock(settings.pki);
  const ownership = createOwnership({
    client,
    namespace,
    identity: `${lock.instance ?? 'bridge'}/${randomUUID()}`,
    ...(lock.instance === undefined ? {} : { instance: lock.instance }),
    logger: log,
    onLost,
    ...timing,
  });
  const bindings = createBindings({ kube: client, namespace, log });
  const bindingCache = createInformer(
    client,
    CONFIGMAPS,
    { namespace },
    {
      onChange: bindings.onChange,
      onSynced: () => undefined,
      onError: (error) => log.warn('bridge.bindings', { error: error.message }),
    },
    timing,
  );
  return { client, ownership, bindings, bindingCache, realm, release: lock.release };
}

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

function connectBroker(
  settings: Settings,
  tls: { ca: string; cert: string; key: string },
  name: string,
  wiring: Wiring,
): Link {
  return createMqttLink({
    urls: settings.broker,
    clientId: name,
    username: name,
    protocol: 'auto',
    keepAliveS: KEEP_ALIVE_S,
    subscriptions: wiring.subscriptions,
    will: () => undefined,
    tls,
    handlers: wiring.handlers,
  });
}

async function openSessions(
  settings: Settings,
  cluster: Cluster,
  authority: CertificateAuthority,
  projection: Projection,
  log: Logger,
): Promise<BridgeSessions> {
  // Two bridges beside each other need two client ids; the broker gives bridge.* the whole tree.
  const name = `bridge.${randomBytes(4).toString('hex')}`;
  const own = await authority.issueOwn(name, OWN_LIFETIME_S, ['boardlet:bridges']);
  return createSessionServer({
    fleet: settings.fleet,
    shards: settings.shards,
    owned: Array.from({ length: settings.shards }, (_, i) => i),
    realm: cluster.realm,
    source: projection.source,
    sink: projection.sink,
    entitlements: cluster.bindings.entitlements,
    ownership: cluster.ownership,
    connect: (wiring) =>
      connectBroker(
        settings,
        { ca: authority.caPem(), cert: own.chain, key: own.key },
        name,
        wiring,
      ),
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

async function openJoin(
  settings: Settings,
  cluster: Cluster,
  authority: CertificateAuthority,
  enrolment: Enrolment,
  log: Logger,
): Promise<JoinServer> {
  const { host, port } = settings.joinListen;
  const certificate = await authority.issueServer({
    names: namesOf(settings, host),
    lifetimeS: SERVER_LIFETIME_S,
  });
  const server = await createJoinServer({ enrolment, certificate, host, port, log });
  await publishJoinInfo(
    cluster.client,
    {
      url: settings.publicJoinUrl ?? server.url,
      caHash: authority.caHash(),
      fleet: settings.fleet,
      brokers: settings.publicBroker,
    },
    settings.namespace,
  );
  return server;
}

function namesOf(settings: Settings, host: string): readonly string[] {
  const told =
    settings.publicJoinUrl === undefined ? [] : [new URL(settings.publicJoinUrl).hostname];
  return [...new Set([host, settings.nodeAddress, 'localhost', '127.0.0.1', ...told])];
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
): Promise<{ readonly endpoint: KubeletEndpoint; readonly port: number }> {
  const { host, port } = settings.kubeletListen;
  const { chain, key } = await authority.issueServer({
    names: namesOf(settings, host),
    lifetimeS: OWN_LIFETIME_S,
  });
  const endpoint = createKubeletEndpoint({
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
  return { endpoint, port: (await endpoint.start()).port };
}

/** Starts everything; rejects where something that cannot heal by itself is wrong. An API or broker that is away is waited for. */
export async function startBridge(settings: Settings, log: Logger): Promise<Bridge> {
  const authority = await loadOrCreateAuthority(settings.pki, { fleet: settings.fleet });
  const late: Late = {};
  const { endpoint, port } = await openKubelet(settings, authority, late, log);
  const standDown = (): void => late.projection?.standDown();
  const cluster = await openCluster(settings, log, standDown);
  const projection = openProjection(settings, cluster, log, port, standDown);
  const sessions = await openSessions(settings, cluster, authority, projection, log);
  Object.assign(late, { sessions, projection, boardOf: podBoards(cluster.client, settings.fleet) });
  projection.setSessions(sessions);
  const enrolment = createEnrolment({
    authority,
    tokens: createJoinTokens({
      kube: cluster.client,
      caHash: authority.caHash(),
      namespace: settings.namespace,
    }),
    bindings: cluster.bindings,
    facts: factsOf(settings, cluster),
    log,
    lifetimeS: settings.certificateS ?? CLIENT_LIFETIME_S,
  });
  serveRenewals(sessions, enrolment, log);
  cluster.bindingCache.start();
  cluster.ownership.start();
  projection.start();
  sessions.start();
  const join = await openJoin(settings, cluster, authority, enrolment, log);
  return {
    joinListen: `${settings.joinListen.host}:${join.port}`,
    kubeletListen: `${settings.kubeletListen.host}:${port}`,
    stop: async () => {
      await join.close();
      sessions.stop();
      await projection.stop();
      cluster.bindingCache.stop();
      await cluster.ownership.stop();
      await endpoint.stop();
      await cluster.client.close();
      cluster.release();
    },
  };
}
