/** Peers that hold a valid session and send what no honest machine sends: nothing throws, nothing grows without bound. */
import { encodeMessage, LIMITS, type Message, type Op } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BoardSide, BridgeSide, elapse, exchange, greeted, type Letter } from './pair.ts';
import { Chance } from './simulated-time.ts';
import { REPORTED_KIND } from './truth.ts';

const RUNS = 3000;

/** A session with some of everything in it, as it went over the wire. */
function recorded(): Letter[] {
  const { board, bridge } = greeted(['board-0', 'board-1']);
  const all: Letter[] = [];
  for (let i = 0; i < 60; i++) {
    bridge.set(`ns/p${i}`, i, 100 + i, 'board-0', i === 7 ? 100_000 : 0);
    const body = new Uint8Array([0x18, 100 + i]);
    board.step({ type: 'report', b: 0, kind: REPORTED_KIND, name: `d/x${i}`, body }, 100 + i);
    board.step({ type: 'event', b: 1, entry: new Uint8Array([1, 2]) }, 100 + i);
    all.push(...exchange(board, bridge, 100 + i));
  }
  const next = new BridgeSide(1000);
  for (let now = 1000; now < 30_000; now += 1000) {
    board.step({ type: 'tick' }, now);
    all.push(...exchange(board, next, now));
  }
  return all;
}

function flipped(bytes: Uint8Array, chance: Chance): Uint8Array {
  const copy = bytes.slice();
  for (let n = 1 + chance.below(3); n > 0; n--) {
    const at = chance.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << chance.below(8));
  }
  return chance.hit(0.2) ? copy.subarray(0, chance.below(copy.length + 1)) : copy;
}

/** The message with the present tag, so that it passes the first check; seqs stay near the fence. */
function retagged(message: Message, tag: number, seq: number): Uint8Array {
  const fields = { ...message, tag };
  if ('seq' in fields && fields.seq !== 0) return encodeMessage({ ...fields, seq } as Message);
  return encodeMessage(fields as Message);
}

test('bit flips in a live session change nothing but counters and documents', () => {
  const letters = recorded();
  for (const seed of [1, 2, 3]) {
    const chance = new Chance(seed);
    const { board, bridge } = greeted(['board-0', 'board-1']);
    for (let i = 0; i < RUNS; i++) {
      const letter = letters[chance.below(letters.length)];
      if (letter === undefined) continue;
      const { tag } = bridge.machine.view();
      const bytes = flipped(retagged(letter.message, tag, 10 + i), chance);
      const up = letter.channel === 'u' || letter.channel === 'j';
      if (up)
        bridge.step({ type: 'message', channel: letter.channel === 'u' ? 'u' : 'j', bytes }, i);
      else board.step({ type: 'message', channel: 'd', bytes }, i);
      board.sent = [];
      bridge.sent = [];
    }
    assert.ok(bridge.machine.view().counters.messages > 100, `seed ${seed}`);
  }
});

const put = (name: string, bytes: number): Op => ({
  op: 'put',
  kind: REPORTED_KIND,
  name,
  body: encodedBytes(bytes),
});

/** CBOR byte string of `n` bytes, 256 ≤ n < 65,536. */
function encodedBytes(n: number): Uint8Array {
  const bytes = new Uint8Array(n + 3);
  bytes.set([0x59, n >> 8, n & 255]);
  return bytes;
}

test('a board that reports without end is held at its limits, and shown', () => {
  const { bridge } = greeted();
  const { tag } = bridge.machine.view();
  const send = (seq: number, ops: readonly Op[]): void => {
    const bytes = encodeMessage({ type: 'up', tag, seq, b: 0, ops });
    bridge.step({ type: 'message', channel: 'u', bytes }, seq);
  };
  let seq = 10;
  for (let i = 0; i < LIMITS.documentsPerBoard + 200; i += 100)
    send(
      seq++,
      Array.from({ length: 100 }, (_, k) => put(`d/x${i + k}`, 300)),
    );
  const held = (): number => [...bridge.machine.view().documents('board-0', 'reported')].length;
  assert.is(held(), LIMITS.documentsPerBoard);
  assert.ok(bridge.notices().includes('TooMuchReported'));
  for (let i = 0; i < 1500; i++) send(seq++, [put(`d/x${i}`, 60_000)]);
  let bytes = 0;
  for (const { body } of bridge.machine.view().documents('board-0', 'reported'))
    bytes += body.length;
  assert.ok(bytes <= LIMITS.storeBytes, `${bytes} bytes`);
});

test('lists that nobody asked for are not looked at', () => {
  const { board, bridge } = greeted();
  bridge.set('ns/p', 1, 10);
  exchange(board, bridge, 10);
  const { tag } = bridge.machine.view();
  const page = { depth: 0, prefix: 0, bytes: new Uint8Array(0), children: false };
  const pages = Array.from({ length: 100 }, () => page);
  const before = bridge.machine.view().counters.rejected;
  const bytes = encodeMessage({ type: 'list', tag, seq: 50, dseq: 1, b: 0, set: 0, pages });
  bridge.step({ type: 'message', channel: 'u', bytes }, 100);
  assert.is(bridge.machine.view().counters.rejected - before, 100);
  assert.equal(bridge.sent, []);
});

test('lists that pretend to go ever deeper are followed within bounds', () => {
  const { board, bridge } = greeted();
  const { tag } = bridge.machine.view();
  for (let i = 0; i < 40; i++) bridge.set(`ns/p${i}`, i, 10);
  elapse(board, bridge, 10, 2000);
  const state = encodeMessage({
    type: 'birth',
    tag,
    seq: 100,
    mark: 1,
    uptimeMs: 1,
    digests: [{ b: 0, desired: 1, reported: 2 }],
  });
  bridge.step({ type: 'message', channel: 'u', bytes: state }, 3000);
  let asked = 0;
  for (let seq = 101; seq < 200 && bridge.sent.length > 0; seq++) {
    const asks = bridge.sent
      .splice(0)
      .flatMap((l) => (l.message.type === 'ask' ? [l.message] : []));
    for (const { b, set, prefixes } of asks) {
      asked += prefixes.length;
      const pages = prefixes
        .filter((p) => p.depth < 8)
        .map((p) => ({ ...p, children: true, bytes: new Uint8Array(64).fill(seq) }));
      if (pages.length === 0) continue;
      for (let i = 0; i < pages.length; i += 500) {
        const part = pages.slice(i, i + 500);
        const list = {
          type: 'list',
          tag,
          seq: seq * 100 + i,
          dseq: 1,
          b,
          set,
          pages: part,
        } as const;
        bridge.step({ type: 'message', channel: 'u', bytes: encodeMessage(list) }, 3000 + seq);
      }
    }
  }
  assert.ok(asked > 500 && asked < 30_000, `${asked} prefixes`);
  assert.ok(bridge.notices().includes('ListTooDeep'));
});

test('a bridge that names boards, sets and prefixes that are not there is answered or ignored', () => {
  const { board } = greeted();
  const { tag } = board.machine.view();
  let seq = 100;
  const send = (message: Message): void => {
    board.step({ type: 'message', channel: 'd', bytes: encodeMessage(message) }, seq++);
  };
  for (const b of [0, 1, 200])
    for (const set of [0, 1] as const)
      for (const depth of [0, 1, 8])
        send({ type: 'ask', tag, seq, b, set, prefixes: [{ depth, prefix: 0 }] });
  send({ type: 'fetch', tag, seq, b: 0, khs: [new Uint8Array(6), new Uint8Array(6)] });
  send({ type: 'jack', tag, seq, b: 0, segment: 9, n: 1000 });
  send({ type: 'drop', tag, seq, b: 99 });
  send({ type: 'refuse', tag, seq, b: 99, code: 6 });
  const lists = board.sent.filter((l) => l.message.type === 'list');
  assert.is(lists.length, 6);
  assert.equal(board.applied(), []);
});

test('an honest session goes on after all of it', () => {
  const { board, bridge } = greeted();
  const { tag } = bridge.machine.view();
  for (let i = 0; i < 50; i++) {
    const bytes = encodeMessage({ type: 'beat', tag, seq: 5000 + i, stamp: i });
    bridge.step({ type: 'message', channel: 'u', bytes }, i * 100);
  }
  bridge.set('ns/p', 1, 6000);
  elapse(board, bridge, 6000, 60_000);
  assert.equal(board.applied(), ['+ns/p']);
  assert.ok(board instanceof BoardSide);
});

test.run();
