import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createScriptedHost, type ScriptedHost } from '../contract/scripted-host.ts';
import { createKeepAlive, type KeepAlive } from './keep-alive.ts';

function start(keepAliveS: number): {
  readonly host: ScriptedHost;
  readonly keepAlive: KeepAlive;
  readonly seen: { pings: number; deaths: number };
} {
  const host = createScriptedHost();
  const seen = { pings: 0, deaths: 0 };
  const keepAlive = createKeepAlive({
    timers: host.timers,
    keepAliveS,
    ping: () => {
      seen.pings += 1;
      keepAlive.sent();
    },
    dead: () => {
      seen.deaths += 1;
    },
  });
  return { host, keepAlive, seen };
}

test('pings when nothing was sent, and lives as long as answers come', () => {
  const { host, keepAlive, seen } = start(10);
  for (let i = 0; i < 20; i++) {
    host.advance(10_000);
    keepAlive.received();
  }
  assert.ok(seen.pings >= 10 && seen.pings <= 40, `${seen.pings} pings in 20 periods`);
  assert.is(seen.deaths, 0);
});

test('one that hears and sends all the time pings never', () => {
  const { host, keepAlive, seen } = start(10);
  for (let i = 0; i < 100; i++) {
    keepAlive.sent();
    keepAlive.received();
    host.advance(1000);
  }
  assert.equal(seen, { pings: 0, deaths: 0 });
});

test('one that sends and hears nothing pings, then takes the peer for dead after 1.5 periods', () => {
  const { host, keepAlive, seen } = start(10);
  for (let i = 0; i < 14; i++) {
    keepAlive.sent();
    host.advance(1000);
  }
  assert.is(seen.pings, 1);
  assert.is(seen.deaths, 0);
  host.advance(1000);
  assert.is(seen.deaths, 1);
  assert.is(host.pendingTimers(), 0);
});

test('while paused it pings and takes nobody for dead', () => {
  const { host, keepAlive, seen } = start(10);
  keepAlive.setPaused(true);
  host.advance(100_000);
  assert.ok(seen.pings > 5);
  assert.is(seen.deaths, 0);
  keepAlive.setPaused(false);
  host.advance(15_000);
  assert.is(seen.deaths, 1);
});

test('stops, and a period of 0 never starts', () => {
  const { host, keepAlive, seen } = start(10);
  keepAlive.stop();
  host.advance(100_000);
  assert.equal(seen, { pings: 0, deaths: 0 });
  const off = start(0);
  off.host.advance(1_000_000);
  assert.equal(off.seen, { pings: 0, deaths: 0 });
});

test.run();
