import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseLinkUrl } from '../link-url.ts';
import { base64, sha1 } from './sha1.ts';
import { acceptFor, MAX_ANSWER_BYTES, readAnswer, upgradeRequest } from './web-socket-handshake.ts';

/** Key and answer of RFC 6455 §1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const GOOD = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: WebSocket',
  'connection: keep-alive, Upgrade',
  `Sec-WebSocket-Accept: ${ACCEPT}`,
  'Sec-WebSocket-Protocol: mqtt',
];
const wire = (lines: readonly string[]): Uint8Array =>
  new Uint8Array(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
const judge = (bytes: Uint8Array): ReturnType<typeof readAnswer> =>
  readAnswer(bytes, bytes.length, KEY);

test('SHA-1 and base64 agree with Node at every length around a block', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
    assert.equal([...sha1(bytes)], [...createHash('sha1').update(bytes).digest()]);
    assert.is(base64(bytes), Buffer.from(bytes).toString('base64'));
  }
});

test('computes the answer of the RFC’s example', () => assert.is(acceptFor(KEY), ACCEPT));

test('asks for mqtt, with the port where it is not the default', () => {
  const text = (url: string): string =>
    Buffer.from(upgradeRequest(parseLinkUrl(url), KEY)).toString();
  assert.ok(text('ws://h/mqtt?a=1').startsWith('GET /mqtt?a=1 HTTP/1.1\r\nHost: h\r\n'));
  assert.match(text('wss://[::1]:99'), /^GET \/ HTTP\/1\.1\r\nHost: \[::1\]:99\r\n/);
  assert.match(text('ws://h'), /\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n$/);
});

test('takes a good answer and says where the frames begin', () => {
  const bytes = wire(GOOD);
  assert.equal(judge(bytes), { state: 'ok', bodyStart: bytes.length });
  const followed = new Uint8Array([...bytes, 0x82, 0]);
  assert.equal(judge(followed), { state: 'ok', bodyStart: bytes.length });
});

test('waits for more at each truncation', () => {
  const bytes = wire(GOOD);
  for (let length = 0; length < bytes.length; length++)
    assert.equal(readAnswer(bytes, length, KEY), { state: 'more' });
});

const without = (index: number): string[] => GOOD.filter((_, i) => i !== index);
const REFUSED: readonly [string, readonly string[]][] = [
  ['another status', ['HTTP/1.1 404 Not Found', ...GOOD.slice(1)]],
  ['HTTP/1.0', ['HTTP/1.0 101 Switching Protocols', ...GOOD.slice(1)]],
  ['no Upgrade', without(1)],
  ['no Connection', without(2)],
  ['no accept', without(3)],
  ['no subprotocol', without(4)],
  ['an accept for another key', [...without(3), 'Sec-WebSocket-Accept: AAAA']],
  ['another subprotocol', [...without(4), 'Sec-WebSocket-Protocol: mqttv3.1']],
  ['an extension', [...GOOD, 'Sec-WebSocket-Extensions: permessage-deflate']],
];
for (const [what, lines] of REFUSED)
  test(`refuses an answer with ${what}`, () => assert.is(judge(wire(lines)).state, 'refused'));

test('refuses a head that never ends, and shows nothing unprintable', () => {
  assert.is(judge(new Uint8Array(MAX_ANSWER_BYTES)).state, 'refused');
  const noise = judge(wire(['\u0007\u001b[31mrm', 'x: y']));
  assert.equal(noise, { state: 'refused', detail: '??[31mrm' });
});

test.run();
