import { methodNotAllowed, noSuchPath } from '../fault.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceType } from '../kinds.ts';
import type { Services } from '../services.ts';
import { type Call, sendText } from './call.ts';
import {
  AGGREGATED_TYPE,
  aggregated,
  groupJson,
  groupList,
  groupsOf,
  REVIEWS,
  resourceList,
  VERSION,
} from './discovery.ts';
import { serveObjects } from './object-route.ts';
import { openapiDocument, openapiIndex } from './openapi.ts';
import { OPENAPI_V2, OPENAPI_V2_PROTOBUF, OPENAPI_V2_TYPE } from './openapi-v2.ts';
import { parseObjectPath } from './path.ts';
import { serveReview } from './review-route.ts';

function send(call: Call, body: JsonObject, type?: string): void {
  sendText(call, 200, JSON.stringify(body), type === undefined ? {} : { type });
}

function wantsAggregated(call: Call): boolean {
  return (
    /as=APIGroupDiscoveryList/.test(call.request.headers.accept ?? '') &&
    /v=v2(?:[;,]|$)/.test(call.request.headers.accept ?? '')
  );
}

const HEALTH = /^\/(healthz|livez|readyz)(\/ping)?$/;

/** As a real server: `?verbose` names the checks. */
function sendHealth(call: Call, path: string): void {
  const verbose = call.query.has('verbose') && !path.endsWith('/ping');
  const text = verbose ? `[+]ping ok\n${path.slice(1)} check passed\n` : 'ok';
  sendText(call, 200, text, { type: 'text/plain; charset=utf-8' });
}

/** What `kubectl get --raw /` shows. */
function pathsOf(types: readonly ResourceType[]): string[] {
  const versions = [...groupsOf(types)].flatMap(([group, names]) =>
    names.map((version) => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`)),
  );
  const groups = [...groupsOf(types).keys()].filter((group) => group !== '');
  const fixed = ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz'];
  return [...fixed, '/version', ...groups.map((group) => `/apis/${group}`), ...versions].sort();
}

/** Paths that describe the server. True when the call was one of them. */
function serveMeta(services: Services, call: Call): boolean {
  const path = call.path.replace(/(?<=.)\/$/, '');
  const types = services.registry.all();
  if (HEALTH.test(path)) {
    sendHealth(call, path);
    return true;
  }
  switch (path) {
    case '/':
      send(call, { paths: pathsOf(types) });
      return true;
    case '/version':
      send(call, VERSION);
      return true;
    case '/api':
    case '/apis': {
      const core = path === '/api';
      if (wantsAggregated(call)) send(call, aggregated(types, core), AGGREGATED_TYPE);
      else send(call, core ? { kind: 'APIVersions', versions: ['v1'] } : groupList(types));
      return true;
    }
    case '/openapi/v2':
      if (/openapi\.spec\.v2/.test(call.request.headers.accept ?? '')) {
        sendText(call, 200, OPENAPI_V2_PROTOBUF, { type: OPENAPI_V2_TYPE });
      } else send(call, OPENAPI_V2);
      return true;
    case '/openapi/v3':
      send(call, openapiIndex(types));
      return true;
    default:
      return serveDocument(services, call, path);
  }
}

/** Discovery and OpenAPI of one group or version. */
function serveDocument(services: Services, call: Call, path: string): boolean {
  const types = services.registry.all();
  const match = /^(\/openapi\/v3)?\/(?:(api)|apis\/([^/]+))(?:\/([^/]+))?$/.exec(path);
  if (match === null) return false;
  const [, openapi, core, named = '', version] = match;
  const group = core === undefined ? named : '';
  const found =
    version === undefined
      ? groupDocument(services, group)
      : openapi === undefined
        ? resourceList(types, group, version)
        : openapiDocument(types, group, version);
  if (found === undefined) throw noSuchPath();
  send(call, found);
  return true;
}

function groupDocument(services: Services, group: string): JsonObject | undefined {
  const versions = groupsOf(services.registry.all()).get(group);
  if (versions === undefined || group === '') return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupJson(group, versions) };
}

/** Finds who answers. Throws faults. */
export async function route(services: Services, call: Call): Promise<void> {
  const readsOnly = call.method === 'GET' || call.method === 'HEAD';
  if (readsOnly && serveMeta(services, call)) return;
  const path = parseObjectPath(call.path);
  if (path === undefined)
    throw call.path.startsWith('/api')
      ? noSuchPath()
      : readsOnly
        ? noSuchPath()
        : methodNotAllowed();
  const review = REVIEWS.find(
    (item) => item.group === path.group && item.plural === path.plural && path.version === 'v1',
  );
  if (review !== undefined) await serveReview(services, call, review);
  else await serveObjects(services, call, path);
}
