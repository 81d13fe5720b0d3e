import { END_CODES, encode, encodeDocument, KINDS } from '@boardlet/adapters/wire';
import type { Replication } from '@boardlet/agent-lite/core';
import type { BridgeSessions } from '@boardlet/cloud-bridge/session';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Api,
  createMemoryBroker,
  emptyContents,
  type MemoryBroker,
  openBoard,
  openBridge,
  type StoreContents,
  until,
} from './rims.ts';

interface Pair {
  readonly broker: MemoryBroker;
  readonly api: Api;
  readonly bridge: BridgeSessions;
  readonly board: Replication;
  readonly contents: StoreContents;
}

async function withPair(
  run: (pair: Pair) => Promise<void>,
  options: Parameters<typeof openBridge>[2] = {},
): Promise<void> {
  const broker = createMemoryBroker();
  const api = new Api();
  const bridge = openBridge(broker, api, options);
  const contents = emptyContents();
  const board = openBoard(broker, 'gw-1', ['gw-1', 'gw-1-b'], contents);
  bridge.start();
  board.start();
  try {
    await run({ broker, api, bridge, board, contents });
  } finally {
    bridge.stop();
    await new Promise<void>((resolve) => board.stop(resolve));
  }
}

const twin = KINDS.twinDesired;

test('greets a board and says that its boards are up', async () => {
  await withPair(async ({ api, bridge }) => {
    await until('both boards up', () => bridge.online('gw-1') && bridge.online('gw-1-b'));
    assert.equal(api.states, ['up gw-1', 'up gw-1-b']);
  });
});

test('carries a desired document down, after it is on disk, and its deletion', async () => {
  await withPair(async ({ api, bridge, board, contents }) => {
    await until('online', () => bridge.online('gw-1'));
    const seen: string[] = [];
    board.board('gw-1')?.onDesired((changes) => {
      for (const c of changes) seen.push(`${c.name}=${String(c.body)} commits=${contents.commits}`);
    });
    api.put('gw-1', twin, 'ns/dev/speed', encodeDocument('twinDesired', 42));
    await until('the value at the board', () => seen.length === 1);
    assert.is(board.board('gw-1')?.desired('twinDesired').get('ns/dev/speed'), 42);
    api.remove('gw-1', twin, 'ns/dev/speed');
    await until('the deletion at the board', () => seen.length === 2);
    assert.equal(seen, ['ns/dev/speed=42 commits=1', 'ns/dev/speed=undefined commits=2']);
    assert.is(contents.desired.size, 0);
    assert.is(contents.mark, api.revision);
  });
});

test('a document that the board cannot read is refused, shown, and harms no other', async () => {
  await withPair(async ({ api, bridge, board }) => {
    await until('online', () => bridge.online('gw-1'));
    api.put('gw-1', KINDS.pod, 'ns/bad', encode(['no', 'pod']));
    api.put('gw-1', twin, 'ns/dev/speed', encodeDocument('twinDesired', 1));
    await until('the good one', () => board.board('gw-1')?.desired('twinDesired').size === 1);
    await until('the notice', () => api.notices.includes('gw-1 DocumentInvalid'));
    assert.is(board.board('gw-1')?.desired('pod').size, 0);
  });
});

test('carries reported documents up, those of before the greeting too', async () => {
  await withPair(async ({ bridge, board }) => {
    board.board('gw-1')?.report('twin', 'ns/dev/temp', { value: 21.5 });
    await until('the value at the bridge', () => bridge.reported('gw-1').size === 1);
    board.board('gw-1')?.report('twin', 'ns/dev/other', { value: true });
    await until('the second', () => bridge.reported('gw-1').size === 2);
    board.board('gw-1')?.report('twin', 'ns/dev/temp', undefined);
    await until('the removal', () => bridge.reported('gw-1').size === 1);
  });
});

test('a value reported while the broker was away arrives when it is back', async () => {
  await withPair(async ({ broker, bridge, board }) => {
    await until('online', () => bridge.online('gw-1'));
    broker.stop();
    await until('the link down', () => !board.connected());
    board.board('gw-1')?.report('twin', 'ns/dev/temp', { value: 7 });
    broker.start();
    await until('the value', () => bridge.reported('gw-1').size === 1);
  });
});

test('a restarted bridge asks for all that is reported, and sends nothing that is there', async () => {
  await withPair(async ({ broker, api, bridge, board, contents }) => {
    await until('online', () => bridge.online('gw-1'));
    api.put('gw-1', twin, 'ns/dev/speed', encodeDocument('twinDesired', 1));
    for (let i = 0; i < 40; i++) board.board('gw-1')?.report('twin', `ns/dev/p${i}`, { value: i });
    await until('all there', () => bridge.reported('gw-1').size === 40);
    await until('committed', () => contents.commits === 1);
    bridge.stop();
    const next = openBridge(broker, api);
    next.start();
    await until('all there again', () => next.reported('gw-1').size === 40);
    await until('writing', () => next.links()[0]?.view.writing === true);
    assert.is(next.links()[0]?.view.counters.downs, 0);
    assert.is(contents.commits, 1);
    next.stop();
  });
});

test('hands events to the sink and forgets them once they are taken', async () => {
  await withPair(async ({ api, board }) => {
    for (let i = 0; i < 30; i++)
      board.board('gw-1')?.event({
        warning: false,
        reason: 'Started',
        message: `number ${i}`,
        about: 'pod',
        name: 'ns/p',
        unixMs: 1_700_000_000_000,
      });
    await until('all events', () => api.journal.length === 30);
    await until('none held', () => board.view().journalHeld(0) === 0);
    assert.is(new Set(api.journal.map((entry) => entry.identity)).size, 30);
  });
});

test('events of before the first connection are of this start of the process', async () => {
  const event = (name: string) =>
    ({ warning: false, reason: 'R', message: '', about: 'node', name, unixMs: 1 }) as const;
  await withPair(async ({ broker, api }) => {
    const late = openBoard(broker, 'late', ['late']);
    late.board('late')?.event(event('-'));
    late.start();
    late.board('late')?.event(event('-'));
    await until('both', () => api.journal.length === 2);
    const segments = api.journal.map((entry) => entry.identity.split('-')[0]);
    assert.is(segments[0], segments[1]);
    assert.is.not(segments[0], '0');
    await new Promise<void>((resolve) => late.stop(resolve));
  });
});

test('says goodbye', async () => {
  await withPair(async ({ broker, api, bridge }) => {
    const leaving = openBoard(broker, 'gw-2', ['gw-2']);
    leaving.start();
    await until('online', () => bridge.online('gw-2'));
    await new Promise<void>((resolve) => leaving.stop(resolve));
    await until('offline', () => !bridge.online('gw-2'));
    assert.ok(api.states.includes('down gw-2 Goodbye'));
  });
});

test('streams a large log to the bridge through its window', async () => {
  await withPair(async ({ bridge, board }) => {
    const total = 1_000_000;
    board.onOpen(1, (_request, stream) => {
      let sent = 0;
      const pump = (): void => {
        while (sent < total && stream.write(new Uint8Array(10_000).fill(sent / 10_000)))
          sent += 10_000;
        if (sent >= total) stream.end(END_CODES.ok);
      };
      queueMicrotask(pump);
      return { onData: () => undefined, onEnd: () => undefined, onDrain: pump };
    });
    await until('online', () => bridge.online('gw-1'));
    let received = 0;
    let sum = 0;
    let ended = -1;
    bridge.openStream('gw-1', 1, encode(null), {
      onData: (bytes) => {
        received += bytes.length;
        for (const byte of bytes) sum += byte;
      },
      onEnd: (code) => {
        ended = code;
      },
    });
    await until('the end', () => ended >= 0);
    assert.is(ended, END_CODES.ok);
    assert.is(received, total);
    assert.is(sum, 10_000 * (99 * 50));
  });
});

test('answers a stream that the board opened', async () => {
  await withPair(async ({ bridge, board }) => {
    bridge.onBoardStream(2, ({ board: id, link, args }, stream) => {
      stream.write(new Uint8Array([...args, id.length, link.length]));
      stream.end(END_CODES.ok);
      return { onData: () => undefined, onEnd: () => undefined };
    });
    await until('online', () => bridge.online('gw-1'));
    const got: number[] = [];
    let ended = -1;
    board.openStream('gw-1-b', 2, encode(7), {
      onData: (bytes) => got.push(...bytes),
      onEnd: (code) => {
        ended = code;
      },
    });
    await until('the answer', () => ended >= 0);
    assert.equal(got, [7, 6, 4]);
    assert.is(ended, END_CODES.ok);
  });
});

test('a thousand changes of one value in a burst are a few messages, and the last one arrives', async () => {
  await withPair(async ({ bridge, board }) => {
    await until('online', () => bridge.online('gw-1'));
    const before = board.view().counters.ups;
    for (let i = 0; i < 1000; i++) board.board('gw-1')?.report('twin', 'ns/dev/x', { value: i });
    const last = encodeDocument('twin', { value: 999 });
    await until('the last value', () => {
      const body = bridge.reported('gw-1').get(`${KINDS.twin}/ns/dev/x`)?.body;
      return body !== undefined && Buffer.compare(body, last) === 0;
    });
    assert.ok(board.view().counters.ups - before <= 3);
  });
});

test.run();
