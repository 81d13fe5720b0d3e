import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createScriptedHost,
  type ScriptedHost,
  type ScriptedSocket,
} from '../contract/scripted-host.ts';
import { parseLinkUrl } from '../link-url.ts';
import { base64 } from './sha1.ts';
import type { Socket } from './sockets.ts';
import { connectWebSocket } from './web-socket.ts';
import { acceptFor } from './web-socket-handshake.ts';

interface Play {
  readonly host: ScriptedHost;
  readonly socket: Socket;
  readonly wire: ScriptedSocket;
  readonly log: string[];
  readonly send: (bytes: Uint8Array | readonly number[]) => void;
  /** Frames written since the last look: opcode and unmasked payload. The scripted random makes every mask ff. */
  readonly frames: () => string[];
}

const TIMEOUT_MS = 1000;
const ACCEPT = acceptFor(base64(new Uint8Array(16).fill(0xff)));
const ANSWER = new Uint8Array(
  Buffer.from(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${ACCEPT}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
  ),
);

function play(): Play {
  const host = createScriptedHost();
  const log: string[] = [];
  const socket = connectWebSocket(
    {
      url: parseLinkUrl('ws://broker/mqtt'),
      connect: { host: 'broker', port: 80, timeoutMs: TIMEOUT_MS },
      timers: host.timers,
    },
    host,
    {
      onOpen: () => log.push('open'),
      onData: (bytes) => log.push(Buffer.from(bytes).toString('hex')),
      onDrain: () => log.push('drain'),
      onClose: (code, detail) => log.push(`close ${code} ${detail}`),
    },
  );
  const wire = host.connections[0];
  if (wire === undefined) throw new Error('no connection');
  wire.handlers.onOpen();
  const frames = (): string[] =>
    wire.written
      .splice(0)
      .map(
        (frame) =>
          `${(frame[0] ?? 0) & 15}:${Buffer.from(frame.slice(6).map((b) => b ^ 255)).toString('hex')}`,
      );
  return {
    host,
    socket,
    wire,
    log,
    frames,
    send: (bytes) => wire.handlers.onData(new Uint8Array(bytes)),
  };
}

function playOpen(): Play {
  const started = play();
  started.wire.written.splice(0);
  started.send(ANSWER);
  assert.equal(started.log.splice(0), ['open']);
  return started;
}

test('asks for the upgrade, opens once the whole answer came, in whatever pieces', () => {
  const { wire, log, send, host } = play();
  assert.match(Buffer.from(wire.written[0] ?? []).toString(), /^GET \/mqtt HTTP\/1\.1\r\n/);
  for (const byte of ANSWER) {
    assert.equal(log, []);
    send([byte]);
  }
  assert.equal(log, ['open']);
  assert.is(host.pendingTimers(), 0);
});

test('takes frames that came with the answer', () => {
  const { log, send } = play();
  send([...ANSWER, 0x82, 2, 0xab, 0xcd]);
  assert.equal(log, ['open', 'abcd']);
});

test('a refused upgrade and a silent server have their code', () => {
  const refused = play();
  refused.send(new Uint8Array(Buffer.from('HTTP/1.1 403 Forbidden\r\n\r\n')));
  assert.equal(refused.log, ['close BL_LINK_HANDSHAKE HTTP/1.1 403 Forbidden']);
  assert.is(refused.wire.closed, true);
  const silent = play();
  silent.host.advance(2 * TIMEOUT_MS);
  assert.match(silent.log[0] ?? '', /^close BL_LINK_HANDSHAKE /);
});

test('writes binary frames, answers a ping with its payload, ignores a pong', () => {
  const { socket, send, frames, log } = playOpen();
  assert.is(socket.write(new Uint8Array([1, 2])), true);
  send([0x89, 2, 7, 8]);
  send([0x8a, 0]);
  assert.equal(frames(), ['2:0102', '10:0708']);
  assert.equal(log, []);
});

test('a peer that pings and does not read gets no answers piled up', () => {
  const { wire, send, frames, log } = playOpen();
  wire.accepts = false;
  for (let i = 0; i < 100; i++) send([0x89, 0]);
  assert.is(frames().length, 1);
  wire.accepts = true;
  wire.handlers.onDrain();
  send([0x89, 0]);
  assert.equal(frames(), ['10:']);
  assert.equal(log, ['drain']);
});

test('a close frame is answered and told as an orderly end', () => {
  const { wire, send, frames, log } = playOpen();
  send([0x88, 2, 3, 0xe9, 0x82, 1, 1]);
  assert.equal(frames(), ['8:03e9']);
  assert.equal(log, ['close  the peer closed the WebSocket, code 1001']);
  assert.is(wire.closed, true);
});

test('a broken frame ends the connection with its code', () => {
  const { wire, send, log } = playOpen();
  send([0x81, 1, 0x61]);
  assert.equal(log, ['close BL_LINK_PROTOCOL malformed WebSocket frame']);
  assert.is(wire.closed, true);
});

test('close says goodbye, and nothing is told after it', () => {
  const { socket, wire, send, frames, log } = playOpen();
  socket.close();
  assert.equal(frames(), ['8:03e8']);
  assert.is(wire.closed, true);
  send([0x82, 1, 1]);
  wire.handlers.onClose('', '');
  assert.equal(log, []);
});

test.run();
