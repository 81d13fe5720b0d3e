/** The session server against links that misbehave, and against the loss of its Lease. */
import { shardName, shardOf } from '@boardlet/adapters/sets';
import { encodeDocument, encodeMessage, KINDS } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from './board-host.ts';
import { Api, createMemoryBroker, FLEET, openBoard, openBridge, until } from './rims.ts';

type Options = Parameters<typeof openBridge>[2];

async function withBridge(
  options: Options,
  run: (parts: {
    readonly broker: ReturnType<typeof createMemoryBroker>;
    readonly api: Api;
    readonly bridge: ReturnType<typeof openBridge>;
    readonly join: (link: string, boards?: readonly string[]) => ReturnType<typeof openBoard>;
  }) => Promise<void>,
): Promise<void> {
  const broker = createMemoryBroker();
  const api = new Api();
  const bridge = openBridge(broker, api, options);
  const joined: ReturnType<typeof openBoard>[] = [];
  const join = (link: string, boards: readonly string[] = [link]) => {
    const board = openBoard(broker, link, boards);
    joined.push(board);
    board.start();
    return board;
  };
  bridge.start();
  try {
    await run({ broker, api, bridge, join });
  } finally {
    bridge.stop();
    for (const board of joined) await new Promise<void>((resolve) => board.stop(resolve));
  }
}

const topic = (link: string, x: string, shard = shardOf(sha256, link, 16)): string =>
  `bl/${FLEET}/${shardName(shard)}/${link}/${x}`;

test('a link that floods is throttled and shown, and the others do not notice', async () => {
  await withBridge(
    { flood: { messagesPerS: 20, bytesPerS: 20_000 } },
    async ({ broker, api, bridge, join }) => {
      const good = join('good');
      join('bad');
      await until('both online', () => bridge.online('good') && bridge.online('bad'));
      const beat = encodeMessage({ type: 'beat', tag: 5, seq: 1, stamp: 1 });
      for (let i = 0; i < 3000; i++) broker.publish(topic('bad', 'u'), beat, 0);
      good.board('good')?.report('twin', 'ns/d/x', { value: 1 });
      await until('the value of the good one', () => bridge.reported('good').size === 1);
      await until('the notice', () => api.notices.includes('bad Flooding'));
      assert.not(api.notices.some((n) => n.startsWith('good')));
    },
  );
});

test('a link that sends rubbish is shown, and keeps its session', async () => {
  await withBridge({}, async ({ broker, api, bridge, join }) => {
    join('gw');
    await until('online', () => bridge.online('gw'));
    const rubbish = new Uint8Array([0x9f, 1, 2, 0xff, 0x1c]);
    for (const x of ['u', 'j', 's', 'w']) broker.publish(topic('gw', x), rubbish, 0);
    await until('the notice', () => api.notices.includes('gw BadMessages'));
    assert.ok(bridge.online('gw'));
  });
});

test('drops a link whose hash does not give the shard of its topic', async () => {
  await withBridge({}, async ({ broker, bridge, join }) => {
    const wrong = (shardOf(sha256, 'thief', 16) + 1) % 16;
    const birth = encodeMessage({
      type: 'birth',
      tag: 9,
      seq: 1,
      mark: 0,
      uptimeMs: 1,
      digests: [],
    });
    broker.publish(topic('thief', 'u', wrong), birth, 1);
    join('gw');
    await until('online', () => bridge.online('gw'));
    assert.equal(
      bridge.links().map((l) => l.link),
      ['gw'],
    );
  });
});

test('a link that claims the board of another gets nowhere', async () => {
  const allowed = (link: string, board: string): boolean => link === board;
  await withBridge({ entitlements: { allowed } }, async ({ api, bridge, join }) => {
    const rightful = join('board-1');
    await until('online', () => bridge.online('board-1'));
    const thief = join('thief', ['thief', 'board-1']);
    await until('the thief online', () => bridge.online('thief'));
    thief.board('board-1')?.report('twin', 'ns/d/x', { value: 666 });
    thief.board('thief')?.report('twin', 'ns/d/x', { value: 1 });
    rightful.board('board-1')?.report('twin', 'ns/d/x', { value: 2 });
    await until(
      'values',
      () => bridge.reported('thief').size + bridge.reported('board-1').size === 2,
    );
    await until('the notice', () => api.notices.includes('board-1 NotMine'));
    const [change] = bridge.reported('board-1').values();
    assert.equal(change?.body, encodeDocument('twin', { value: 2 }));
    api.put('board-1', KINDS.twinDesired, 'ns/d/y', encodeDocument('twinDesired', 5));
    await until('desired at the rightful one', () => {
      return rightful.board('board-1')?.desired('twinDesired').get('ns/d/y') === 5;
    });
    assert.is(thief.board('board-1')?.desired('twinDesired').size, 0);
  });
});

test('a binding that changed moves a connected board from link to link and back, and no link restarts', async () => {
  const bound = new Map([
    ['a', 'a'],
    ['b', 'b'],
    ['x', 'a'],
  ]);
  const entitlements = {
    allowed: (link: string, board: string) => bound.get(board) === link,
    released: (link: string, board: string) =>
      bound.get(board) === link ? undefined : ('Moved' as const),
  };
  await withBridge({ entitlements }, async ({ api, bridge, join }) => {
    const a = join('a', ['a', 'x']);
    await until('on a', () => bridge.online('x'));
    const b = join('b', ['b', 'x']);
    await until('b', () => bridge.online('b'));
    api.put('x', KINDS.twinDesired, 'ns/d/y', encodeDocument('twinDesired', 5));
    const at = (board: typeof a): number => board.board('x')?.desired('twinDesired').size ?? 0;
    await until('at a', () => at(a) === 1);
    for (const [from, to, holder, other] of [
      ['a', 'b', b, a],
      ['b', 'a', a, b],
    ] as const) {
      bound.set('x', to);
      bridge.recheck(from);
      assert.not(bridge.online('x'));
      bridge.recheck(to);
      await until(`at ${to}`, () => bridge.online('x') && at(holder) === 1);
      await until(`forgotten by ${from}`, () => at(other) === 0);
    }
    assert.is(api.states.filter((state) => state === 'down x Moved').length, 2);
    bridge.recheck('nobody');
  });
});

test('greets nobody while the API is down, and when another holds the Lease', async () => {
  let state: 'down' | 'other' | 'holder' = 'down';
  const deposed: number[] = [];
  const isHolder = (): Promise<boolean> =>
    state === 'down' ? Promise.reject(new Error('API down')) : Promise.resolve(state === 'holder');
  const options: Options = {
    ownership: { isHolder, term: () => '1' },
    onDeposed: (shard) => deposed.push(shard),
  };
  await withBridge(options, async ({ bridge, join }) => {
    join('gw');
    await until('heard', () => bridge.links().length === 1);
    assert.not(bridge.online('gw'));
    state = 'other';
    await until('deposed', () => deposed.length > 0);
    assert.is(bridge.links().length, 0);
    state = 'holder';
    await until('online', () => bridge.online('gw'));
  });
});

test('two bridges: the one that lost the Lease falls silent, the other serves', async () => {
  let holder = 'a';
  const ownership = (name: string) => ({
    isHolder: () => Promise.resolve(holder === name),
    term: () => name,
  });
  await withBridge({ ownership: ownership('a') }, async ({ broker, api, bridge, join }) => {
    const board = join('gw');
    await until('online', () => bridge.online('gw'));
    const nextApi = new Api();
    nextApi.revision = 10;
    holder = 'b';
    const next = openBridge(broker, nextApi, { ownership: ownership('b') });
    next.start();
    await until('served by the next', () => next.online('gw'));
    await until('the first has let go', () => bridge.links().length === 0);
    api.put('gw', KINDS.twinDesired, 'ns/d/stale', encodeDocument('twinDesired', 1));
    nextApi.put('gw', KINDS.twinDesired, 'ns/d/right', encodeDocument('twinDesired', 2));
    await until('the right value', () => board.board('gw')?.desired('twinDesired').size === 1);
    assert.is(board.board('gw')?.desired('twinDesired').get('ns/d/right'), 2);
    assert.not(bridge.online('gw'));
    next.stop();
  });
});

test.run();
