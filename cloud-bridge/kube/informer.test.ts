import type { ServerResponse } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createKubeClient } from './client.ts';
import type { Informer, KubeObject } from './contract.ts';
import { isKubeError } from './errors.ts';
import { systemClock, type Timers } from './host.ts';
import { createInformer, type InformerTiming } from './informer.ts';
import { PODS } from './resources.ts';
import { createHastyTimers, createManualTime } from './testing/manual-time.ts';
import {
  openRawServer,
  type RawServer,
  type Seen,
  sendJson,
  sendStatus,
  until,
} from './testing/raw-server.ts';

interface Api {
  /** What a list answers. */
  items: KubeObject[];
  version: string;
  /** Watches that are open, in order. */
  readonly watches: { readonly request: Seen; readonly response: ServerResponse }[];
  /** May answer instead. */
  intercept: (request: Seen, response: ServerResponse) => boolean;
}
interface Rig {
  readonly api: Api;
  readonly server: RawServer;
  readonly informer: Informer;
  readonly changes: string[];
  readonly errors: Error[];
  readonly lists: () => string[];
  readonly emit: (type: string, object: unknown) => void;
}

function pod(name: string, resourceVersion: string): KubeObject {
  const metadata = { name, namespace: 'ns', uid: `u-${name}`, resourceVersion };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, managedFields: [1] } } as never;
}

async function using(work: (rig: Rig) => Promise<void>, timing: Partial<InformerTiming> = {}) {
  const api: Api = { items: [pod('a', '5')], version: '10', watches: [], intercept: () => false };
  const server = await openRawServer((request, response) => {
    if (api.intercept(request, response)) return;
    if (request.url.includes('watch=true')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      api.watches.push({ request, response });
    } else
      sendJson(response, 200, { metadata: { resourceVersion: api.version }, items: api.items });
  });
  const client = createKubeClient({ config: { server: server.url } });
  const changes: string[] = [];
  const errors: Error[] = [];
  const informer = createInformer(
    client,
    PODS,
    {},
    {
      onChange: (present, old) => {
        const name = (present ?? old)?.metadata.name;
        changes.push(`${present === undefined ? '-' : old === undefined ? '+' : '~'}${name}`);
      },
      onSynced: (version) => changes.push(`synced ${version}`),
      onError: (error) => errors.push(error),
    },
    { timers: createHastyTimers(), random: () => 0.5, clock: systemClock, ...timing },
  );
  try {
    informer.start();
    await until(() => api.watches.length === 1, 'the first watch');
    await work({
      api,
      server,
      informer,
      changes,
      errors,
      lists: () => server.seen.map((r) => r.url).filter((url) => !url.includes('watch=true')),
      emit: (type, object) =>
        void api.watches.at(-1)?.response.write(`${JSON.stringify({ type, object })}\n`),
    });
  } finally {
    informer.stop();
    await client.close();
    await server.close();
  }
}

test('lists, then follows the watch; bookmarks move the version; managedFields are dropped', async () => {
  await using(async ({ informer, changes, emit, api }) => {
    assert.ok(informer.synced());
    assert.match(
      api.watches[0]?.request.url ?? '',
      /allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=450$/,
    );
    emit('MODIFIED', pod('a', '11'));
    emit('ADDED', pod('b', '12'));
    emit('DELETED', pod('a', '13'));
    emit('BOOKMARK', { metadata: { resourceVersion: '20' } });
    await until(() => informer.resourceVersion() === '20', 'the bookmark');
    assert.equal(changes, ['+a', 'synced 10', '~a', '+b', '-a']);
    assert.equal([...informer.list()], [{ ...pod('b', '12'), metadata: plain('b', '12') }]);
    assert.is(informer.get('ns', 'a'), undefined);
  });
});

function plain(name: string, resourceVersion: string) {
  return { name, namespace: 'ns', uid: `u-${name}`, resourceVersion };
}

test('resumes where it was when the server ends the watch, or cuts it within a line', async () => {
  await using(async ({ informer, emit, api, changes, lists }) => {
    emit('MODIFIED', pod('a', '11'));
    await until(() => informer.resourceVersion() === '11', 'the event');
    api.watches[0]?.response.end();
    await until(() => api.watches.length === 2, 'the second watch');
    assert.match(api.watches[1]?.request.url ?? '', /resourceVersion=11&/);
    emit('MODIFIED', pod('a', '12'));
    await until(() => informer.resourceVersion() === '12', 'the second event');
    api.watches[1]?.response.write('{"type":"MODI');
    api.watches[1]?.response.socket?.resetAndDestroy();
    await until(() => api.watches.length === 3, 'the third watch');
    assert.match(api.watches[2]?.request.url ?? '', /resourceVersion=12&/);
    assert.is(lists().length, 1);
    assert.equal(changes, ['+a', 'synced 10', '~a', '~a']);
  });
});

test('takes a relist not older than the last seen after 410, and finds what was deleted meanwhile', async () => {
  await using(async ({ informer, emit, api, changes, lists }) => {
    emit('MODIFIED', pod('a', '11'));
    await until(() => informer.resourceVersion() === '11', 'the event');
    api.items = [pod('b', '30')];
    api.version = '31';
    emit('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    await until(() => informer.resourceVersion() === '31', 'the relist');
    assert.match(lists()[1] ?? '', /resourceVersion=11&resourceVersionMatch=NotOlderThan/);
    assert.equal(changes.slice(-3), ['-a', '+b', 'synced 31']);
  });
});

test('tells a recreated object as gone and new', async () => {
  await using(async ({ emit, changes }) => {
    const again = pod('a', '12');
    again.metadata.uid = 'other';
    emit('MODIFIED', again);
    await until(() => changes.length >= 4, 'both changes');
    assert.equal(changes, ['+a', 'synced 10', '-a', '+a']);
  });
});

test('backs off while the API refuses, and goes on with the same version', async () => {
  await using(async ({ api, informer, errors }) => {
    let refusals = 0;
    api.intercept = (_request, response) => {
      if (refusals++ >= 3) return false;
      sendStatus(response, 500, 'InternalError');
      return true;
    };
    api.watches[0]?.response.socket?.resetAndDestroy();
    await until(() => api.watches.length === 2, 'a watch after the refusals');
    assert.match(api.watches[1]?.request.url ?? '', /resourceVersion=10&/);
    assert.is(informer.resourceVersion(), '10');
    assert.ok(errors.some((error) => isKubeError(error, 'BL_KUBE_INTERNAL_ERROR')));
  });
});

test('gives up a watch that fell silent', async () => {
  const time = createManualTime();
  await using(
    async ({ api, errors, emit, informer }) => {
      await time.advance(100_000);
      emit('BOOKMARK', { metadata: { resourceVersion: '15' } });
      await until(() => informer.resourceVersion() === '15', 'the bookmark');
      await time.advance(149_000);
      assert.is(errors.length, 0);
      await time.advance(2_000);
      await until(() => errors.length === 1, 'the silence');
      await time.advance(1_000);
      await until(() => api.watches.length === 2, 'a new watch');
      assert.match(api.watches[1]?.request.url ?? '', /resourceVersion=15&/);
    },
    { timers: time.timers, clock: time.clock },
  );
});

test('relists when told that the cache lags, and not when it does not', async () => {
  await using(async ({ api, informer, lists }) => {
    informer.refresh('10');
    api.version = '40';
    informer.refresh('35');
    await until(() => informer.resourceVersion() === '40', 'the relist');
    assert.is(lists().length, 2);
    assert.match(lists()[1] ?? '', /resourceVersion=35&/);
  });
});

test('believes in another history only after three consistent reads, and never shows a version that went back', async () => {
  await using(async ({ api, informer, errors, changes }) => {
    api.intercept = (request, response) => {
      if (!request.url.includes('NotOlderThan')) return false;
      const causes = [{ reason: 'ResourceVersionTooLarge' }];
      sendJson(response, 504, { kind: 'Status', reason: 'Timeout', details: { causes } });
      return true;
    };
    api.items = [pod('c', '2')];
    api.version = '3';
    api.watches[0]?.response.write(
      '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n',
    );
    await until(() => api.watches.length === 2, 'a watch of the other history');
    assert.match(api.watches[1]?.request.url ?? '', /resourceVersion=3&/);
    assert.is(informer.resourceVersion(), '10');
    assert.equal(changes.slice(-3), ['-a', '+c', 'synced 10']);
    assert.is(errors.filter((error) => isKubeError(error, 'BL_KUBE_TIMEOUT')).length, 2);
    assert.is(errors.filter((error) => isKubeError(error, 'BL_KUBE_HISTORY')).length, 1);
  });
});

test('loses nothing when a handler throws', async () => {
  const server = await openRawServer((request, response) => {
    if (request.url.includes('watch=true')) response.writeHead(200).flushHeaders();
    else
      sendJson(response, 200, {
        metadata: { resourceVersion: '1' },
        items: [pod('a', '1'), pod('b', '1')],
      });
  });
  const client = createKubeClient({ config: { server: server.url } });
  const seen: string[] = [];
  const errors: Error[] = [];
  const timers: Timers = createHastyTimers();
  const informer = createInformer(
    client,
    PODS,
    {},
    {
      onChange: (present) => {
        seen.push(present?.metadata.name ?? '');
        throw new Error('a bug');
      },
      onSynced: () => seen.push('synced'),
      onError: (error) => errors.push(error),
    },
    { timers, random: Math.random, clock: systemClock },
  );
  informer.start();
  await until(() => informer.synced(), 'the list');
  informer.stop();
  await client.close();
  await server.close();
  assert.equal(seen, ['a', 'b', 'synced']);
  assert.is(errors.length >= 2, true);
});

test.run();
