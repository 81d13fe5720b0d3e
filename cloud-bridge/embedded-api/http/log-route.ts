import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LogRequest } from '../contract.ts';
import { ApiFault, badRequest, internal, methodNotAllowed, tooMany } from '../fault.ts';
import { type JsonObject, list, num, str } from '../json.ts';
import { NODES, PODS } from '../kinds.ts';
import { readOne } from '../objects/read.ts';
import type { Services } from '../services.ts';
import type { Call } from './call.ts';
import { openKubeletLog } from './kubelet-client.ts';
import type { ObjectPath } from './path.ts';
import { isTrue } from './watch-route.ts';

function wholeNumber(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text) || Number(text) < least) {
    throw badRequest(
      `${name}: Invalid value: "${text.slice(0, 40)}": must be a whole number, at least ${least}`,
    );
  }
  return Number(text);
}

function chooseContainer(pod: JsonObject, asked: string): string {
  const names = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) =>
    list(pod, 'spec', field).map((container) => str(container, 'name')),
  );
  const name = str(pod, 'metadata', 'name');
  if (asked !== '') {
    if (names.includes(asked)) return asked;
    throw badRequest(`container ${asked.slice(0, 63)} is not valid for pod ${name}`);
  }
  const [only, second] = list(pod, 'spec', 'containers').map((item) => str(item, 'name'));
  if (only !== undefined && second === undefined) return only;
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`,
  );
}

function readLogRequest(
  services: Services,
  call: Call,
  path: ObjectPath,
): Omit<LogRequest, 'signal'> {
  const { query } = call;
  const pod = readOne(services.store, PODS, path.namespace, path.name).object;
  const container = chooseContainer(pod, query.get('container') ?? '');
  const node = str(pod, 'spec', 'nodeName');
  if (node === '') throw badRequest(`pod ${path.name} does not have a host assigned`);
  const sinceTime = query.get('sinceTime') ?? '';
  const sinceSeconds = wholeNumber(query, 'sinceSeconds', 1);
  if (sinceTime !== '' && Number.isNaN(Date.parse(sinceTime)))
    throw badRequest('sinceTime: must be an RFC 3339 time');
  if (sinceTime !== '' && sinceSeconds !== undefined) {
    throw badRequest('at most one of sinceTime or sinceSeconds may be specified');
  }
  const tailLines = wholeNumber(query, 'tailLines', 0);
  const limitBytes = wholeNumber(query, 'limitBytes', 1);
  return {
    namespace: path.namespace,
    pod: path.name,
    container,
    node,
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === '' ? {} : { sinceTime }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** `host:port` of a node's kubelet endpoint; the order of address types is that of kubeadm clusters. */
function kubeletOf(services: Services, node: string): { host: string; port: number } {
  const object = readOne(services.store, NODES, '', node).object;
  const addresses = list(object, 'status', 'addresses');
  for (const type of ['InternalIP', 'ExternalIP', 'InternalDNS', 'Hostname']) {
    const host = str(
      addresses.find((item) => str(item, 'type') === type),
      'address',
    );
    const port = num(object, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port');
    if (host !== '' && port !== undefined && port > 0) return { host, port };
  }
  throw internal(`node ${node} publishes no kubelet endpoint`);
}

/** Streams a container's log, from the in-process source or from the node's kubelet endpoint. */
export async function serveLog(services: Services, call: Call, path: ObjectPath): Promise<void> {
  if (call.method !== 'GET') throw methodNotAllowed();
  const request = readLogRequest(services, call, path);
  if (services.logStreams.open >= services.limits.logStreams) {
    throw tooMany(`too many log streams: ${services.limits.logStreams} are open`);
  }
  services.logStreams.open++;
  const abort = new AbortController();
  call.response.on('close', () => abort.abort());
  try {
    const asked = { ...request, signal: abort.signal };
    const source = services.logSource.current;
    const stream =
      source === undefined
        ? await openKubeletLog(services.kubeletClient, kubeletOf(services, request.node), asked)
        : Readable.from(await started(source(asked)), { objectMode: true });
    call.response.writeHead(200, {
      'content-type': 'text/plain',
      'cache-control': 'no-cache, private',
    });
    call.response.flushHeaders();
    await pipeline(stream, call.response);
  } catch (error) {
    if (abort.signal.aborted) return;
    throw error instanceof ApiFault ? error : internal(String(error).slice(0, 300));
  } finally {
    services.logStreams.open--;
  }
}

/** Waits for the first chunk, so that a source which fails at once answers with a status and not a torn body. */
async function started(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let item = first; item.done !== true; item = await iterator.next()) yield item.value;
    } finally {
      await iterator.return?.();
    }
  })();
}
