import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createPacketMeter } from './packet-meter.ts';

/** A packet of this type with so many bytes after its fixed header. */
function packet(type: number, length: number): Buffer {
  const header = [type << 4];
  let left = length;
  do {
    const more = left > 127;
    header.push((left % 128) | (more ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, 0xff)]);
}
const STREAM = Buffer.concat([
  packet(1, 20),
  ...[0, 1, 127, 128, 300, 16_383, 16_384].map((length) => packet(3, length)),
]);

function count(chunks: Iterable<Uint8Array>, limit = 70_000): number {
  const meter = createPacketMeter();
  let packets = 0;
  for (const chunk of chunks) {
    const result = meter.feed(chunk, limit);
    assert.ok(result.ok);
    packets += result.packets;
  }
  return packets;
}
function* split(bytes: Uint8Array, next: () => number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1, next());
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('counts packets however the bytes are split', () => {
  assert.is(count([STREAM]), 8);
  assert.is(count(split(STREAM, () => 1)), 8);
  let seed = 7;
  for (let round = 0; round < 50; round += 1) {
    const next = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % 900;
    };
    assert.is(count(split(STREAM, next)), 8, `round ${round}`);
  }
});

test('a stream cut anywhere is no error, and counts what began', () => {
  for (let at = 0; at < 600; at += 1) assert.ok(count([STREAM.subarray(0, at)]) <= 7);
});

test('one byte over the limit is refused from the header alone', () => {
  const whole = packet(1, 1000);
  assert.ok(createPacketMeter().feed(whole, whole.length).ok);
  const result = createPacketMeter().feed(whole.subarray(0, 3), whole.length - 1);
  assert.equal(result, { ok: false, code: 'BL_BROKER_TOO_LARGE' });
});

test('what does not begin with CONNECT, or has an endless length, is not MQTT', () => {
  const bad = { ok: false, code: 'BL_BROKER_NOT_MQTT' };
  for (const bytes of ['GET / HTTP/1.1\r\n', '\0', '0rubbish']) {
    assert.equal(createPacketMeter().feed(Buffer.from(bytes), 4096), bad);
  }
  const endless = Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01]);
  assert.equal(createPacketMeter().feed(endless, Number.MAX_SAFE_INTEGER), bad);
});

test.run();
