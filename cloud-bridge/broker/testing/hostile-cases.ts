/** What no broker that serves boardlet may let through; run against the embedded broker and against mosquitto. */
import assert from 'node:assert/strict';
import type { MqttClient } from 'mqtt';
import {
  closed,
  connectAs,
  type Identity,
  type Observer,
  observe,
  open,
  publishOrClose,
  subscribe,
  type TestPki,
} from './clients.ts';

export interface HostileBench {
  readonly url: string;
  readonly pki: TestPki;
}
/** uvu's `test`. */
type Test = (name: string, work: () => Promise<void>) => void;
const TREE = 'bl/plant/0a';

interface Scene {
  readonly bench: HostileBench;
  readonly honest: Identity;
  readonly hostile: Identity;
  readonly bridge: MqttClient;
  readonly victim: MqttClient;
  readonly attacker: MqttClient;
  readonly seen: Observer;
  /** A message of the honest link comes through; what was sent before it has been dealt with. */
  readonly flush: () => Promise<void>;
}

async function withScene(
  bench: HostileBench,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const { url, pki } = bench;
  const honest = await pki.link('honest');
  const hostile = await pki.link('hostile');
  const bridge = await connectAs(url, await pki.bridge('bridge.main'));
  const victim = await connectAs(url, honest);
  const attacker = await connectAs(url, hostile);
  const seen = observe(bridge);
  assert.equal(await subscribe(bridge, 'bl/#'), 1);
  const flush = async (): Promise<void> => {
    assert.equal(await publishOrClose(victim, `${TREE}/honest/u`), 'acknowledged');
    await seen.until(`${TREE}/honest/u`);
  };
  try {
    await work({ bench, honest, hostile, bridge, victim, attacker, seen, flush });
  } finally {
    for (const client of [bridge, victim, attacker]) await client.endAsync(true);
  }
}

async function rejectionOf(work: Promise<MqttClient>): Promise<string> {
  try {
    await (await work).endAsync(true);
    return 'connected';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function topicCases(test: Test, bench: () => HostileBench): void {
  const foreign = [
    'honest/u',
    'honest/w',
    'honest/d',
    'hostile/d',
    'hostile/q',
    'hostile/u/x',
    'hostile',
  ];
  for (const tail of foreign) {
    test(`a link cannot publish to ${tail}`, () =>
      withScene(bench(), async ({ attacker, seen, flush, victim }) => {
        await publishOrClose(attacker, `${TREE}/${tail}`);
        await publishOrClose(victim, `${TREE}/honest/j`);
        await seen.until(`${TREE}/honest/j`);
        assert.deepEqual(seen.topics, [`${TREE}/honest/j`]);
        await flush();
      }));
  }

  for (const filter of [`${TREE}/honest/d`, 'bl/+/+/+/d', 'bl/#', '#', '+/+/+/honest/d']) {
    test(`a link that subscribes to ${filter} sees nothing of another's`, () =>
      withScene(bench(), async ({ attacker, bridge }) => {
        const got = observe(attacker);
        await subscribe(attacker, filter);
        await subscribe(attacker, `${TREE}/hostile/r`);
        await publishOrClose(bridge, `${TREE}/honest/d`);
        await publishOrClose(bridge, `${TREE}/hostile/r`);
        await got.until(`${TREE}/hostile/r`);
        assert.deepEqual([...new Set(got.topics)], [`${TREE}/hostile/r`]);
      }));
  }

  test('a link reads and writes its own subtree', () =>
    withScene(bench(), async ({ bench: { url, pki }, attacker, seen }) => {
      for (const leaf of ['u', 'j', 's', 'w', 't']) {
        assert.equal(await publishOrClose(attacker, `${TREE}/hostile/${leaf}`), 'acknowledged');
        await seen.until(`${TREE}/hostile/${leaf}`);
      }
      const got = observe(attacker);
      for (const leaf of ['d', 'r', 'c'])
        assert.equal(await subscribe(attacker, `bl/+/+/hostile/${leaf}`), 1);
      const replica = await connectAs(url, await pki.bridge('bridge.second'));
      await publishOrClose(replica, `${TREE}/hostile/d`);
      await got.until(`${TREE}/hostile/d`);
      await replica.endAsync(true);
    }));
}

function identityCases(test: Test, bench: () => HostileBench): void {
  test("a second client with a good certificate does not get another's client id", () =>
    withScene(bench(), async ({ bench: { url }, hostile, flush, victim }) => {
      await rejectionOf(connectAs(url, hostile, { clientId: 'honest', username: 'honest' }));
      assert.ok(victim.connected);
      await flush();
    }));

  test('the same certificate takes over only from itself', () =>
    withScene(bench(), async ({ bench: { url }, hostile, attacker, flush, victim }) => {
      const ended = closed(attacker);
      const second = await connectAs(url, hostile);
      await ended;
      assert.ok(victim.connected && second.connected);
      await flush();
      await second.endAsync(true);
    }));

  test("no certificate, another CA's and an expired one do not connect", () =>
    withScene(bench(), async ({ bench: { url, pki }, flush }) => {
      const { ca } = pki.server;
      const bare = open(url, { clientId: 'honest', username: 'honest', ca });
      assert.notEqual(await rejectionOf(bare), 'connected');
      assert.notEqual(await rejectionOf(connectAs(url, await pki.foreign('honest'))), 'connected');
      assert.notEqual(await rejectionOf(connectAs(url, await pki.expired('honest'))), 'connected');
      await flush();
    }));
}

function messageCases(test: Test, bench: () => HostileBench): void {
  test('a retained message is not kept', () =>
    withScene(bench(), async ({ bench: { url, pki }, attacker, flush }) => {
      await publishOrClose(attacker, `${TREE}/hostile/u`, { retain: true });
      await flush();
      const late = await connectAs(url, await pki.bridge('bridge.second'));
      const got = observe(late);
      await subscribe(late, 'bl/#');
      await flush();
      await got.until(`${TREE}/honest/u`);
      assert.ok(!got.topics.includes(`${TREE}/hostile/u`));
      await late.endAsync(true);
    }));

  test("a will for another's topic is never published", () =>
    withScene(bench(), async ({ bench: { url, pki }, seen, flush }) => {
      const will = {
        topic: `${TREE}/honest/w`,
        payload: Buffer.from('dead'),
        qos: 1 as const,
        retain: false,
      };
      const third = await connectAs(url, await pki.link('third'), { will }).catch(() => undefined);
      third?.stream.destroy();
      await flush();
      assert.ok(!seen.topics.includes(`${TREE}/honest/w`));
    }));

  test('a will of its own is published when the link breaks', () =>
    withScene(bench(), async ({ bench: { url, pki }, seen }) => {
      const will = {
        topic: `${TREE}/third/w`,
        payload: Buffer.from('dead'),
        qos: 1 as const,
        retain: false,
      };
      const third = await connectAs(url, await pki.link('third'), { will });
      third.stream.destroy();
      await seen.until(`${TREE}/third/w`);
    }));

  test('a message over the limit gets nowhere', () =>
    withScene(bench(), async ({ attacker, seen, flush }) => {
      await publishOrClose(attacker, `${TREE}/hostile/u`, { payload: Buffer.alloc(2_000_000) });
      await flush();
      assert.ok(!seen.topics.includes(`${TREE}/hostile/u`));
    }));
}

export function addHostileCases(test: Test, bench: () => HostileBench): void {
  topicCases(test, bench);
  identityCases(test, bench);
  messageCases(test, bench);
}
