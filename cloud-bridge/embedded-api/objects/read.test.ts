import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { list, num, str } from '../json.ts';
import { samplePod } from '../test-support/samples.ts';
import { items, MERGE, startServer, type TestServer } from '../test-support/server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
let server: TestServer;
test.before(async () => {
  server = await startServer({ limits: { logEvents: 50 } });
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await server.call('POST', MAPS, { metadata: { name, labels: { n: name, t: 'x' } } });
  }
});
test.after(() => server.close());

const names = (answer: Parameters<typeof items>[0]): string[] =>
  items(answer).map((item) => str(item, 'metadata', 'name'));

test('pages are of one moment, whatever is written between them', async () => {
  const first = await server.call('GET', `${MAPS}?limit=2`);
  assert.equal(names(first), ['a', 'b']);
  assert.is(num(first.body, 'metadata', 'remainingItemCount'), 3);
  await server.call('DELETE', `${MAPS}/d`);
  await server.call('POST', MAPS, { metadata: { name: 'bb' } });
  await server.call('PATCH', `${MAPS}/c`, { data: { k: 'new' } }, MERGE);
  const token = str(first.body, 'metadata', 'continue');
  const second = await server.call('GET', `${MAPS}?limit=2&continue=${token}`);
  assert.equal(names(second), ['c', 'd']);
  assert.is(str(items(second)[0], 'data', 'k'), '');
  assert.is(
    str(second.body, 'metadata', 'resourceVersion'),
    str(first.body, 'metadata', 'resourceVersion'),
  );
  const last = await server.call(
    'GET',
    `${MAPS}?limit=2&continue=${str(second.body, 'metadata', 'continue')}`,
  );
  assert.equal(names(last), ['e']);
  assert.is(str(last.body, 'metadata', 'continue'), '');
  await server.call('DELETE', `${MAPS}/bb`);
  await server.call('POST', MAPS, { metadata: { name: 'd', labels: { n: 'd', t: 'x' } } });
});

test('a token that is too old gets 410, one that is none 400', async () => {
  const first = await server.call('GET', `${MAPS}?limit=1`);
  for (let count = 0; count < 60; count++) {
    await server.call('PATCH', `${MAPS}/e`, { data: { k: String(count) } }, MERGE);
  }
  const token = str(first.body, 'metadata', 'continue');
  const old = await server.call('GET', `${MAPS}?limit=1&continue=${token}`);
  assert.is(old.status, 410);
  assert.is(str(old.body, 'reason'), 'Expired');
  assert.is((await server.call('GET', `${MAPS}?continue=rubbish`)).status, 400);
  assert.is((await server.call('GET', `${MAPS}?limit=-1`)).status, 400);
});

test('a resourceVersion of the future is an error and an old exact one has expired', async () => {
  const now = Number(str((await server.call('GET', MAPS)).body, 'metadata', 'resourceVersion'));
  const future = await server.call('GET', `${MAPS}?resourceVersion=${now + 1000}`);
  assert.is(future.status, 504);
  assert.is(str(list(future.body, 'details', 'causes')[0], 'reason'), 'ResourceVersionTooLarge');
  const exact = await server.call('GET', `${MAPS}?resourceVersion=1&resourceVersionMatch=Exact`);
  assert.is(exact.status, 410);
  assert.is(
    (await server.call('GET', `${MAPS}?resourceVersion=1&resourceVersionMatch=NotOlderThan`))
      .status,
    200,
  );
  assert.is((await server.call('GET', `${MAPS}?resourceVersion=abc`)).status, 400);
});

const labelCases: readonly [string, string][] = [
  ['n=a', 'a'],
  ['n==a', 'a'],
  ['n!=a,t', 'b c d e'],
  ['n in (a, c)', 'a c'],
  ['n notin (a,c),t=x', 'b d e'],
  ['t,!n', ''],
  ['!t', 'kube'],
  ['n in (a),t notin (y)', 'a'],
];
for (const [selector, wanted] of labelCases) {
  test(`label selector ${selector}`, async () => {
    const answer = await server.call(
      'GET',
      `${MAPS}?labelSelector=${encodeURIComponent(selector)}`,
    );
    assert.is(names(answer).join(' '), wanted === 'kube' ? '' : wanted);
  });
}

for (const selector of ['n in a', 'a b', '=x', 'n=(a)', 'n>x']) {
  test(`label selector "${selector}" is refused`, async () => {
    const answer = await server.call(
      'GET',
      `${MAPS}?labelSelector=${encodeURIComponent(selector)}`,
    );
    assert.is(answer.status, 400);
  });
}

test('field selectors of pods and events', async () => {
  const pods = '/api/v1/namespaces/default/pods';
  await server.call('POST', pods, samplePod('p1', { nodeName: 'n1' }));
  await server.call('POST', pods, samplePod('p2', { nodeName: 'n2' }));
  const find = async (path: string, selector: string): Promise<string> =>
    names(await server.call('GET', `${path}?fieldSelector=${encodeURIComponent(selector)}`)).join(
      ' ',
    );
  assert.is(await find(pods, 'spec.nodeName=n1'), 'p1');
  assert.is(await find(pods, 'spec.nodeName!=n1,status.phase==Pending'), 'p2');
  assert.is(await find('/api/v1/pods', 'metadata.namespace=default,metadata.name=p2'), 'p2');
  await server.call('POST', '/api/v1/namespaces/default/events', {
    metadata: { name: 'e1' },
    involvedObject: { kind: 'Pod', name: 'p1', namespace: 'default', uid: 'u1' },
    type: 'Warning',
    reason: 'R',
  });
  const events = '/api/v1/namespaces/default/events';
  assert.is(
    await find(events, 'involvedObject.uid=u1,involvedObject.kind=Pod,type=Warning,reason=R'),
    'e1',
  );
  assert.is(await find(events, 'involvedObject.name!=p1,reason=R'), '');
  const bad = await server.call('GET', `${pods}?fieldSelector=spec.foo%3Dbar`);
  assert.is(bad.status, 400);
  assert.match(str(bad.body, 'message'), 'field label not supported: spec.foo');
});

test('deletecollection takes what the selector finds', async () => {
  const gone = await server.call('DELETE', `${MAPS}?labelSelector=n+in+(a,b)`);
  assert.is(gone.status, 200);
  assert.equal(names(await server.call('GET', MAPS)), ['c', 'd', 'e']);
});

test.run();
