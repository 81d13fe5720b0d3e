/** Rules of docs/protocol.md one by one, on the shortest traces that need them. */
import { REFUSE_CODES } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BoardSide, BridgeSide, elapse, exchange, fromOutside, greeted } from './pair.ts';

/** hello(ses 2), down(tag 2), power cut, the same hello redelivered: the old down must stay dead. */
function redeliveredHello(echo: boolean): string[] {
  const first = new BoardSide(['board-0'], 0);
  const bridge = new BridgeSide(0);
  first.connect(0);
  const seen = exchange(first, bridge, 0);
  bridge.set('ns/p', 1, 10);
  const down = bridge.sent.find((l) => l.message.type === 'down');
  const hello = seen.find((l) => l.message.type === 'hello');
  assert.ok(down && hello);
  const rebooted = new BoardSide(['board-0'], 100, { rules: { echo } });
  rebooted.connect(100);
  rebooted.take(hello, 110);
  rebooted.take(down, 120);
  return rebooted.applied();
}

test('NoStaleBoot: a redelivered hello does not wake messages of before the boot', () => {
  assert.equal(redeliveredHello(true), []);
});
test('NoStaleBoot fails without the rule "echo"', () => {
  assert.equal(redeliveredHello(false), ['+ns/p']);
});

/** A deposed replica, woken, meets the tag of its successor's session. */
function wokenReplica(leaseRead: boolean): string[] {
  const board = new BoardSide(['board-0'], 0);
  const old = new BridgeSide(0, { rules: { leaseRead } });
  const next = new BridgeSide(0);
  board.connect(0);
  exchange(board, old, 0);
  old.holder = false;
  old.set('ns/old', 1, 10);
  old.sent = [];
  board.step({ type: 'tick' }, 10_000);
  exchange(board, next, 10_000);
  next.set('ns/new', 1, 11_000);
  exchange(board, next, 11_000);
  for (let now = 20_000; now <= 60_000; now += 10_000) {
    board.step({ type: 'tick' }, now);
    exchange(board, old, now);
  }
  return board.applied();
}

test('StaleReplica: a deposed replica that wakes up says nothing more', () => {
  assert.equal(wokenReplica(true), ['+ns/new']);
});
test('StaleReplica fails without the rule "leaseRead"', () => {
  assert.ok(wokenReplica(false).includes('+ns/old'));
});

/** Two downs of one session, swapped. */
function swappedDowns(seq: boolean): string[] {
  const board = new BoardSide(['board-0'], 0, { rules: { seq } });
  const bridge = new BridgeSide(0);
  board.connect(0);
  exchange(board, bridge, 0);
  bridge.set('ns/p', 1, 10);
  const [first] = bridge.sent.splice(0);
  bridge.remove('ns/p', 10_100);
  const [second] = bridge.sent.splice(0);
  assert.ok(first && second);
  board.take(second, 10_200);
  board.take(first, 10_300);
  return board.applied();
}

test('NoResurrect: of two downs the older one is dead once the newer one was taken', () => {
  assert.equal(swappedDowns(true), []);
});
test('NoResurrect fails without the rule "seq"', () => {
  assert.equal(swappedDowns(false), ['+ns/p']);
});

/** The board holds a document of revision 5; a replica whose caches are at 1 greets it. */
function coldReplica(mark: boolean, warm = true): { board: BoardSide; bridge: BridgeSide } {
  const body = new Uint8Array([1]);
  const stored = {
    mark: 5,
    boots: 1,
    boards: [
      {
        id: 'board-0',
        desired: [{ kind: 1, name: 'ns/p', body }],
        reported: [],
        journal: [],
        lost: 0,
      },
    ],
  };
  const board = new BoardSide(['board-0'], 0, { stored });
  const bridge = new BridgeSide(0, { rules: { mark } });
  bridge.warm = warm;
  board.connect(0);
  exchange(board, bridge, 0);
  elapse(board, bridge, 100, 1500);
  return { board, bridge };
}

test('NoColdDelete: caches behind the mark, or not listed, delete nothing', () => {
  assert.equal(coldReplica(true).board.applied(), []);
  const { board, bridge } = coldReplica(true, false);
  assert.equal(board.applied(), []);
  bridge.revision = 6;
  bridge.warm = true;
  elapse(board, bridge, 1600, 15_000);
  assert.equal(board.applied(), ['-ns/p'], 'warm and past the mark it may');
});
test('NoColdDelete fails without the rule "mark"', () => {
  assert.equal(coldReplica(false).board.applied(), ['-ns/p']);
});
test('a mark of another history gives way to a consistent read, with an event', () => {
  const { board, bridge } = coldReplica(true);
  elapse(board, bridge, 1600, 4000);
  assert.ok(bridge.effects.some((e) => e.type === 'read-revision'));
  bridge.step({ type: 'revision', revision: 1 }, 4100);
  exchange(board, bridge, 4100);
  assert.ok(bridge.notices().includes('OtherHistory'));
  assert.equal(board.applied(), ['-ns/p']);
});

function actedBeforeDisk(commit: boolean): string[] {
  const board = new BoardSide(['board-0'], 0, { rules: { commit } });
  const bridge = new BridgeSide(0);
  board.connect(0);
  exchange(board, bridge, 0);
  board.commits = false;
  bridge.set('ns/p', 1, 10);
  exchange(board, bridge, 10);
  return board.applied();
}

test('CommitBeforeAct: nothing is acted on before it is on disk, and dseq waits too', () => {
  assert.equal(actedBeforeDisk(true), []);
});
test('CommitBeforeAct fails without the rule "commit"', () => {
  assert.equal(actedBeforeDisk(false), ['+ns/p']);
});

test('downs that wait behind a commit share the next one, in order', () => {
  const { board, bridge } = greeted();
  board.commits = false;
  for (let i = 1; i <= 4; i++) bridge.set(`ns/p${i}`, i, 10);
  exchange(board, bridge, 10);
  board.step({ type: 'committed', ok: true }, 20);
  board.step({ type: 'committed', ok: true }, 30);
  assert.equal(board.applied(), ['+ns/p1', '+ns/p2', '+ns/p3', '+ns/p4']);
  assert.is(board.effects.filter((e) => e.type === 'commit').length, 2);
});

/** CBOR of a small integer that the board of this test does not take. */
const UNREADABLE = 20;

test('NoRefusalLoop: what a board refuses is sent once a session, and again when its content changes', () => {
  const board = new BoardSide(['board-0'], 0, { valid: (_k, _n, body) => body[0] !== UNREADABLE });
  const bridge = new BridgeSide(0);
  board.connect(0);
  exchange(board, bridge, 0);
  bridge.set('ns/ok', 1, 10);
  bridge.set('ns/p', 1, 10);
  elapse(board, bridge, 10, 1000);
  bridge.documents.set('ns/p', {
    kind: 1,
    name: 'ns/p',
    body: new Uint8Array([UNREADABLE]),
    revision: 9,
  });
  bridge.step({ type: 'changed', board: 'board-0', kind: 1, name: 'ns/p', revision: 9 }, 2000);
  exchange(board, bridge, 2000);
  const before = bridge.machine.view().counters;
  const [downs, asks] = [before.downs, before.asks];
  elapse(board, bridge, 2100, 120_000);
  const after = bridge.machine.view().counters;
  assert.is(after.refused, 1);
  assert.is(after.downs, downs, 'not sent again');
  assert.is(after.asks, asks, 'and no difference either');
  assert.equal(bridge.notices(), ['DocumentInvalid']);
  assert.is(board.applied().includes('-ns/p'), false, 'the older content stays');
  bridge.set('ns/p', 3, 121_000);
  exchange(board, bridge, 121_000);
  assert.is(board.applied().at(-1), '+ns/p');
});

test('a full disk is refused as such, shown, and tried again later', () => {
  const { board, bridge } = greeted();
  board.commitResult = { ok: false, code: 'BL_HOST_NO_SPACE' };
  bridge.set('ns/p', 1, 10);
  elapse(board, bridge, 20, 30_000);
  assert.equal(bridge.notices(), ['BoardStorageFull']);
  assert.equal(board.applied(), []);
  board.commitResult = { ok: true };
  elapse(board, bridge, 30_100, 90_000);
  assert.equal(board.applied(), ['+ns/p']);
});

test('LateWill: a will that arrives after the reconnect kills nothing', () => {
  const { board, bridge } = greeted();
  bridge.take(fromOutside('w', { type: 'death', tag: 1 }), 1000);
  elapse(board, bridge, 1100, 60_000);
  assert.equal(bridge.states(), ['up']);
});

test('a will and 1.5 intervals of silence are a lost link, 3.5 without a will a missed heartbeat', () => {
  const silent = (will: boolean): { readonly states: string[]; readonly at: number } => {
    const { bridge } = greeted();
    if (will) bridge.take(fromOutside('w', { type: 'death', tag: 1 }), 1000);
    let at = 0;
    for (let now = 1000; now <= 60_000 && at === 0; now += 100) {
      bridge.step({ type: 'tick' }, now);
      if (bridge.states().length === 2) at = now;
    }
    return { states: bridge.states(), at };
  };
  assert.equal(silent(true), { states: ['up', 'LinkLost'], at: 15_000 });
  assert.equal(silent(false), { states: ['up', 'HeartbeatMissed'], at: 35_000 });
});

test('a goodbye counts at once, and only with the present tag', () => {
  const { board, bridge } = greeted();
  bridge.take(fromOutside('w', { type: 'death', tag: 12, reason: 1 }), 100);
  assert.equal(bridge.states(), ['up']);
  const bytes = board.machine.death(true);
  bridge.step({ type: 'message', channel: 'w', bytes }, 200);
  assert.equal(bridge.states(), ['up', 'Goodbye']);
});

test('ConstantBeat: 15 bytes idle, for one board and for 256; 24 at most', () => {
  for (const n of [1, 256]) {
    const { board, bridge } = greeted(Array.from({ length: n }, (_, i) => `board-${i}`));
    const beats = elapse(board, bridge, 100, 35_000).filter((l) => l.message.type === 'beat');
    assert.ok(beats.length >= 3);
    for (const beat of beats) assert.ok(beat.bytes.length <= 16, `${beat.bytes.length} bytes`);
    bridge.set('ns/p', 1, 35_100);
    const [acknowledging] = exchange(board, bridge, 35_100).filter(
      (l) => l.message.type === 'beat',
    );
    assert.ok(acknowledging && acknowledging.bytes.length <= 24);
  }
});

test('an idle session sends beats and nothing else, in both directions', () => {
  const { board, bridge } = greeted();
  bridge.set('ns/p', 1, 10);
  board.step({ type: 'report', b: 0, kind: 5, name: 'd/x', body: new Uint8Array([1]) }, 10);
  elapse(board, bridge, 10, 1000);
  const types = elapse(board, bridge, 1100, 300_000).map((l) => l.message.type);
  assert.equal([...new Set(types)], ['beat']);
  assert.ok(types.length >= 29 && types.length <= 31, `${types.length} beats in 300 s`);
});

test('realm: a bridge of another cluster is refused and deletes nothing', () => {
  const { board } = greeted();
  const other = new BridgeSide(0, { realm: new Uint8Array(8) });
  board.step({ type: 'tick' }, 10_000);
  const seen = exchange(board, other, 10_000);
  const refusal = seen.find((l) => l.message.type === 'refuse');
  assert.ok(refusal?.message.type === 'refuse' && refusal.message.code === REFUSE_CODES.realm);
  assert.is(other.machine.view().tag, 0);
});

test('entitlement: a claimed board is refused and shown, and the others of the link go on', () => {
  const board = new BoardSide(['board-0', 'not-mine'], 0);
  const bridge = new BridgeSide(0, { entitled: (id) => id === 'board-0' });
  board.connect(0);
  exchange(board, bridge, 0);
  assert.equal(bridge.machine.view().boards, ['board-0']);
  assert.ok(bridge.effects.some((e) => e.type === 'notice' && e.board === 'not-mine'));
  bridge.set('ns/p', 1, 10);
  elapse(board, bridge, 20, 40_000);
  assert.equal(board.applied(), ['+ns/p']);
  assert.is(bridge.machine.view().counters.differed, 0, 'and the stamps agree');
});

test('Duplicate: two live instances of one link are noticed, and the first keeps the session', () => {
  const first = new BoardSide(['board-0'], 0);
  const second = new BoardSide(['board-0'], 0);
  const bridge = new BridgeSide(0);
  first.connect(0);
  exchange(first, bridge, 0);
  second.connect(1000);
  exchange(second, bridge, 1000);
  for (let now = 10_000; now <= 60_000; now += 10_000) {
    for (const board of [first, second]) {
      board.step({ type: 'tick' }, now);
      exchange(board, bridge, now);
    }
  }
  assert.ok(bridge.notices().includes('Duplicate'));
  assert.is(bridge.machine.view().tag, first.machine.view().tag);
});

test('a dropped board forgets its desired set, and the link goes on without it', () => {
  const { board, bridge } = greeted(['board-0', 'board-1']);
  bridge.set('ns/p', 1, 10, 'board-1');
  exchange(board, bridge, 10);
  bridge.step({ type: 'drop', board: 'board-1' }, 2000);
  elapse(board, bridge, 2000, 30_000);
  assert.equal(board.applied(), ['+ns/p', '-ns/p']);
  assert.is(bridge.machine.view().counters.differed, 0);
});

test('a restarted bridge greets within a beat, and sends nothing that is there', () => {
  const { board, bridge } = greeted();
  bridge.set('ns/p', 1, 10);
  exchange(board, bridge, 10);
  const next = new BridgeSide(5000);
  for (const [name, document] of bridge.documents) next.documents.set(name, document);
  next.revision = bridge.revision;
  elapse(board, next, 5000, 12_000);
  assert.is(next.machine.view().writing, true);
  assert.is(next.machine.view().counters.downs, 0);
});

test('a lost connection of the bridge costs no more than what was under way', () => {
  const { board, bridge } = greeted();
  bridge.set('ns/a', 1, 10);
  bridge.sent = [];
  bridge.step({ type: 'disconnected' }, 20);
  bridge.set('ns/b', 2, 30);
  assert.equal(bridge.sent, []);
  bridge.step({ type: 'connected' }, 40);
  exchange(board, bridge, 40);
  assert.equal(board.applied().sort(), ['+ns/a', '+ns/b']);
  assert.is(bridge.machine.view().counters.asks, 0);
});

test('a large document comes in chunks, and goes on where it stood after a restart of the bridge', () => {
  const { board, bridge } = greeted();
  bridge.set('ns/big', 1, 10, 'board-0', 200_000);
  let chunks = 0;
  exchange(board, bridge, 10, (l) => l.message.type !== 'down' || ++chunks <= 2);
  assert.equal(board.applied(), []);
  const next = new BridgeSide(5000);
  for (const [name, document] of bridge.documents) next.documents.set(name, document);
  next.revision = bridge.revision;
  const seen = elapse(board, next, 5000, 15_000);
  const first = seen.find((l) => l.message.type === 'down');
  const op = first?.message.type === 'down' ? first.message.ops[0] : undefined;
  assert.ok(op?.op === 'chunk' && op.off > 100_000, 'resumed');
  assert.equal(board.applied(), ['+ns/big']);
});

test('refuses downs for boards that the link does not carry, and keeps its inbox bounded', () => {
  const { board } = greeted();
  const { tag } = board.machine.view();
  const ops = [{ op: 'put', kind: 1, name: 'ns/p', body: new Uint8Array([1]) }] as const;
  board.take(fromOutside('d', { type: 'down', tag, seq: 900, b: 77, mark: 1, ops }), 100);
  assert.is(board.machine.view().counters.refused, 1);
  board.commits = false;
  for (let seq = 1000; seq < 2000; seq++)
    board.take(fromOutside('d', { type: 'down', tag, seq, b: 0, mark: 1, ops }), 200);
  assert.ok(board.machine.view().counters.overflow > 500);
});

test('rubbish on any channel is counted and changes nothing', () => {
  const { board, bridge } = greeted();
  const before = board.machine.view().tag;
  for (const channel of ['d', 'r'] as const)
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: i % 40 }, (_, k) => (i * 31 + k * 17) & 255);
      board.step({ type: 'message', channel, bytes }, 100);
    }
  for (const channel of ['u', 'j', 's', 'w'] as const)
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: i % 40 }, (_, k) => (i * 29 + k * 13) & 255);
      bridge.step({ type: 'message', channel, bytes }, 100);
    }
  assert.is(board.machine.view().tag, before);
  assert.is(bridge.machine.view().tag, before);
  assert.ok(board.machine.view().counters.rejected > 300);
  assert.ok(bridge.machine.view().counters.rejected > 600);
  elapse(board, bridge, 200, 25_000);
  assert.equal(bridge.states(), ['up']);
});

test.run();
