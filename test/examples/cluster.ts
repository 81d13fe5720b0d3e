/** The embedded API and a projection on it, with what a board's sessions would be given. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type DocumentBodies,
  decodeDocument,
  encodeDocument,
  KINDS,
  type NodeDocument,
} from '@boardlet/adapters/wire';
import { createEmbeddedApi, writeKubeconfig } from '@boardlet/cloud-bridge/embedded-api';
import {
  createKubeClient,
  type KubeObject,
  silentLogger,
  systemClock,
  systemTimers,
  type WatchingClient,
} from '@boardlet/cloud-bridge/kube';
import { createDevices, createProjection } from '@boardlet/cloud-bridge/projection';
import { loadOrCreateAuthority } from '@boardlet/cloud-bridge/trust';
import { loadAll } from 'js-yaml';

export const ROOT: string = resolve(import.meta.dirname, '../..');

export function readYaml(path: string): readonly KubeObject[] {
  return loadAll(readFileSync(join(ROOT, path), 'utf8')) as KubeObject[];
}

export interface Cluster {
  readonly client: WatchingClient;
  readonly boardUp: (board: string, node: NodeDocument) => void;
  /** Body of a desired document of a board, once it is there and `holds`. */
  readonly desired: <K extends 'device' | 'twinDesired' | 'pod'>(
    board: string,
    kind: K,
    name: string,
    holds?: (body: DocumentBodies[K]) => boolean,
  ) => Promise<DocumentBodies[K]>;
  readonly close: () => Promise<void>;
}

/** `read` until it answers something; fails after 10 s. */
export async function until<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 10_000;
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited 10 s for ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function startApi(folder: string) {
  const authority = await loadOrCreateAuthority(join(folder, 'pki'));
  const server = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 3600 });
  const admin = await authority.issueOwn('api.admin', 3600, ['system:masters']);
  const api = createEmbeddedApi({
    dataDir: join(folder, 'api'),
    tls: { cert: server.chain, key: server.key, clientCa: authority.caPem() },
  });
  const { url } = await api.start();
  const kubeconfig = join(folder, 'kubeconfig');
  writeKubeconfig(kubeconfig, {
    server: url,
    caPem: authority.caPem(),
    certPem: admin.chain,
    keyPem: admin.key,
  });
  return { api, kubeconfig };
}

export async function startCluster(fleet: string): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'boardlet-examples-'));
  const { api, kubeconfig } = await startApi(folder);
  const client = createKubeClient({ kubeconfig });
  const crds = readdirSync(join(ROOT, 'cloud-bridge/crds'))
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => readYaml(join('cloud-bridge/crds', name)));
  const projection = createProjection({
    client,
    fleet,
    crds,
    parts: [createDevices],
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    log: silentLogger,
  });
  projection.start();
  await until('the caches', () => Promise.resolve(projection.source.warm() || undefined));
  return {
    client,
    boardUp: (board, node) => {
      projection.sink.boardUp(board, board);
      const body = encodeDocument('node', node);
      projection.sink.reported(board, [{ kind: KINDS.node, name: '-', body }]);
    },
    desired: (board, kind, name, holds) =>
      until(`${kind} ${name}`, () => {
        const found = projection.source.document(board, KINDS[kind], name);
        const body = found === undefined ? undefined : decodeDocument(kind, found.body);
        if (body?.ok !== true || holds?.(body.value) === false) return Promise.resolve(undefined);
        return Promise.resolve(body.value);
      }),
    close: async () => {
      await projection.stop();
      await client.close();
      await api.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
