/** Where the API is and how to prove who we are: a kubeconfig file, or the service account of the pod we run in. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { KubeError } from './errors.ts';

export interface KubeConfig {
  /** Origin and optional base path, without a slash at the end. */
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** Read again each minute: projected service account tokens live an hour. */
  readonly tokenFile?: string;
  readonly serverName?: string;
  /** Only where the kubeconfig says so by name. */
  readonly insecure?: boolean;
  /** Of the context. */
  readonly namespace?: string;
}
export interface KubeConfigSource {
  /** Path of a kubeconfig file. Default: the first file of `$KUBECONFIG`, else `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** Default: the file's `current-context`. */
  readonly context?: string;
  /** Use the pod's service account. Default: true when no file is given and the pod's environment is there. */
  readonly inCluster?: boolean;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A kubeconfig of hundreds of clusters is about 1 MB. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;

function bad(message: string, cause?: unknown): KubeError {
  return new KubeError('BL_KUBE_CONFIG', message, { cause });
}

function readText(path: string, what: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > MAX_FILE_BYTES) throw bad(`${what} ${path} is larger than 8 MiB`);
    return text;
  } catch (error) {
    if (error instanceof KubeError) throw error;
    throw bad(
      `${what} ${path}: ${error instanceof Error ? error.message : 'cannot be read'}`,
      error,
    );
  }
}

type Fields = Readonly<Record<string, unknown>>;
function fields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(`kubeconfig: ${path} is not a mapping`);
  return value as Fields;
}
function text(of: Fields, key: string, path: string): string | undefined {
  const value = of[key];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw bad(`kubeconfig: ${path}.${key} is not text`);
  return value;
}
function named(document: Fields, list: string, item: string, name: string): Fields {
  const all = document[list];
  if (Array.isArray(all))
    for (const entry of all) {
      const at = fields(entry, `${list}[]`);
      if (at['name'] === name) return fields(at[item] ?? {}, `${list}[${name}].${item}`);
    }
  throw bad(`kubeconfig: ${list} has no entry named ${name}`);
}

/** Either inline base64 (`<key>-data`) or a file, relative to the kubeconfig's folder. */
function pem(of: Fields, key: string, path: string, folder: string): string | undefined {
  const inline = text(of, `${key}-data`, path);
  if (inline !== undefined) return Buffer.from(inline, 'base64').toString('utf8');
  const file = text(of, key, path);
  return file === undefined ? undefined : readText(resolve(folder, file), `${path}.${key}`);
}

const UNSUPPORTED_USER = ['exec', 'auth-provider', 'username', 'as', 'as-uid', 'as-groups'];

function fromCluster(cluster: Fields, path: string, folder: string): Omit<KubeConfig, 'token'> {
  const server = text(cluster, 'server', path);
  if (server === undefined || !/^https?:\/\/[^/]/.test(server))
    throw bad(`kubeconfig: ${path}.server is not an http(s) URL`);
  if (text(cluster, 'proxy-url', path) !== undefined)
    throw bad(`kubeconfig: ${path}.proxy-url is not supported`);
  const ca = pem(cluster, 'certificate-authority', path, folder);
  const serverName = text(cluster, 'tls-server-name', path);
  return {
    server: server.replace(/\/+$/, ''),
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
  };
}

function fromUser(user: Fields, path: string, folder: string): Partial<KubeConfig> {
  for (const key of UNSUPPORTED_USER)
    if (user[key] !== undefined)
      throw bad(`kubeconfig: ${path}.${key} is not supported: use a certificate or a token`);
  const cert = pem(user, 'client-certificate', path, folder);
  const key = pem(user, 'client-key', path, folder);
  if ((cert === undefined) !== (key === undefined))
    throw bad(`kubeconfig: ${path} needs both client-certificate and client-key`);
  const token = text(user, 'token', path);
  const tokenFile = text(user, 'tokenFile', path);
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(folder, tokenFile) }),
  };
}

/** Reads one context of a kubeconfig text; `folder` is what its relative paths start from. Throws `BL_KUBE_CONFIG`. */
export function parseKubeConfig(source: string, folder: string, context?: string): KubeConfig {
  let parsed: unknown;
  try {
    parsed = load(source);
  } catch (error) {
    throw bad(`kubeconfig: ${error instanceof Error ? error.message : 'not YAML'}`, error);
  }
  const document = fields(parsed, 'the document');
  const chosen = context ?? text(document, 'current-context', 'the document');
  if (chosen === undefined) throw bad('kubeconfig: no current-context, and no context was named');
  const at = named(document, 'contexts', 'context', chosen);
  const path = `contexts[${chosen}].context`;
  const cluster = text(at, 'cluster', path);
  if (cluster === undefined) throw bad(`kubeconfig: ${path}.cluster is missing`);
  const user = text(at, 'user', path);
  const namespace = text(at, 'namespace', path);
  return {
    ...fromCluster(
      named(document, 'clusters', 'cluster', cluster),
      `clusters[${cluster}].cluster`,
      folder,
    ),
    ...(user === undefined
      ? {}
      : fromUser(named(document, 'users', 'user', user), `users[${user}].user`, folder)),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function inClusterConfig(): KubeConfig {
  const host = process.env['KUBERNETES_SERVICE_HOST'];
  const port = process.env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined)
    throw bad('not in a cluster: KUBERNETES_SERVICE_HOST and _PORT are not set');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: readText(join(SERVICE_ACCOUNT, 'ca.crt'), 'service account CA'),
    tokenFile: join(SERVICE_ACCOUNT, 'token'),
    namespace: readText(join(SERVICE_ACCOUNT, 'namespace'), 'service account namespace').trim(),
  };
}

/** Finds and reads the configuration. Reads files. Throws `BL_KUBE_CONFIG` with the field's path. */
export function loadKubeConfig(source: KubeConfigSource = {}): KubeConfig {
  const env = process.env['KUBECONFIG']?.split(':')[0];
  const given = source.kubeconfig ?? (env === '' ? undefined : env);
  const inPod = process.env['KUBERNETES_SERVICE_HOST'] !== undefined;
  if (source.inCluster ?? (given === undefined && inPod)) return inClusterConfig();
  const path = given ?? join(homedir(), '.kube', 'config');
  return parseKubeConfig(readText(path, 'kubeconfig'), dirname(resolve(path)), source.context);
}
