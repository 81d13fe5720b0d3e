import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomPieces, seededRandom } from '../contract/seeded-random.ts';
import { createFrameParser, createFrameWriter, MAX_FRAME_BYTES } from './web-socket-frames.ts';

interface Seen {
  readonly push: (bytes: Uint8Array) => string | undefined;
  readonly data: () => string;
  readonly controls: string[];
}

function watch(): Seen {
  const data: number[] = [];
  const controls: string[] = [];
  const parser = createFrameParser({
    onData: (bytes) => data.push(...bytes),
    onControl: (opcode, payload) =>
      controls.push(`${opcode}:${Buffer.from(payload).toString('hex')}`),
  });
  return {
    push: (bytes) => parser.push(bytes),
    data: () => Buffer.from(data).toString('hex'),
    controls,
  };
}

/** A server frame: unmasked. */
function frame(first: number, payload: readonly number[]): number[] {
  const { length } = payload;
  if (length < 126) return [first, length, ...payload];
  if (length <= 0xffff) return [first, 126, length >> 8, length & 255, ...payload];
  return [first, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255, ...payload];
}

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i & 255);
const STREAM = new Uint8Array([
  ...frame(0x82, [1, 2, 3]),
  ...frame(0x02, [4]),
  ...frame(0x89, [0xaa]),
  ...frame(0x00, []),
  ...frame(0x80, [5, 6]),
  ...frame(0x82, count(125)),
  ...frame(0x82, count(126)),
  ...frame(0x8a, []),
  ...frame(0x82, count(66_000)),
  ...frame(0x88, [3, 232]),
]);
const whole = watch();
whole.push(STREAM);

test('joins messages, fragments and all, and keeps control frames apart', () => {
  assert.is(whole.data().length, 2 * (3 + 1 + 2 + 125 + 126 + 66_000));
  assert.ok(whole.data().startsWith('010203040506'));
  assert.equal(whole.controls, ['9:aa', '10:', '8:03e8']);
});

test('reads the same byte by byte and however the stream is cut', () => {
  const single = watch();
  for (const byte of STREAM) single.push(new Uint8Array([byte]));
  assert.is(single.data(), whole.data());
  assert.equal(single.controls, whole.controls);
  for (let seed = 0; seed < 5; seed++) {
    const pieces = watch();
    for (const piece of randomPieces(STREAM, seededRandom(seed))) pieces.push(piece);
    assert.is(pieces.data(), whole.data(), `seed ${seed}`);
    assert.equal(pieces.controls, whole.controls, `seed ${seed}`);
  }
});

test('a stream that ends early is no failure', () => {
  const short = STREAM.slice(0, 300);
  for (let end = 0; end < short.length; end++) {
    const seen = watch();
    assert.is(seen.push(short.slice(0, end)), undefined);
    assert.ok(whole.data().startsWith(seen.data()));
  }
});

const BROKEN: readonly [string, number[], string][] = [
  ['a masked frame', [0x82, 0x81, 1, 2, 3, 4, 5], 'BL_LINK_PROTOCOL'],
  ['a reserved bit', [0xc2, 1, 0], 'BL_LINK_PROTOCOL'],
  ['a text message', [0x81, 1, 0x61], 'BL_LINK_PROTOCOL'],
  ['an unknown opcode', [0x83, 0], 'BL_LINK_PROTOCOL'],
  ['an unknown control opcode', [0x8b, 0], 'BL_LINK_PROTOCOL'],
  ['a continuation of nothing', [0x80, 1, 0], 'BL_LINK_PROTOCOL'],
  ['a message inside a message', [0x02, 1, 0, 0x82, 1, 0], 'BL_LINK_PROTOCOL'],
  ['a fragmented ping', [0x09, 0], 'BL_LINK_PROTOCOL'],
  ['a ping of 126 bytes', [0x89, 126, 0, 126], 'BL_LINK_PROTOCOL'],
  ['a 16-bit length of 125', [0x82, 126, 0, 125], 'BL_LINK_PROTOCOL'],
  ['a 64-bit length of 65,535', [0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 'BL_LINK_PROTOCOL'],
  ['a frame one over the limit', [0x82, 127, 0, 0, 0, 0, 1, 0, 0, 1], 'BL_LINK_TOO_LARGE'],
  ['a frame of 2^63', [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 'BL_LINK_TOO_LARGE'],
];
for (const [what, bytes, code] of BROKEN)
  test(`refuses ${what}`, () => {
    const seen = watch();
    assert.is(seen.push(new Uint8Array(bytes)), code);
    assert.is(seen.push(new Uint8Array([0x89, 0])), code);
    assert.equal(seen.controls, []);
  });

test('takes a frame of just the limit', () => {
  assert.is(MAX_FRAME_BYTES, 0x100_0000);
  assert.is(watch().push(new Uint8Array([0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0])), undefined);
});

test('noise and flipped bits never throw', () => {
  for (let seed = 0; seed < 500; seed++) {
    const below = seededRandom(seed);
    const bytes = STREAM.slice(0, 60);
    const bit = below(8 * bytes.length);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    watch().push(bytes);
    watch().push(Uint8Array.from({ length: 100 }, () => below(256)));
  }
});

test('writes masked frames of every length form, each with a mask of its own', () => {
  let drawn = 0;
  const write = createFrameWriter((length) =>
    Uint8Array.from({ length }, () => (drawn++ * 7) & 255),
  );
  const masks = new Set<string>();
  for (const size of [0, 1, 125, 126, 65_535, 65_536, ...new Array<number>(100).fill(5)]) {
    const payload = new Uint8Array(count(size));
    const bytes = write(2, payload);
    const head = size < 126 ? 2 : size <= 0xffff ? 4 : 10;
    assert.is(bytes.length, head + 4 + size);
    assert.is(bytes[0], 0x82);
    assert.is((bytes[1] ?? 0) >> 7, 1);
    const mask = bytes.slice(head, head + 4);
    masks.add(mask.join());
    const plain = bytes.slice(head + 4).map((byte, i) => byte ^ (mask[i & 3] ?? 0));
    assert.equal(plain, payload);
  }
  assert.ok(masks.size > 60);
});

test.run();
