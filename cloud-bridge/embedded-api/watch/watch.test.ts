import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { num, str } from '../json.ts';
import { BUILTIN_KINDS, EVENTS } from '../kinds.ts';
import { ChangeLog } from '../store/change-log.ts';
import { Collection } from '../store/collection.ts';
import { MERGE, startServer, type TestServer } from '../test-support/server.ts';
import type { WatchEvent } from '../test-support/watch-reader.ts';
import { Watch } from './watch.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const LIST = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
let server: TestServer;
test.before(async () => {
  server = await startServer({ limits: { logEvents: 20, bookmarkMs: 50 } });
  await server.call('POST', MAPS, { metadata: { name: 'one', labels: { a: '1' } } });
});
test.after(() => server.close());

const tell = (event: WatchEvent | undefined): string =>
  `${event?.type ?? 'end'} ${str(event?.object, 'metadata', 'name')}`;
const now = async (): Promise<string> =>
  str((await server.call('GET', MAPS)).body, 'metadata', 'resourceVersion');

test('follows changes from a resourceVersion, in order and without a gap', async () => {
  const from = await now();
  await server.call('POST', MAPS, { metadata: { name: 'two' } });
  const watch = await server.watch(`${MAPS}?watch=true&resourceVersion=${from}`);
  await server.call('PATCH', `${MAPS}/two`, { data: { k: 'v' } }, MERGE);
  await server.call('DELETE', `${MAPS}/two`);
  const events = [await watch.next(), await watch.next(), await watch.next()];
  assert.equal(events.map(tell), ['ADDED two', 'MODIFIED two', 'DELETED two']);
  const versions = events.map((event) => Number(str(event?.object, 'metadata', 'resourceVersion')));
  assert.equal(
    [...versions].sort((a, b) => a - b),
    versions,
  );
  assert.ok((versions[2] ?? 0) > (versions[1] ?? 0));
  watch.close();
});

test('sendInitialEvents lists first and marks the end with a bookmark', async () => {
  const watch = await server.watch(`${MAPS}?watch=true&${LIST}`);
  assert.is(tell(await watch.next()), 'ADDED one');
  const mark = await watch.next();
  assert.is(mark?.type, 'BOOKMARK');
  assert.is(str(mark?.object, 'metadata', 'annotations', 'k8s.io/initial-events-end'), 'true');
  assert.is(str(mark?.object, 'metadata', 'resourceVersion'), await now());
  assert.is(str(mark?.object, 'kind'), 'ConfigMap');
  watch.close();
});

test('what a commit brings is handed to the socket in the same turn', () => {
  const type = BUILTIN_KINDS.find(({ kind }) => kind === 'ConfigMap') ?? EVENTS;
  const collection = new Collection(new ChangeLog(0, 10, 1e6));
  const calls: string[] = [];
  const watch = new Watch(
    {
      type,
      namespace: '',
      selection: { labels: undefined, fields: undefined },
      wanted: { form: 'object', include: 'Metadata' },
      bookmarks: false,
      initial: [],
      endInitial: false,
      revision: 0,
      collection,
      nowMs: () => 0,
    },
    0,
    {
      write: () => calls.push('write') > 0,
      flush: () => calls.push('flush'),
      end: () => undefined,
      destroy: () => undefined,
    },
  );
  const at = { storage: type.storage, namespace: 'default', revision: 1, object: {}, json: '{}' };
  for (const name of ['a', 'b']) {
    const present = { ...at, name };
    const change = { revision: 1, present, previous: undefined, removed: undefined };
    collection.apply({ ...change, encoded: new Map() });
  }
  watch.pump();
  assert.equal(calls, ['write', 'write', 'flush']);
});

test('bookmarks come while nothing happens', async () => {
  const watch = await server.watch(
    `${MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion=${await now()}`,
  );
  await server.call('POST', '/api/v1/namespaces/default/secrets', {
    metadata: { generateName: 's-' },
  });
  const wanted = await now();
  let event = await watch.next();
  while (str(event?.object, 'metadata', 'resourceVersion') !== wanted) event = await watch.next();
  assert.is(event?.type, 'BOOKMARK');
  watch.close();
});

for (const [query, text] of [
  [
    'sendInitialEvents=true',
    'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  ],
  ['sendInitialEvents=true&resourceVersionMatch=Exact', 'NotOlderThan'],
  [
    'resourceVersionMatch=NotOlderThan&resourceVersion=1',
    'forbidden for watch unless sendInitialEvents',
  ],
] as const) {
  test(`a watch with ${query} is 422`, async () => {
    const answer = await server.call('GET', `${MAPS}?watch=true&${query}`);
    assert.is(answer.status, 422);
    assert.match(str(answer.body, 'message'), text);
  });
}

test('a resourceVersion that the log no longer has is 410 in the stream', async () => {
  const from = await now();
  for (let count = 0; count < 30; count++) {
    await server.call('PATCH', `${MAPS}/one`, { data: { k: String(count) } }, MERGE);
  }
  const watch = await server.watch(`${MAPS}?watch=true&resourceVersion=${from}`);
  const event = await watch.next();
  assert.is(event?.type, 'ERROR');
  assert.is(num(event?.object, 'code'), 410);
  assert.is(str(event?.object, 'reason'), 'Expired');
  assert.is(await watch.next(), undefined);
});

test('a resourceVersion of the future is an error, never an empty stream', async () => {
  const answer = await server.call(
    'GET',
    `${MAPS}?watch=true&resourceVersion=${Number(await now()) + 500}`,
  );
  assert.is(answer.status, 504);
});

test('objects that come to match or cease to are ADDED and DELETED', async () => {
  const watch = await server.watch(
    `${MAPS}?watch=true&labelSelector=a%3D2&resourceVersion=${await now()}`,
  );
  for (const value of ['2', '2', '3']) {
    await server.call(
      'PATCH',
      `${MAPS}/one`,
      { metadata: { labels: { a: value } }, data: { v: String(Math.random()) } },
      MERGE,
    );
  }
  const events = [await watch.next(), await watch.next(), await watch.next()];
  assert.equal(
    events.map((event) => event?.type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  );
  watch.close();
});

test('timeoutSeconds ends the stream without an error', async () => {
  const watch = await server.watch(
    `${MAPS}?watch=true&timeoutSeconds=1&resourceVersion=${await now()}`,
  );
  assert.is(await watch.next(), undefined);
});

test('a watch that asks for tables gets rows', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  const watch = await server.watch(`${MAPS}?watch=true`, accept);
  const event = await watch.next();
  assert.is(event?.type, 'ADDED');
  assert.is(str(event?.object, 'kind'), 'Table');
  watch.close();
});

test.run();
