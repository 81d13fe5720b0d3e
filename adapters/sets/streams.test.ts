import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { END_CODES, type StreamMessage } from '../wire/index.ts';
import { type StreamEvents, type StreamHandle, StreamTable } from './index.ts';

const WINDOW = 1000;
const CHUNK = 100;

/** Two tables over a channel that loses, repeats, delays and reorders, in fake time. */
class Wire {
  now = 0;
  loss = 0;
  #seed: number;
  readonly #due: { at: number; order: number; fire: () => void }[] = [];
  #order = 0;
  readonly board: StreamTable;
  readonly bridge: StreamTable;
  accept: (stream: StreamHandle) => StreamEvents | number = () => END_CODES.notFound;

  constructor(seed: number) {
    this.#seed = seed;
    const options = { windowBytes: WINDOW, chunkBytes: CHUNK, streamsPerBoard: 4 };
    this.board = new StreamTable({
      ...options,
      side: 'board',
      send: (m, qos) => this.#send(m, qos, () => this.bridge),
      accept: (_r, stream) => this.accept(stream),
    });
    this.bridge = new StreamTable({
      ...options,
      side: 'bridge',
      send: (m, qos) => this.#send(m, qos, () => this.board),
      accept: (_r, stream) => this.accept(stream),
    });
    for (const table of [this.board, this.bridge]) {
      table.setTag(7, 0);
      table.online(true, 0);
    }
  }

  chance(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  #send(message: StreamMessage, qos: 0 | 1, to: () => StreamTable): boolean {
    const copies = qos === 0 && this.chance() < this.loss / 2 ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (qos === 0 && this.chance() < this.loss) continue;
      const delay = 1 + Math.floor(this.chance() * (this.loss > 0 ? 40 : 1));
      this.at(this.now + delay, () => {
        to().receive(message, this.now);
      });
    }
    return true;
  }

  at(at: number, fire: () => void): void {
    this.#due.push({ at, order: this.#order++, fire });
  }

  run(untilMs: number): void {
    for (;;) {
      this.#due.sort((a, b) => a.at - b.at || a.order - b.order);
      const wake = Math.min(this.board.wakeAt(), this.bridge.wakeAt());
      const next = this.#due[0];
      const at = Math.min(wake, next?.at ?? Number.POSITIVE_INFINITY);
      if (at > untilMs) break;
      this.now = Math.max(this.now, at);
      if (next !== undefined && next.at <= wake) {
        this.#due.shift();
        next.fire();
      } else {
        this.board.tick(this.now);
        this.bridge.tick(this.now);
      }
    }
    this.now = untilMs;
  }
}

interface Reader extends StreamEvents {
  readonly bytes: number[];
  readonly ends: number[];
}
function reader(): Reader {
  const bytes: number[] = [];
  const ends: number[] = [];
  return {
    bytes,
    ends,
    onData: (b) => {
      bytes.push(...b);
    },
    onEnd: (code) => {
      ends.push(code);
    },
  };
}

const REQUEST = { b: 0, streamType: 1, args: new Uint8Array([0xf6]) };

/** Writes `total` numbered bytes as the window allows, then ends. */
function writer(stream: StreamHandle, total: number): { readonly pump: () => void } {
  let at = 0;
  let ended = false;
  const pump = (): void => {
    while (at < total) {
      const part = Uint8Array.from({ length: Math.min(37, total - at) }, (_, i) => (at + i) & 255);
      if (!stream.write(part)) return;
      at += part.length;
    }
    if (!ended) stream.end(END_CODES.ok);
    ended = true;
  };
  return { pump };
}

const expected = (total: number): number[] => Array.from({ length: total }, (_, i) => i & 255);

test('carries all bytes in order over a channel that loses, repeats and reorders', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const wire = new Wire(seed);
    wire.loss = 0.2;
    wire.accept = (stream) => {
      const { pump } = writer(stream, 5000);
      wire.at(wire.now + 1, pump);
      return { ...reader(), onDrain: pump };
    };
    const got = reader();
    wire.bridge.open(REQUEST, got, 0);
    wire.run(400_000);
    assert.equal(got.ends, [END_CODES.ok], `seed ${seed}`);
    assert.equal(got.bytes, expected(5000), `seed ${seed}`);
    assert.is(wire.board.size, 0, `seed ${seed}: the board's table`);
    assert.is(wire.bridge.size, 0, `seed ${seed}: the bridge's table`);
  }
});

test('carries both directions at once, and a half-close lets the other go on', () => {
  const wire = new Wire(3);
  const atBoard = reader();
  wire.accept = (stream) => {
    const { pump } = writer(stream, 3000);
    return {
      ...atBoard,
      onEnd: (code) => {
        atBoard.ends.push(code);
        pump();
      },
      onDrain: pump,
    };
  };
  const got = reader();
  const events = { ...got, onDrain: () => up.pump() };
  const handle = wire.bridge.open(REQUEST, events, 0);
  assert.ok(handle);
  const up = writer(handle, 2000);
  up.pump();
  wire.run(60_000);
  assert.equal(atBoard.bytes, expected(2000));
  assert.equal(atBoard.ends, [END_CODES.ok]);
  assert.equal(got.bytes, expected(3000));
  assert.equal(got.ends, [END_CODES.ok]);
});

test('a reader that pauses stops the writer within a window', () => {
  const wire = new Wire(4);
  let written = 0;
  wire.accept = (stream) => {
    const pump = (): void => {
      while (stream.write(new Uint8Array(50))) written += 50;
    };
    wire.at(wire.now + 1, pump);
    return { ...reader(), onDrain: pump };
  };
  const got = reader();
  const handle = wire.bridge.open(REQUEST, got, 0);
  wire.run(100);
  handle?.pause();
  wire.run(10_000);
  const paused = got.bytes.length;
  const writtenThen = written;
  wire.run(60_000);
  assert.is(got.bytes.length, paused);
  assert.is(written, writtenThen);
  handle?.resume();
  wire.run(61_000);
  assert.ok(got.bytes.length > paused);
});

test('a lost last byte is sent again without being asked for', () => {
  const wire = new Wire(5);
  wire.accept = (stream) => {
    wire.at(wire.now + 10, () => {
      wire.loss = 1;
      stream.write(new Uint8Array([1, 2, 3]));
      wire.loss = 0;
    });
    return reader();
  };
  const got = reader();
  wire.bridge.open(REQUEST, got, 0);
  wire.run(5000);
  assert.equal(got.bytes, [1, 2, 3]);
});

test('a new tag aborts all streams on both sides', () => {
  const wire = new Wire(6);
  const atBoard = reader();
  wire.accept = () => atBoard;
  const got = reader();
  wire.bridge.open(REQUEST, got, 0);
  wire.run(100);
  wire.bridge.setTag(8, wire.now);
  wire.board.setTag(8, wire.now);
  assert.equal(got.ends, [END_CODES.session]);
  assert.equal(atBoard.ends, [END_CODES.session]);
  assert.is(wire.board.size + wire.bridge.size, 0);
});

test('refuses what nobody handles, and more streams than a board may have', () => {
  const wire = new Wire(7);
  const refused = reader();
  wire.bridge.open(REQUEST, refused, 0);
  wire.run(100);
  assert.equal(refused.ends, [END_CODES.notFound]);
  wire.accept = () => reader();
  for (let i = 0; i < 4; i++) assert.ok(wire.bridge.open(REQUEST, reader(), wire.now));
  assert.is(wire.bridge.open(REQUEST, reader(), wire.now), undefined);
  assert.ok(wire.bridge.open({ ...REQUEST, b: 1 }, reader(), wire.now));
});

test('aborts a peer that sends beyond its credit', () => {
  const wire = new Wire(8);
  const atBoard = reader();
  wire.accept = () => atBoard;
  wire.bridge.open(REQUEST, reader(), 0);
  wire.run(100);
  wire.board.receive(
    { type: 'data', tag: 7, id: 2, off: 0, bytes: new Uint8Array(WINDOW + 1) },
    wire.now,
  );
  assert.equal(atBoard.ends, [END_CODES.tooMuch]);
  wire.run(200);
  assert.is(wire.bridge.size, 0);
});

test('an end that was lost with a connection is found out after the reconnect', () => {
  const wire = new Wire(9);
  let stream: StreamHandle | undefined;
  wire.accept = (s) => {
    stream = s;
    return reader();
  };
  const got = reader();
  wire.bridge.open(REQUEST, got, 0);
  wire.run(100);
  wire.bridge.online(false, wire.now);
  wire.board.online(false, wire.now);
  stream?.end(END_CODES.failed);
  wire.bridge.online(true, wire.now);
  wire.board.online(true, wire.now);
  wire.run(200);
  assert.equal(got.ends, [END_CODES.failed]);
});

test.run();
