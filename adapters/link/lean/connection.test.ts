import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createScriptedHost,
  type ScriptedHost,
  type ScriptedSocket,
} from '../contract/scripted-host.ts';
import { seededRandom } from '../contract/seeded-random.ts';
import type { LinkOptions, PausableLink } from '../link.ts';
import { createLeanLink } from './lean-link.ts';

interface Play {
  readonly host: ScriptedHost;
  readonly link: PausableLink;
  readonly log: string[];
  /** The newest connection. */
  readonly socket: () => ScriptedSocket;
  readonly send: (...bytes: number[]) => void;
  /** What was written since the last look, as hex, one entry a packet. */
  readonly sent: () => string[];
}

const CONNACK_4 = [0x20, 2, 0, 0];
const CONNACK_5 = [0x20, 3, 0, 0, 0];
const SUBACK_4 = [0x90, 3, 0xff, 0xff, 1];
const SUBACK_5 = [0x90, 4, 0xff, 0xff, 0, 1];

function play(wish: Partial<LinkOptions> = {}): Play {
  const host = createScriptedHost();
  const log: string[] = [];
  const link = createLeanLink({
    urls: ['mqtt://broker'],
    clientId: 'c',
    protocol: 'auto',
    keepAliveS: 60,
    subscriptions: [{ topic: 'd', qos: 1 }],
    will: () => undefined,
    handlers: {
      onUp: ({ protocolLevel }) => log.push(`up ${protocolLevel}`),
      onDown: (code) => log.push(code),
      onMessage: (topic, payload) => log.push(`${topic}=${Buffer.from(payload).toString()}`),
      onDrain: () => log.push('drain'),
    },
    ...wish,
    ...host,
  });
  const socket = (): ScriptedSocket => {
    const last = host.connections.at(-1);
    if (last === undefined) throw new Error('no connection yet');
    return last;
  };
  return {
    host,
    link,
    log,
    socket,
    send: (...bytes) => socket().handlers.onData(new Uint8Array(bytes)),
    sent: () =>
      socket()
        .written.splice(0)
        .map((bytes) => Buffer.from(bytes).toString('hex')),
  };
}

function playUp(level: 4 | 5, wish: Partial<LinkOptions> = {}, connack?: readonly number[]): Play {
  const started = play({ protocol: level, ...wish });
  started.link.start();
  started.socket().handlers.onOpen();
  started.send(...(connack ?? (level === 5 ? CONNACK_5 : CONNACK_4)));
  started.send(...(level === 5 ? SUBACK_5 : SUBACK_4));
  started.sent();
  assert.is(started.link.connected(), true);
  started.log.splice(0);
  return started;
}

test('asks for level 5, then for 4 where that is refused in the form of 3.1.1, without a word of failure', () => {
  const { host, link, log, socket, send, sent } = play();
  link.start();
  socket().handlers.onOpen();
  assert.match(sent()[0] ?? '', /^10..00044d51545405/);
  send(0x20, 2, 0, 1);
  assert.is(socket().closed, true);
  host.advance(0);
  socket().handlers.onOpen();
  assert.match(sent()[0] ?? '', /^10..00044d51545404/);
  send(...CONNACK_4);
  send(...SUBACK_4);
  assert.equal(log, ['up 4']);
  assert.is(host.connections.length, 2);
});

test('falls back on the refusal of level 5 in its own form too', () => {
  const { host, link, log, socket, send, sent } = play();
  link.start();
  socket().handlers.onOpen();
  send(0x20, 3, 0, 0x84, 0);
  host.advance(0);
  socket().handlers.onOpen();
  assert.match(sent()[0] ?? '', /^10..00044d51545404/);
  assert.equal(log, []);
});

const REFUSALS: readonly [string, 4 | 5, number[], string][] = [
  ['user name', 4, [0x20, 2, 0, 4], 'BL_LINK_CREDENTIALS'],
  ['authority', 4, [0x20, 2, 0, 5], 'BL_LINK_CREDENTIALS'],
  ['overload', 4, [0x20, 2, 0, 3], 'BL_LINK_BUSY'],
  ['level 4', 4, [0x20, 2, 0, 1], 'BL_LINK_VERSION'],
  ['user name on 5', 5, [0x20, 3, 0, 0x86, 0], 'BL_LINK_CREDENTIALS'],
  ['the wish that another server is used', 5, [0x20, 3, 0, 0x9c, 0], 'BL_LINK_BUSY'],
  ['no QoS 1', 5, [0x20, 5, 0, 0, 2, 0x24, 0], 'BL_LINK_REFUSED'],
  ['garbage', 5, [0x48, 0x54, 0x54, 0x50], 'BL_LINK_PROTOCOL'],
  ['an SSH banner', 4, [...Buffer.from('SSH-2.0-x\r\n')], 'BL_LINK_PROTOCOL'],
  ['a PUBLISH before CONNACK', 4, [0x30, 3, 0, 1, 0x64], 'BL_LINK_PROTOCOL'],
  ['a CONNACK of 256 MB', 4, [0x20, 0xff, 0xff, 0xff, 0x7f], 'BL_LINK_TOO_LARGE'],
];
for (const [what, protocol, answer, code] of REFUSALS)
  test(`a refusal for ${what} has its code, and the next attempt comes`, () => {
    const { host, link, log, socket, send } = play({ protocol });
    link.start();
    socket().handlers.onOpen();
    send(...answer);
    assert.equal(log, [code]);
    assert.is(socket().closed, true);
    host.advance(200);
    assert.is(host.connections.length, 2);
  });

const VIOLATIONS: readonly [string, number[]][] = [
  ['QoS 2', [0x34, 5, 0, 1, 0x64, 0, 1]],
  ['a malformed PUBLISH', [0x30, 1, 0]],
  ['an unasked SUBACK', SUBACK_4],
  ['an unasked PUBACK', [0x40, 2, 0, 9]],
  ['a second CONNACK', CONNACK_4],
  ['a DISCONNECT on 3.1.1', [0xe0, 0]],
  ['a packet that only clients send', [0x82, 2, 0, 1]],
  ['a length without end', [0x30, 0xff, 0xff, 0xff, 0xff]],
];
for (const [what, bytes] of VIOLATIONS)
  test(`${what} ends the connection as a protocol error`, () => {
    const { log, send, socket } = playUp(4);
    send(...bytes);
    assert.equal(log, ['BL_LINK_PROTOCOL']);
    assert.is(socket().closed, true);
  });

test('on level 5 the broker is told why', () => {
  const { send, sent } = playUp(5);
  send(0x34, 6, 0, 1, 0x64, 0, 1, 0);
  assert.equal(sent(), ['e00182']);
  const large = playUp(5);
  large.send(0x30, 0xff, 0xff, 0xff, 0x7f);
  assert.equal(large.sent(), ['e00195']);
  assert.equal(large.log, ['BL_LINK_TOO_LARGE']);
});

test('acknowledges QoS 1 after the message was handled, drops retained ones', () => {
  const order: string[] = [];
  const { send, sent }: Play = playUp(4, {
    handlers: {
      onUp: () => order.push('up'),
      onDown: () => {},
      onDrain: () => {},
      onMessage: (topic) => order.push(`${topic}, ${sent().length} written`),
    },
  });
  send(0x32, 6, 0, 1, 0x64, 0, 7, 0x61);
  assert.equal(sent(), ['40020007']);
  send(0x33, 6, 0, 1, 0x65, 0, 8, 0x61);
  assert.equal(sent(), ['40020008']);
  assert.equal(order, ['up', 'd, 0 written']);
});

test('a message before the SUBACK means that the subscription stands', () => {
  const { link, log, socket, send } = play({ protocol: 4 });
  link.start();
  socket().handlers.onOpen();
  send(...CONNACK_4);
  send(0x30, 4, 0, 1, 0x64, 0x61);
  assert.equal(log, ['up 4', 'd=a']);
  send(...SUBACK_4);
  assert.equal(log, ['up 4', 'd=a']);
});

test('a refused subscription is told', () => {
  const { link, log, socket, send } = play({ protocol: 4 });
  link.start();
  socket().handlers.onOpen();
  send(...CONNACK_4);
  send(0x90, 3, 0xff, 0xff, 0x80);
  assert.equal(log, ['BL_LINK_SUBSCRIBE']);
});

test('gives up on a broker that accepts the connection and says nothing', () => {
  const { host, link, log, socket, send } = play({ protocol: 4 });
  link.start();
  socket().handlers.onOpen();
  host.advance(10_000);
  assert.equal(log, ['BL_LINK_TIMEOUT']);
  host.advance(200);
  socket().handlers.onOpen();
  send(...CONNACK_4);
  host.advance(10_000);
  assert.equal(log, ['BL_LINK_TIMEOUT', 'BL_LINK_TIMEOUT']);
});

test('a peer that falls silent is dead after 1.5 keep-alive periods', () => {
  const { host, log, sent } = playUp(4, { keepAliveS: 10 });
  host.advance(10_000);
  assert.ok(sent().includes('c000'));
  host.advance(5000);
  assert.equal(log, ['BL_LINK_PEER_DEAD']);
});

test('the broker’s keep-alive and Receive Maximum win', () => {
  const connack = [0x20, 9, 0, 0, 6, 0x13, 0, 2, 0x21, 0, 1];
  const { host, link, log } = playUp(5, {}, connack);
  const payload = new Uint8Array(1);
  assert.is(link.publish('u', payload, 1), true);
  assert.is(link.publish('u', payload, 1), false);
  host.advance(3000);
  assert.equal(log, ['BL_LINK_PEER_DEAD']);
});

test('uses as many aliases as the broker allows, and its maximum packet size', () => {
  const connack = [0x20, 11, 0, 0, 8, 0x22, 0, 1, 0x27, 0, 0, 8, 0];
  const { link, sent } = playUp(5, {}, connack);
  const payload = new Uint8Array([0x61]);
  link.publish('u', payload, 0);
  link.publish('u', payload, 0);
  link.publish('j', payload, 0);
  assert.equal(sent(), ['3008000175032300' + '0161', '300700000323000161', '300500016a0061']);
  assert.throws(() => link.publish('u', new Uint8Array(1025), 0), /over the limit of 1024/);
});

test('resolves the broker’s aliases and refuses unknown ones', () => {
  const { log, send } = playUp(5);
  send(0x30, 8, 0, 1, 0x64, 3, 0x23, 0, 2, 0x61);
  send(0x30, 7, 0, 0, 3, 0x23, 0, 2, 0x62);
  assert.equal(log, ['d=a', 'd=b']);
  send(0x30, 7, 0, 0, 3, 0x23, 0, 3, 0x62);
  assert.equal(log.splice(2), ['BL_LINK_PROTOCOL']);
  const beyond = playUp(5);
  beyond.send(0x30, 8, 0, 1, 0x64, 3, 0x23, 0, 9, 0x61);
  assert.equal(beyond.log, ['BL_LINK_PROTOCOL']);
});

test('a refusing PUBACK calls done with false', () => {
  const { link, send } = playUp(5);
  const done: boolean[] = [];
  link.publish('u', new Uint8Array(1), 1, (ok) => done.push(ok));
  send(0x40, 3, 0, 1, 0x87);
  assert.equal(done, [false]);
});

test('stops at the socket’s high-water mark and goes on after it drained', () => {
  const { link, log, socket } = playUp(4);
  socket().accepts = false;
  assert.is(link.publish('u', new Uint8Array(1), 0), true);
  assert.is(link.publish('u', new Uint8Array(1), 0), false);
  socket().accepts = true;
  socket().handlers.onDrain();
  assert.equal(log, ['drain']);
  assert.is(link.publish('u', new Uint8Array(1), 0), true);
});

test('a broker that sends without end and reads nothing is cut off', () => {
  const log: string[] = [];
  const { send, socket } = playUp(4, {
    handlers: {
      onUp: () => {},
      onDown: (code) => log.push(code),
      onMessage: () => {},
      onDrain: () => {},
    },
  });
  socket().accepts = false;
  for (let i = 0; i < 20_000 && log.length === 0; i++) send(0x32, 5, 0, 1, 0x64, 0, 7);
  assert.equal(log, ['BL_LINK_PROTOCOL']);
});

test('says why a DISCONNECT of level 5 came', () => {
  const { log, send } = playUp(5);
  send(0xe0, 2, 0x8e, 0);
  assert.equal(log, ['BL_LINK_TAKEN_OVER']);
});

test('a farewell waits for its PUBACK, but not for ever', () => {
  const { link, send, sent, socket, log } = playUp(5);
  link.close({ topic: 'w', payload: new Uint8Array([1]) });
  assert.equal(sent(), ['320700017700010001']);
  send(0x40, 2, 0, 1);
  assert.equal(sent(), ['e00700051100000000']);
  assert.is(socket().closed, true);
  const alone = playUp(4);
  alone.link.close({ topic: 'w', payload: new Uint8Array([1]) });
  alone.sent();
  alone.host.advance(1000);
  assert.equal(alone.sent(), ['e000']);
  assert.equal([...log, ...alone.log], []);
  assert.is(alone.host.pendingTimers(), 0);
});

test('pause in the middle of a piece holds what follows in it, unacknowledged, and resume hands it on', () => {
  const got: string[] = [];
  const { link, send, sent, socket }: Play = playUp(4, {
    handlers: {
      onUp: () => {},
      onDown: (code) => got.push(code),
      onDrain: () => {},
      onMessage: (_topic, payload) => {
        got.push(Buffer.from(payload).toString());
        if (got.length === 1) link.pause();
      },
    },
  });
  const message = (id: number, letter: number): number[] => [0x32, 6, 0, 1, 0x64, 0, id, letter];
  send(...message(1, 0x61), ...message(2, 0x62), ...message(3, 0x63).slice(0, 5));
  send(...message(3, 0x63).slice(5));
  assert.equal(got, ['a']);
  assert.equal(sent(), ['40020001']);
  assert.is(socket().paused, true);
  link.resume();
  assert.equal(got, ['a', 'b', 'c']);
  assert.equal(sent(), ['40020002', '40020003']);
  assert.is(socket().paused, false);
});

test('noise of any kind ends in a code, never in an exception, and leaves no timer but the next attempt', () => {
  for (let seed = 0; seed < 300; seed++) {
    const below = seededRandom(seed);
    const { host, log, socket } = playUp(below(2) === 0 ? 4 : 5);
    for (let i = 0; i < 40 && log.length === 0; i++)
      socket().handlers.onData(Uint8Array.from({ length: 1 + below(60) }, () => below(256)));
    socket().handlers.onClose('', '');
    assert.ok(
      log.some((entry) => entry.startsWith('BL_LINK_')),
      `seed ${seed}`,
    );
    assert.is(host.pendingTimers(), 1, `seed ${seed}`);
  }
});

test.run();
