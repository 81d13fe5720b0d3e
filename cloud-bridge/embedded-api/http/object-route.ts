import {
  badRequest,
  methodNotAllowed,
  noSuchPath,
  notImplemented,
  unsupportedMedia,
} from '../fault.ts';
import { isObject, type Json, type JsonObject, str } from '../json.ts';
import { PODS, type ResourceType } from '../kinds.ts';
import { readOne, readPage } from '../objects/read.ts';
import { type DeleteOptions, type Removal, readDeleteOptions } from '../objects/remove.ts';
import type { FieldValidation, ObjectRequest } from '../objects/request.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge.ts';
import { strategicPatch } from '../patch/strategic.ts';
import type { Services } from '../services.ts';
import type { Entry } from '../store/entry.ts';
import { bindPod } from './binding-route.ts';
import { mediaType, parseJson, parseObject, readBody, readObject } from './body.ts';
import { type Call, sendText } from './call.ts';
import { serveLog } from './log-route.ts';
import type { ObjectPath } from './path.ts';
import { negotiate, renderOne, renderPage } from './representation.ts';
import { isTrue, serveWatch } from './watch-route.ts';

const STREAMS = new Set([
  'exec',
  'attach',
  'portforward',
  'proxy',
  'ephemeralcontainers',
  'resize',
  'eviction',
]);

function readRequest(call: Call, type: ResourceType, path: ObjectPath): ObjectRequest {
  const { query } = call;
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.some((value) => value !== 'All')) {
    throw badRequest(
      `dryRun: Unsupported value: "${(dryRun[0] ?? '').slice(0, 40)}": supported values: "All"`,
    );
  }
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation)) {
    throw badRequest(
      `fieldValidation: Unsupported value: "${validation.slice(0, 40)}": supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  return {
    type,
    namespace: path.namespace,
    name: path.name,
    subresource: path.subresource,
    user: call.user,
    dryRun: dryRun.length > 0,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    warnings: type.warning === undefined ? [] : [type.warning],
  };
}

/** Serves everything below a group version. Throws faults. */
export async function serveObjects(
  services: Services,
  call: Call,
  path: ObjectPath,
): Promise<void> {
  const type = services.registry.find(path.group, path.version, path.plural);
  if (type === undefined) throw noSuchPath();
  if (path.namespace !== '' && !type.namespaced) throw noSuchPath();
  if (path.subresource !== '' && path.subresource !== 'status') {
    await serveSubresource(services, call, type, path);
    return;
  }
  if (path.subresource === 'status' && !type.hasStatus) throw noSuchPath();
  if (path.name === '') await serveCollection(services, call, type, path);
  else {
    if (type.namespaced && path.namespace === '') throw noSuchPath();
    await serveItem(services, call, type, path);
  }
}

async function serveCollection(
  services: Services,
  call: Call,
  type: ResourceType,
  path: ObjectPath,
): Promise<void> {
  const { store, writer, clock } = services;
  switch (call.method) {
    case 'GET': {
      if (isTrue(call.query.get('watch'))) {
        serveWatch(services, call, type, path.namespace);
        return;
      }
      const wanted = negotiate(call.request.headers.accept, call.query);
      const page = readPage(store, type, path.namespace, call.query);
      const warnings = type.warning === undefined ? [] : [type.warning];
      sendText(call, 200, renderPage(type, page, wanted, clock.now()), { warnings });
      return;
    }
    case 'POST': {
      if (type.namespaced && path.namespace === '') throw methodNotAllowed();
      const request = readRequest(call, type, path);
      const body = await readObject(call.request, services.limits);
      answer(services, call, request, 201, await writer.create(request, body));
      return;
    }
    case 'DELETE':
      await removeAll(services, call, type, path);
      return;
    default:
      throw methodNotAllowed();
  }
}

async function serveItem(
  services: Services,
  call: Call,
  type: ResourceType,
  path: ObjectPath,
): Promise<void> {
  const { store, writer, clock } = services;
  switch (call.method) {
    case 'GET': {
      if (isTrue(call.query.get('watch'))) {
        call.query.set('fieldSelector', `metadata.name=${path.name}`);
        serveWatch(services, call, type, path.namespace);
        return;
      }
      const wanted = negotiate(call.request.headers.accept, call.query);
      const entry = readOne(store, type, path.namespace, path.name);
      const warnings = type.warning === undefined ? [] : [type.warning];
      sendText(call, 200, renderOne(type, entry, wanted, clock.now()), { warnings });
      return;
    }
    case 'PUT': {
      const request = readRequest(call, type, path);
      const body = await readObject(call.request, services.limits);
      answer(services, call, request, 200, await writer.update(request, body));
      return;
    }
    case 'PATCH':
      await patch(services, call, type, path);
      return;
    case 'DELETE': {
      if (path.subresource !== '') throw methodNotAllowed();
      await remove(services, call, type, path);
      return;
    }
    default:
      throw methodNotAllowed();
  }
}

/** Answers with a stored object in the form that the client asked for. */
function answer(
  services: Services,
  call: Call,
  request: ObjectRequest,
  status: number,
  stored: Entry,
): void {
  const wanted = negotiate(call.request.headers.accept, call.query);
  const text = renderOne(request.type, stored, wanted, services.clock.now());
  sendText(call, status, text, { warnings: request.warnings });
}

const PATCHES = {
  'application/json-patch+json': (current: JsonObject, body: Json) => jsonPatch(current, body),
  'application/merge-patch+json': (current: JsonObject, body: Json) => {
    if (!isObject(body)) throw badRequest('a merge patch must be an object');
    return mergePatch(current, body);
  },
} as const;

function applier(type: ResourceType, media: string): (current: JsonObject, body: Json) => Json {
  if (media === 'application/json-patch+json' || media === 'application/merge-patch+json') {
    return PATCHES[media];
  }
  if (media === 'application/strategic-merge-patch+json' && !type.custom) {
    return (current, body) => {
      if (!isObject(body)) throw badRequest('a strategic merge patch must be an object');
      return strategicPatch(current, body, type.schema);
    };
  }
  if (media.startsWith('application/apply-patch')) {
    throw unsupportedMedia(
      'server-side apply is not supported by the embedded API: use kubectl apply without --server-side, or a cluster',
    );
  }
  const strategic = type.custom ? '' : ', application/strategic-merge-patch+json';
  throw unsupportedMedia(
    `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json${strategic}`,
  );
}

async function patch(
  services: Services,
  call: Call,
  type: ResourceType,
  path: ObjectPath,
): Promise<void> {
  const request = readRequest(call, type, path);
  const bytes = await readBody(call.request, services.limits);
  const apply = applier(type, mediaType(call.request));
  const body = parseJson(bytes, services.limits);
  const stored = await services.writer.change(request, (current) => apply(current, body));
  answer(services, call, request, 200, stored);
}

async function readOptions(services: Services, call: Call): Promise<DeleteOptions> {
  const bytes = await readBody(call.request, services.limits);
  return readDeleteOptions(
    bytes.length === 0 ? undefined : parseObject(call.request, bytes, services.limits),
    call.query,
  );
}

async function remove(
  services: Services,
  call: Call,
  type: ResourceType,
  path: ObjectPath,
): Promise<void> {
  const options = await readOptions(services, call);
  const request = readRequest(call, type, path);
  const removal = await services.remover.remove(request, options);
  answerRemoval(services, call, request, removal);
}

/** Kinds of which the API answers a deletion with the object itself (ReturnDeletedObject), and whatever still terminates. */
function answerRemoval(
  services: Services,
  call: Call,
  request: ObjectRequest,
  removal: Removal,
): void {
  const { type, name } = request;
  if (!removal.gone || type.storage === PODS.storage) {
    answer(services, call, request, 200, removal.entry);
    return;
  }
  const details = {
    name,
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.plural,
    uid: str(removal.entry.object, 'metadata', 'uid'),
  };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  sendText(call, 200, JSON.stringify(status), { warnings: request.warnings });
}

async function removeAll(
  services: Services,
  call: Call,
  type: ResourceType,
  path: ObjectPath,
): Promise<void> {
  if (type.namespaced && path.namespace === '') throw methodNotAllowed();
  const options = await readOptions(services, call);
  const request = readRequest(call, type, path);
  const page = readPage(services.store, type, path.namespace, call.query);
  await Promise.all(
    page.entries.map((entry) =>
      services.remover.remove({ ...request, name: entry.name }, options).catch((error: unknown) => {
        // Somebody else may have removed it meanwhile, which is what was asked for.
        if (services.store.head(type.storage, entry.namespace, entry.name) !== undefined)
          throw error;
      }),
    ),
  );
  const wanted = negotiate(call.request.headers.accept, call.query);
  sendText(call, 200, renderPage(type, page, wanted, services.clock.now()));
}

async function serveSubresource(
  services: Services,
  call: Call,
  type: ResourceType,
  path: ObjectPath,
): Promise<void> {
  const isPod = type.storage === PODS.storage;
  if (isPod && path.subresource === 'log') await serveLog(services, call, path);
  else if (isPod && path.subresource === 'binding') await bindPod(services, call, path);
  else if (STREAMS.has(path.subresource.split('/')[0] ?? '')) {
    throw notImplemented(`${type.plural}/${path.subresource} is not served by the embedded API`);
  } else if (type.plural === 'serviceaccounts' && path.subresource === 'token') {
    throw notImplemented('the embedded API issues no service account tokens');
  } else throw noSuchPath();
}
