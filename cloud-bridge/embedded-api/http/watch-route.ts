import { type Cause, expired, forbiddenField, fromTheFuture, invalid } from '../fault.ts';
import type { ResourceType } from '../kinds.ts';
import { readRevision, readSelection, selects } from '../objects/read.ts';
import type { Services } from '../services.ts';
import type { Entry } from '../store/entry.ts';
import { Watch } from '../watch/watch.ts';
import type { Call } from './call.ts';
import { negotiate } from './representation.ts';

/** A watch without timeoutSeconds ends after 30 to 60 minutes, as on a real server (min-request-timeout). */
const DEFAULT_TIMEOUT_MS = 1_800_000;

interface Start {
  readonly revision: number;
  readonly initial: boolean;
  readonly endInitial: boolean;
  readonly bookmarks: boolean;
}

/** ListOptions rules for watches (apimachinery pkg/apis/meta/internalversion/validation). Throws 400, 422, 504. */
function readStart(query: URLSearchParams, current: number): Start {
  const sendInitial = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  const causes: Cause[] = [];
  if (sendInitial !== null && match !== 'NotOlderThan') {
    causes.push(
      forbiddenField(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    );
  } else if (sendInitial === null && match !== '') {
    causes.push(
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (causes.length > 0) {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', causes);
  }
  const asked = readRevision(query.get('resourceVersion'));
  if (asked !== undefined && asked > current) throw fromTheFuture(asked, current);
  const bookmarks = isTrue(query.get('allowWatchBookmarks'));
  if (sendInitial !== null) {
    const initial = isTrue(sendInitial);
    const revision = initial || asked === undefined || asked === 0 ? current : asked;
    return { revision, initial, endInitial: initial && bookmarks, bookmarks };
  }
  const initial = asked === undefined || asked === 0;
  return { revision: initial ? current : asked, initial, endInitial: false, bookmarks };
}

export const isTrue = (text: string | null): boolean => text === 'true' || text === '1';

function initialEntries(
  services: Services,
  call: Call,
  type: ResourceType,
  namespace: string,
): Entry[] {
  const selection = readSelection(type, call.query);
  const entries: Entry[] = [];
  for (const entry of services.store.collection(type.storage).range(namespace)) {
    if (selects(selection, entry.object)) entries.push(entry);
  }
  return entries;
}

/** Answers with a stream of events until the client leaves, the time is up or the log has moved on. */
export function serveWatch(
  services: Services,
  call: Call,
  type: ResourceType,
  namespace: string,
): void {
  const { store, hub, clock } = services;
  const { response, query } = call;
  hub.admit();
  const start = readStart(query, store.revision);
  const wanted = negotiate(call.request.headers.accept, query);
  const collection = store.collection(type.storage);
  const options = {
    type,
    namespace,
    wanted,
    collection,
    selection: readSelection(type, query),
    bookmarks: start.bookmarks,
    initial: start.initial ? initialEntries(services, call, type, namespace) : [],
    endInitial: start.endInitial,
    revision: start.revision,
    nowMs: () => clock.now(),
  };
  const position = store.forgotten(start.revision)
    ? undefined
    : collection.log.after(start.revision);
  const table = wanted.form === 'table' ? ';as=Table;v=v1;g=meta.k8s.io' : '';
  response.writeHead(200, {
    'content-type': `application/json${table}`,
    'cache-control': 'no-cache, private',
  });
  response.flushHeaders();
  const watch = new Watch(options, position ?? 0, {
    write: (bytes) => response.write(bytes),
    // Node corks a chunked answer until the turn's microtasks are done, which are the answers to all its writes.
    flush: () => response.socket?.uncork(),
    end: () => response.end(),
    destroy: () => response.destroy(),
  });
  if (position === undefined) {
    watch.fail(expired(`too old resource version: ${start.revision} (${collection.log.floor})`));
    return;
  }
  run(services, call, watch);
}

function run({ hub, store }: Services, { response, query }: Call, watch: Watch): void {
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  const timeoutMs =
    seconds > 0 && seconds < 86_400 ? seconds * 1000 : DEFAULT_TIMEOUT_MS * (1 + Math.random());
  const timer = setTimeout(() => {
    watch.bookmark(store.revision);
    watch.end();
  }, timeoutMs);
  response.on('drain', () => watch.ready());
  response.on('close', () => {
    clearTimeout(timer);
    hub.remove(watch);
    watch.cut();
  });
  hub.add(watch);
}
