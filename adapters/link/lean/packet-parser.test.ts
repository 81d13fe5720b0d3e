import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomPieces, seededRandom } from '../contract/seeded-random.ts';
import { createPacketParser, type PacketParser } from './packet-parser.ts';

const MAX = 1000;

function collect(maxPacketBytes: number = MAX): {
  readonly parser: PacketParser;
  readonly packets: string[];
} {
  const packets: string[] = [];
  const parser = createPacketParser({
    maxPacketBytes,
    onPacket: (head, bytes, start, end) =>
      packets.push(`${head.toString(16)}:${Buffer.from(bytes.slice(start, end)).toString('hex')}`),
  });
  return { parser, packets };
}

function packet(head: number, bodyBytes: number): Uint8Array {
  const length: number[] = [];
  for (let rest = bodyBytes; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  const body = Array.from({ length: bodyBytes }, (_, i) => i & 0xff);
  return new Uint8Array([head, ...length, ...body]);
}

const STREAM = new Uint8Array(
  [
    packet(0xd0, 0),
    packet(0x30, 1),
    packet(0x40, 2),
    packet(0x32, 127),
    packet(0x30, 128),
    packet(0xd0, 0),
    packet(0x30, 600),
  ].flatMap((bytes) => [...bytes]),
);
const whole = collect();
whole.parser.push(STREAM);

test('cuts a stream into its packets', () => {
  assert.is(whole.packets.length, 7);
  assert.equal(whole.packets.slice(0, 3), ['d0:', '30:00', '40:0001']);
  assert.is(whole.packets[6]?.length, '30:'.length + 1200);
});

test('gives the same packets byte by byte', () => {
  const { parser, packets } = collect();
  for (const byte of STREAM) assert.is(parser.push(new Uint8Array([byte])), undefined);
  assert.equal(packets, whole.packets);
});

test('gives the same packets however the stream is cut', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { parser, packets } = collect();
    for (const piece of randomPieces(STREAM, seededRandom(seed))) parser.push(piece);
    assert.equal(packets, whole.packets, `seed ${seed}`);
  }
});

test('a stream that ends early gives the packets before its end and no more', () => {
  for (let end = 0; end < STREAM.length; end++) {
    const { parser, packets } = collect();
    assert.is(parser.push(STREAM.slice(0, end)), undefined);
    assert.equal(packets, whole.packets.slice(0, packets.length));
    parser.push(STREAM.slice(end));
    assert.equal(packets, whole.packets, `cut at ${end}`);
  }
});

test('takes a packet of just the limit and refuses one byte more on its announcement', () => {
  const fits = collect();
  assert.is(fits.parser.push(packet(0x30, MAX - 3)), undefined);
  assert.is(fits.packets.length, 1);
  const over = collect();
  assert.is(over.parser.push(packet(0x30, MAX - 2).slice(0, 3)), 'BL_LINK_TOO_LARGE');
  assert.is(over.parser.push(new Uint8Array(10)), 'BL_LINK_TOO_LARGE');
  assert.equal(over.packets, []);
});

const BROKEN: readonly [string, number[], string][] = [
  ['a length of five bytes', [0x30, 0xff, 0xff, 0xff, 0xff, 0x01], 'BL_LINK_PROTOCOL'],
  ['a length with a needless byte', [0x30, 0x81, 0x00], 'BL_LINK_PROTOCOL'],
  ['an announced 256 MB', [0x30, 0xff, 0xff, 0xff, 0x7f], 'BL_LINK_TOO_LARGE'],
];
for (const [what, bytes, code] of BROKEN)
  test(`refuses ${what}`, () => {
    const { parser, packets } = collect();
    assert.is(parser.push(new Uint8Array(bytes)), code);
    assert.equal(packets, []);
  });

test('never throws on noise', () => {
  for (let seed = 0; seed < 500; seed++) {
    const below = seededRandom(seed);
    const { parser } = collect();
    const noise = Uint8Array.from({ length: 300 }, () => below(256));
    for (const piece of randomPieces(noise, below)) parser.push(piece);
  }
});

test('holds back what comes after hold, in the middle of a piece too', () => {
  const packets: number[] = [];
  const parser: PacketParser = createPacketParser({
    maxPacketBytes: MAX,
    onPacket: (head) => {
      packets.push(head);
      if (head === 0x31) parser.hold();
    },
  });
  parser.push(new Uint8Array([0x31, 0, 0x32, 0, 0x33]));
  assert.equal(packets, [0x31]);
  parser.push(new Uint8Array([1, 9, 0x31, 0, 0x34, 0]));
  assert.equal(packets, [0x31]);
  parser.release();
  assert.equal(packets, [0x31, 0x32, 0x33, 0x31]);
  parser.release();
  assert.equal(packets, [0x31, 0x32, 0x33, 0x31, 0x34]);
});

test('delivers nothing after stop', () => {
  const packets: number[] = [];
  const parser: PacketParser = createPacketParser({
    maxPacketBytes: MAX,
    onPacket: (head) => {
      packets.push(head);
      parser.stop();
    },
  });
  parser.push(new Uint8Array([0x31, 0, 0x32, 0]));
  parser.push(new Uint8Array([0x33, 0]));
  assert.equal(packets, [0x31]);
});

test.run();
