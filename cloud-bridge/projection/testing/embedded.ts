/** A projection over the embedded API, by TLS and a client certificate, in real time. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { createEmbeddedApi } from '../../embedded-api/index.ts';
import {
  createKubeClient,
  createOwnership,
  type KubeConfig,
  type KubeObject,
  type Logger,
  type OwnedShards,
  silentLogger,
  systemClock,
  systemTimers,
  type WatchingClient,
} from '../../kube/index.ts';
import { loadOrCreateAuthority } from '../../trust/index.ts';
import { createDevices } from '../devices/index.ts';
import { createProjection, type Projection, type ProjectionOptions } from '../projection.ts';

export interface EmbeddedRig {
  readonly config: KubeConfig;
  /** Of a person, not of the bridge. */
  readonly client: WatchingClient;
  readonly projection: Projection;
  readonly ownership: OwnedShards;
  /** Kills the bridge's half and makes another on the same API. */
  readonly rebuild: () => Promise<void>;
  readonly stopApi: () => Promise<void>;
  readonly startApi: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function crds(): KubeObject[] {
  const folder = new URL('../../crds/', import.meta.url);
  return readdirSync(folder).map(
    (file) => load(readFileSync(new URL(file, folder), 'utf8')) as KubeObject,
  );
}

interface Bridge {
  readonly client: WatchingClient;
  readonly projection: Projection;
  readonly ownership: OwnedShards;
}

function createBridge(
  config: KubeConfig,
  identity: string,
  log: Logger,
  options: Partial<ProjectionOptions>,
): Bridge {
  const client = createKubeClient({ config });
  const common = { client, clock: systemClock, timers: systemTimers, random: Math.random };
  const ownership = createOwnership({
    ...common,
    namespace: 'boardlet-system',
    identity,
    instance: 'test',
    logger: log,
  });
  const projection = createProjection({
    ...common,
    fleet: 'f',
    log,
    ownership,
    parts: [createDevices],
    crds: crds(),
    ...options,
  });
  return { client, projection, ownership };
}

export async function openEmbedded(
  options: Partial<ProjectionOptions> = {},
  log: Logger = silentLogger,
): Promise<EmbeddedRig> {
  const folder = mkdtempSync(join(tmpdir(), 'boardlet-projection-'));
  const authority = await loadOrCreateAuthority(join(folder, 'ca'));
  const server = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 3_600 });
  const admin = await authority.issueOwn('bridge.test', 3_600, ['system:masters']);
  const tls = { cert: server.chain, key: server.key, clientCa: authority.caPem() };
  let port = 0;
  const openApi = async () => {
    const api = createEmbeddedApi({ dataDir: join(folder, 'api'), tls, port });
    const address = await api.start();
    port = address.port;
    return { api, url: address.url };
  };
  let running = await openApi();
  const config: KubeConfig = {
    server: running.url,
    ca: authority.caPem(),
    cert: admin.chain,
    key: admin.key,
  };
  let serial = 0;
  const begin = (): Bridge => {
    const made = createBridge(config, `test/${++serial}`, log, options);
    made.ownership.start();
    made.projection.start();
    return made;
  };
  const end = async (old: Bridge): Promise<void> => {
    await old.projection.stop();
    await old.ownership.stop();
    await old.client.close();
  };
  let bridge = begin();
  const client = createKubeClient({ config });
  return {
    config,
    client,
    get projection() {
      return bridge.projection;
    },
    get ownership() {
      return bridge.ownership;
    },
    rebuild: async () => {
      await end(bridge);
      bridge = begin();
    },
    stopApi: () => running.api.stop(),
    startApi: async () => {
      running = await openApi();
    },
    close: async () => {
      await end(bridge);
      await client.close();
      await running.api.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
