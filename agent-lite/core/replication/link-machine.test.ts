/** The link's own timing and bounds; with a bridge it is tested in test/protocol. */
import { createHash } from 'node:crypto';
import { decodeMessage, encodeMessage, LIMITS, type Message } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinkMachine, type LinkMachine } from './link-machine.ts';
import type { LinkEffect, LinkInput, LinkMachineOptions } from './link-types.ts';

const TWIN = 5;
const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

class Driver {
  readonly machine: LinkMachine;
  readonly sent: Message[] = [];
  readonly effects: LinkEffect[] = [];
  readonly unanswered: number[] = [];
  now = 0;
  /** PUBACKs come at once. */
  acks = true;

  constructor(options: Partial<LinkMachineOptions> = {}) {
    let random = 1;
    this.machine = createLinkMachine({
      boards: ['b0', 'b1'],
      stored: { mark: 0, boots: 1, boards: [] },
      versions: [1],
      kindsRead: 1 << 1,
      maxMessage: 65_536,
      sha256,
      random32: () => random++ * 1000,
      valid: () => true,
      accept: () => 1,
      ...options,
    });
    this.step({ type: 'start' });
    this.step({ type: 'connected', maxPayloadBytes: 65_536 });
  }

  step(input: LinkInput): void {
    for (const effect of this.machine.step(input, this.now)) {
      this.effects.push(effect);
      if (effect.type !== 'publish') continue;
      const decoded = decodeMessage(effect.bytes);
      if (decoded.ok) this.sent.push(decoded.value);
      if (effect.id === 0) continue;
      if (this.acks) this.step({ type: 'published', id: effect.id, ok: true, taken: true });
      else this.unanswered.push(effect.id);
    }
  }
  greet(paceMs = 1000): void {
    const bytes = encodeMessage({
      type: 'hello',
      echo: this.machine.view().tag,
      ses: 77,
      version: 1,
      realm: new Uint8Array(8).fill(1),
      beatS: 10,
      paceMs,
      maxMessage: 65_536,
      unixMs: 1_700_000_000_000,
    });
    this.step({ type: 'message', channel: 'd', bytes });
  }
  report(name: string, value: number, b = 0): void {
    const body = new Uint8Array(value < 24 ? [value] : [0x18, value]);
    this.step({ type: 'report', b, kind: TWIN, name, body });
  }
  /** Ticks whenever the machine asks for it. */
  until(time: number): void {
    while (this.machine.wakeAt() <= time) {
      this.now = Math.max(this.now, this.machine.wakeAt());
      this.step({ type: 'tick' });
    }
    this.now = time;
  }
  count(type: Message['type']): number {
    return this.sent.filter((m) => m.type === type).length;
  }
}

test('sends births after 1, 2 and 4 s, then each beat, until it is greeted', () => {
  const d = new Driver();
  d.until(6900);
  assert.is(d.count('birth'), 3);
  d.until(7100);
  assert.is(d.count('birth'), 4);
  d.until(45_000);
  assert.is(d.count('birth'), 8);
  d.greet();
  assert.ok(d.effects.some((e) => e.type === 'greeted' && e.unixMs === 1_700_000_000_000));
  d.until(75_000);
  assert.is(d.count('birth'), 9, 'one more: the answer');
  assert.is(d.count('beat'), 3);
});

test('a change that is alone goes at once, a burst once per pace with its newest value', () => {
  const d = new Driver();
  d.greet();
  d.report('x', 1);
  assert.is(d.count('up'), 1);
  for (let i = 0; i < 1000; i++) {
    d.until(i + 1);
    d.report('x', i % 200);
  }
  d.until(5000);
  assert.is(d.count('up'), 2);
  const last = d.sent.filter((m) => m.type === 'up').at(-1);
  assert.ok(last?.type === 'up' && last.ops[0]?.op === 'put' && last.ops[0].body[1] === 199);
});

test('ten seconds of a thousand changes a second are eleven messages', () => {
  const d = new Driver();
  d.greet();
  for (let i = 0; i < 10_000; i++) {
    d.report('x', i % 256);
    d.until(i + 1);
  }
  d.until(12_000);
  assert.ok(d.count('up') <= 11, `${d.count('up')} messages`);
  assert.ok(d.count('up') >= 9, `${d.count('up')} messages`);
});

test('equal content is no change', () => {
  const d = new Driver();
  d.greet();
  d.report('x', 1);
  d.until(5000);
  d.report('x', 1);
  d.until(10_000);
  assert.is(d.count('up'), 1);
});

test('one message a board is under way; what came meanwhile goes together', () => {
  const d = new Driver();
  d.greet();
  d.acks = false;
  d.report('a', 1);
  d.report('b', 2);
  d.report('c', 3);
  d.report('d', 4, 1);
  assert.is(d.count('up'), 2, 'one for each board');
  const [first] = d.unanswered;
  d.step({ type: 'published', id: first ?? 0, ok: true, taken: true });
  const last = d.sent.at(-1);
  assert.ok(last?.type === 'up' && last.ops.length === 2);
});

test('what was not acknowledged when the connection went is sent again after it', () => {
  const d = new Driver();
  d.greet();
  d.acks = false;
  d.report('a', 1);
  d.step({ type: 'disconnected' });
  d.report('b', 2);
  assert.is(d.count('up'), 1);
  d.now = 3000;
  d.step({ type: 'connected', maxPayloadBytes: 65_536 });
  const last = d.sent.at(-1);
  assert.is(d.sent.at(-2)?.type, 'beat');
  assert.ok(last?.type === 'up' && last.ops.length === 2 && last.tMs === 0, 'and says when');
});

test('reported values are saved soon when alone, every 5 s in a burst, and not at all when idle', () => {
  const d = new Driver();
  d.greet();
  const saves = (): number => d.effects.filter((e) => e.type === 'save-reported').length;
  d.report('x', 1);
  d.until(300);
  assert.is(saves(), 1);
  for (let i = 0; i < 100; i++) {
    d.report('x', i);
    d.until(300 + i * 100);
  }
  assert.ok(saves() <= 3, `${saves()} saves`);
  d.until(20_000);
  const idle = saves();
  d.until(200_000);
  assert.is(saves(), idle);
});

test('a volatile value goes out and is never saved; its removal is', () => {
  const d = new Driver({ volatile: (_b, _kind, name) => name === 'meter' });
  d.greet();
  const saves = (): number => d.effects.filter((e) => e.type === 'save-reported').length;
  const ups = d.count('up');
  d.report('meter', 1);
  d.until(20_000);
  assert.is(d.count('up'), ups + 1);
  assert.is(saves(), 0);
  d.step({ type: 'report', b: 0, kind: TWIN, name: 'meter' });
  d.until(40_000);
  assert.is(saves(), 1);
});

test('events go at once, and again after a beat without acknowledgement', () => {
  const d = new Driver();
  d.greet();
  d.step({ type: 'event', b: 0, entry: new Uint8Array([1]) });
  d.step({ type: 'event', b: 0, entry: new Uint8Array([2]) });
  assert.is(d.count('journal'), 1);
  d.until(10_000);
  assert.is(d.count('journal'), 2);
  const again = d.sent.filter((m) => m.type === 'journal').at(-1);
  assert.ok(again?.type === 'journal');
  assert.is(again.entries.length, 2);
  const { tag } = d.machine.view();
  const jack = encodeMessage({ type: 'jack', tag, seq: 1, b: 0, segment: again.segment, n: 2 });
  d.step({ type: 'message', channel: 'd', bytes: jack });
  assert.is(d.machine.view().journalHeld(0), 0);
});

test('JournalCounted: made = held + lost when nothing is taken', () => {
  const d = new Driver();
  const made = LIMITS.journalEntries + 500;
  for (let i = 0; i < made; i++) d.step({ type: 'event', b: 0, entry: new Uint8Array([1]) });
  const { journalHeld, journalLost } = d.machine.view();
  assert.is(journalHeld(0) + journalLost(0), made);
  assert.is(journalLost(0), 500);
});

test('a commit is acknowledged by a beat at once, and by one within 200 ms after another', () => {
  const d = new Driver();
  d.greet();
  d.until(5000);
  const put = (seq: number): Uint8Array =>
    encodeMessage({
      type: 'down',
      tag: 77,
      seq,
      b: 0,
      mark: seq,
      ops: [{ op: 'put', kind: 1, name: `ns/p${seq}`, body: new Uint8Array([seq]) }],
    });
  const beats = (): (number | undefined)[] =>
    d.sent.flatMap((m) => (m.type === 'beat' ? [m.dseq] : []));
  d.step({ type: 'message', channel: 'd', bytes: put(1) });
  assert.equal(beats(), [], 'not before it is on disk');
  d.step({ type: 'committed', ok: true });
  assert.equal(beats(), [1]);
  d.step({ type: 'message', channel: 'd', bytes: put(2) });
  d.step({ type: 'committed', ok: true });
  assert.equal(beats(), [1]);
  d.until(5200);
  assert.equal(beats(), [1, 2]);
  d.until(46_000);
  assert.equal(beats(), [1, 2, 2, 2, undefined, undefined], 'in three beats');
});

test('takes no report that is too long or has no name to speak of', () => {
  const d = new Driver();
  d.greet();
  const report = (name: string, bytes: number): void =>
    d.step({ type: 'report', b: 0, kind: TWIN, name, body: new Uint8Array(bytes) });
  report('x', LIMITS.documentBytes + 1);
  report('x'.repeat(600), 1);
  report('\ud800', 1);
  const codes = d.effects.flatMap((e) => (e.type === 'warn' ? [e.code] : []));
  assert.equal(codes, ['BL_REPLICATION_TOO_LONG', 'BL_REPLICATION_NAME', 'BL_REPLICATION_NAME']);
  assert.is(d.count('up'), 0);
});

test('says nothing while the link is congested, and all of it when it drains', () => {
  const d = new Driver();
  d.greet();
  d.step({ type: 'published', id: 0, ok: false, taken: false });
  d.report('a', 1);
  d.step({ type: 'event', b: 0, entry: new Uint8Array([1]) });
  assert.is(d.count('up') + d.count('journal'), 0);
  d.step({ type: 'drain' });
  assert.is(d.count('up'), 1);
  assert.is(d.count('journal'), 1);
});

test('a stream’s bytes that the link did not take go again when it drains, not after a retry', () => {
  const taken: { readonly write: (bytes: Uint8Array) => boolean }[] = [];
  const quiet = { onData: () => undefined, onEnd: () => undefined };
  const d = new Driver({
    accept: (_request, stream) => {
      taken.push(stream);
      return quiet;
    },
  });
  d.greet();
  const { tag } = d.machine.view();
  const down = (message: Message) =>
    d.step({ type: 'message', channel: 'r', bytes: encodeMessage(message) });
  down({ type: 'open', tag, id: 2, b: 0, streamType: 1, args: new Uint8Array([0xa0]) });
  down({ type: 'credit', tag, id: 2, ack: 0, limit: LIMITS.streamWindowBytes });
  const [stream] = taken;
  for (let i = 0; i < 4; i++) stream?.write(new Uint8Array(LIMITS.streamChunkBytes));
  const sent = d.machine.take().flatMap((e) => (e.type === 'publish' && e.data ? [e.data] : []));
  assert.equal(
    sent.map(({ off }) => off),
    [0, 1, 2, 3].map((n) => n * LIMITS.streamChunkBytes),
  );
  for (const data of sent.slice(2))
    d.step({ type: 'published', id: 0, ok: false, taken: false, data });
  d.step({ type: 'drain' });
  const again = d.sent.flatMap((m) => (m.type === 'data' ? [m.off] : []));
  assert.equal(
    again,
    [2, 3].map((n) => n * LIMITS.streamChunkBytes),
  );
});

test.run();
