import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { num, str } from '../json.ts';
import { eventually, MERGE, startServer, type TestServer } from '../test-support/server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const big = (mark: number): string => `${mark}${'x'.repeat(200_000)}`;

async function write(server: TestServer, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await server.call('PATCH', `${MAPS}/big`, { data: { k: big(count) } }, MERGE);
  }
}

test('a watcher that reads slowly falls out of the log and is told so; others see everything', async () => {
  const server = await startServer({ limits: { logEvents: 8 } });
  try {
    await server.call('POST', MAPS, { metadata: { name: 'big' } });
    const slow = await server.watch(`${MAPS}?watch=true`);
    const fast = await server.watch(`${MAPS}?watch=true`);
    await slow.next();
    slow.response.pause();
    let seen = 0;
    const reading = (async () => {
      while (seen < 101) {
        if ((await fast.next()) === undefined) break;
        seen++;
      }
    })();
    await write(server, 100);
    await reading;
    assert.is(seen, 101);
    slow.response.resume();
    let last = await slow.next();
    let count = 0;
    for (let event = last; event !== undefined; event = await slow.next()) {
      last = event;
      count++;
    }
    assert.is(last?.type, 'ERROR');
    assert.is(num(last?.object, 'code'), 410);
    assert.ok(count < 100);
    fast.close();
  } finally {
    await server.close();
  }
});

test('a watcher that takes nothing at all is cut', async () => {
  const server = await startServer({ limits: { stalledWatchMs: 200, logEvents: 1000 } });
  try {
    await server.call('POST', MAPS, { metadata: { name: 'big' } });
    const stuck = await server.watch(`${MAPS}?watch=true`);
    stuck.response.pause();
    const closed = new Promise<void>((resolve) => stuck.response.once('close', resolve));
    stuck.response.on('error', () => undefined);
    await write(server, 60);
    setTimeout(() => stuck.response.resume(), 600);
    await closed;
    assert.ok(stuck.response.destroyed);
  } finally {
    await server.close();
  }
});

test('one watch more than allowed is 429 with Retry-After', async () => {
  const server = await startServer({ limits: { watchers: 2 } });
  try {
    const open = [
      await server.watch(`${MAPS}?watch=true`),
      await server.watch(`${MAPS}?watch=true`),
    ];
    const refused = await server.call('GET', `${MAPS}?watch=true`);
    assert.is(refused.status, 429);
    assert.is(refused.headers['retry-after'], '1');
    open[0]?.close();
    const again = await eventually(
      () => server.watch(`${MAPS}?watch=true&timeoutSeconds=5`),
      (watch) => watch.status === 200,
    );
    again.close();
    open[1]?.close();
    assert.is(str((await server.call('GET', MAPS)).body, 'kind'), 'ConfigMapList');
  } finally {
    await server.close();
  }
});

test.run();
