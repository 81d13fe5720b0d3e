/** The thin client: verbs over a transport, with the API's flow control obeyed. JSON only. */
import { type KubeConfig, type KubeConfigSource, loadKubeConfig } from './config.ts';
import type {
  KubeClient,
  KubeObject,
  ListResult,
  PatchType,
  Resource,
  Watcher,
  WatchingClient,
  WriteOptions,
} from './contract.ts';
import { errorOfAnswer, isKubeError, KubeError } from './errors.ts';
import { type Clock, type Logger, silentLogger, systemClock } from './host.ts';
import { collectionPath, objectPath } from './resources.ts';
import { type Answer, createTransport, type Method, type Request } from './transport.ts';
import { createLineReader, readWatchLine } from './watch.ts';

export interface KubeClientOptions extends KubeConfigSource {
  /** Instead of a file: a configuration already read. */
  readonly config?: KubeConfig;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Sockets for requests, 1–1,000. Default 64. */
  readonly connections?: number;
  /** Until the answer begins, and between its parts, ms. Default 30,000. */
  readonly requestTimeoutMs?: number;
}

const PAGE = 500;
/** A list whose continue token expired starts again; an API that does so three times is not well. */
const LIST_TRIES = 3;
/** Answers 429 or 503 with Retry-After are waited out this often, each at most this long. */
const THROTTLE_TRIES = 5;
const MAX_RETRY_AFTER_MS = 30_000;
const RESET_TRIES = 3;
const RESET_PAUSE_MS = 50;

const PATCH_CONTENT: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  // JSON is YAML: https://kubernetes.io/docs/reference/using-api/server-side-apply/
  apply: 'application/apply-patch+yaml',
};

type Send = (request: Request, retry: boolean) => Promise<Answer>;

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new KubeError('BL_KUBE_ABORTED', 'aborted while waiting to try again'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

function isReset(error: unknown): boolean {
  return error instanceof KubeError && error.details['reset'] === true;
}

/** Waits out 429 and 503; repeats a GET whose connection broke, since only a GET is known to have changed nothing. */
function withRetries(send: (request: Request) => Promise<Answer>): Send {
  const once = async (request: Request): Promise<Answer> => {
    for (let tries = 1; ; tries++) {
      try {
        return await send(request);
      } catch (error) {
        const again = request.method === 'GET' && tries < RESET_TRIES;
        if (!again || !isReset(error)) throw error;
        await pause(RESET_PAUSE_MS * tries, request.signal);
      }
    }
  };
  return async (request, retry) => {
    for (let tries = 1; ; tries++) {
      const answer = await once(request);
      const throttled = answer.status === 429 || answer.status === 503;
      const after = answer.retryAfterMs;
      if (!throttled || !retry || after === undefined || tries >= THROTTLE_TRIES) return answer;
      await pause(Math.min(after, MAX_RETRY_AFTER_MS), request.signal);
    }
  };
}

function parseBody(answer: Answer, what: string): KubeObject {
  try {
    const parsed: unknown = JSON.parse(answer.body);
    if (typeof parsed === 'object' && parsed !== null) return parsed as KubeObject;
  } catch (error) {
    throw new KubeError('BL_KUBE_BAD_ANSWER', `${what}: the answer is not JSON`, {
      status: answer.status,
      cause: error,
    });
  }
  throw new KubeError('BL_KUBE_BAD_ANSWER', `${what}: the answer is not an object`);
}

function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') parts.push(`${name}=${encodeURIComponent(value)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function reader(send: Send): Pick<KubeClient, 'get' | 'list'> {
  const ok = async (path: string, signal: AbortSignal | undefined): Promise<KubeObject> => {
    const answer = await send({ method: 'GET', path, signal }, true);
    const what = `GET ${path}`;
    if (answer.status >= 300)
      throw errorOfAnswer(answer.status, answer.body, answer.retryAfterMs, what);
    return parseBody(answer, what);
  };
  const listOnce = async (
    r: Resource,
    options: NonNullable<Parameters<KubeClient['list']>[1]>,
  ): Promise<ListResult> => {
    const items: KubeObject[] = [];
    let token: string | undefined;
    for (;;) {
      // The API refuses resourceVersion beside a continue token: the token carries it.
      const first = token === undefined ? options.notOlderThan : undefined;
      const page = await ok(
        collectionPath(r, options.namespace) +
          query({
            limit: String(PAGE),
            continue: token,
            fieldSelector: options.fieldSelector,
            labelSelector: options.labelSelector,
            resourceVersion: first,
            resourceVersionMatch: first === undefined ? undefined : 'NotOlderThan',
          }),
        options.signal,
      );
      const list = readList(page, r);
      for (const item of list.items) items.push(item);
      token = list.next;
      if (token === undefined) return { items, resourceVersion: list.resourceVersion };
    }
  };
  return {
    get: (r, namespace, name, options = {}) => ok(objectPath(r, namespace, name), options.signal),
    list: async (r, options = {}) => {
      for (let tries = 1; ; tries++) {
        try {
          return await listOnce(r, options);
        } catch (error) {
          if (!isKubeError(error, 'BL_KUBE_EXPIRED') || tries >= LIST_TRIES) throw error;
        }
      }
    },
  };
}

function readList(
  page: KubeObject,
  r: Resource,
): {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
} {
  const meta = page.metadata as { readonly resourceVersion?: unknown; readonly continue?: unknown };
  const items = page['items'];
  if (!Array.isArray(items) || typeof meta?.resourceVersion !== 'string')
    throw new KubeError('BL_KUBE_BAD_ANSWER', `list of ${r.plural}: the answer is not a list`);
  // Items of a typed list carry neither apiVersion nor kind.
  for (const item of items) {
    item.apiVersion ??= r.group === '' ? r.version : `${r.group}/${r.version}`;
    item.kind ??= r.kind;
  }
  const next =
    typeof meta.continue === 'string' && meta.continue !== '' ? meta.continue : undefined;
  return { items, resourceVersion: meta.resourceVersion, next };
}

function writer(send: Send): Pick<KubeClient, 'create' | 'replace' | 'patch' | 'remove'> {
  const write = async (
    method: Method,
    path: string,
    body: unknown,
    options: WriteOptions,
    contentType = 'application/json',
  ): Promise<KubeObject> => {
    const { signal } = options;
    const request = { method, path, body: JSON.stringify(body), contentType, signal };
    const answer = await send(request, options.retry !== false);
    const what = `${method} ${path}`;
    if (answer.status >= 300)
      throw errorOfAnswer(answer.status, answer.body, answer.retryAfterMs, what);
    return parseBody(answer, what);
  };
  const suffix = (options: WriteOptions, extra: Record<string, string> = {}): string =>
    (options.subresource === undefined ? '' : `/${options.subresource}`) +
    query({ fieldManager: options.fieldManager, ...extra });
  return {
    create: (r, object, options = {}) =>
      write(
        'POST',
        collectionPath(r, object.metadata.namespace) + suffix(options),
        object,
        options,
      ),
    replace: (r, object, options = {}) => {
      const { namespace = '', name } = object.metadata;
      return write('PUT', objectPath(r, namespace, name) + suffix(options), object, options);
    },
    patch: (r, namespace, name, type, body, options = {}) => {
      const forced = type === 'apply' ? { force: 'true' } : {};
      const path = objectPath(r, namespace, name) + suffix(options, forced);
      return write('PATCH', path, body, options, PATCH_CONTENT[type]);
    },
    remove: async (r, namespace, name, options = {}) => {
      const preconditions = {
        ...(options.uid === undefined ? {} : { uid: options.uid }),
        ...(options.resourceVersion === undefined
          ? {}
          : { resourceVersion: options.resourceVersion }),
      };
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(options.graceS === undefined ? {} : { gracePeriodSeconds: options.graceS }),
        ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
        ...(options.propagation === undefined ? {} : { propagationPolicy: options.propagation }),
      };
      const { signal } = options;
      await write('DELETE', objectPath(r, namespace, name), body, signal ? { signal } : {});
    },
  };
}

/** A client for one API server. Opens no connection before the first call. Throws `BL_KUBE_CONFIG`. */
export function createKubeClient(options: KubeClientOptions = {}): WatchingClient {
  const transport = createTransport({
    config: options.config ?? loadKubeConfig(options),
    clock: options.clock ?? systemClock,
    log: options.logger ?? silentLogger,
    connections: options.connections ?? 64,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
  });
  const send = withRetries(transport.request);
  const watch: Watcher['watch'] = async (r, watching, handlers) => {
    const path =
      collectionPath(r, watching.namespace) +
      query({
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: watching.resourceVersion,
        timeoutSeconds: String(watching.timeoutS),
        fieldSelector: watching.fieldSelector,
        labelSelector: watching.labelSelector,
      });
    const lines = createLineReader((line) => readWatchLine(line, handlers));
    const take = (bytes: Uint8Array): void => {
      handlers.onActivity();
      lines.push(bytes);
    };
    await transport.stream({ method: 'GET', path }, take, watching.signal);
    if (lines.rest() > 0)
      throw new KubeError('BL_KUBE_UNREACHABLE', `watch ${path}: ended within a line`);
  };
  return {
    ...reader(send),
    ...writer(send),
    watch,
    raw: async (method, path, body, headers = {}) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const request = { method: method as Method, path, body: text, headers };
      const answer = await transport.request(request);
      return { status: answer.status, body: answer.body };
    },
    close: transport.close,
  };
}
