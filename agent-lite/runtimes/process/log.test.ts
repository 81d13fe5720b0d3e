import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogQuery } from '../../core/runtime.ts';
import { readEntry, segmentNumbers, timeText } from './log-format.ts';
import { createLogReader } from './log-reader.ts';
import { LogWriter } from './shim/log-writer.ts';
import { testTimers } from './test-rig.ts';

let folder: string;
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'boardlet-log-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

/** Small, fast, seeded: a failure names its seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

let now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const writer = (segmentBytes: number, segments: number): LogWriter =>
  new LogWriter({
    folder,
    container: 'main',
    attempt: 0,
    segmentBytes,
    segments,
    unixMs: () => now,
  });

interface Opened {
  readonly read: (most?: number) => string;
  end: () => void;
  readonly state: () => string;
}

function open(query: Partial<LogQuery> = {}): Opened {
  let ended = false;
  const source = {
    folder,
    container: 'main',
    attempt: 0,
    ended: () => ended,
    unixMs: () => now,
    timers: testTimers,
  };
  const reader = createLogReader(source, {
    follow: false,
    previous: false,
    timestamps: false,
    ...query,
  });
  let last = '';
  return {
    read: (most = 1000) => {
      let text = '';
      for (;;) {
        const result = reader.read(most);
        assert.ok(result.ok);
        if (!result.ok) return text;
        last = typeof result.value === 'string' ? result.value : '';
        if (last !== '') return text;
        text += Buffer.from(result.value).toString('latin1');
      }
    },
    end: () => {
      ended = true;
    },
    state: () => last,
  };
}

test('writes the CRI format: time, stream, tag, text', () => {
  const log = writer(10_000, 3);
  log.write('stdout', Buffer.from('hello\nwor'));
  log.write('stderr', Buffer.from('oops\n'));
  log.write('stdout', Buffer.from('ld\nrest'));
  log.end();
  const time = '2026-01-02T03:04:05.678000000Z';
  const text = readFileSync(join(folder, 'main.0.0.log'), 'utf8');
  assert.equal(text.split('\n'), [
    `${time} stdout F hello`,
    `${time} stderr F oops`,
    `${time} stdout F world`,
    `${time} stdout P rest`,
    '',
  ]);
  assert.is(statSync(join(folder, 'main.0.0.log')).mode & 0o777, 0o600);
});

test('cuts a long line into parts, and the reader joins them', () => {
  const log = writer(1_000_000, 3);
  const line = 'x'.repeat(50_000);
  for (let at = 0; at < line.length; at += 7001)
    log.write('stdout', Buffer.from(line.slice(at, at + 7001)));
  log.write('stdout', Buffer.from('\nnext\n'));
  log.end();
  const entries = readFileSync(join(folder, 'main.0.0.log')).toString().split('\n');
  assert.is(entries.length, 6);
  assert.is(open().read(), `${line}\nnext\n`);
  assert.match(open({ timestamps: true }).read(), /^2026[^x]{27}x{50000}\n2026.{27}next\n$/);
});

test('keeps so many segments of so many bytes, the newest', () => {
  const log = writer(1000, 3);
  for (let i = 0; i < 500; i++) log.write('stdout', Buffer.from(`line ${i}\n`));
  log.end();
  const names = readdirSync(folder);
  assert.is(names.length, 3);
  for (const name of names) assert.ok(statSync(join(folder, name)).size <= 1000);
  const lines = open().read().trim().split('\n');
  assert.is(lines.at(-1), 'line 499');
  assert.is(lines[0], `line ${500 - lines.length}`);
});

test('a follower loses and doubles nothing, whatever the writes, the rotation and its own reads', () => {
  for (let seed = 1; seed <= 60; seed++) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    const next = random(seed);
    const log = writer(200 + next(3000), 1000);
    const follower = open({ follow: true });
    let wrote = '';
    let got = '';
    for (let i = 0; i < 80; i++) {
      const text = Array.from({ length: next(6) }, () => `${'ab'.repeat(next(90))}\n`).join('');
      const cut = next(text.length + 1);
      log.write('stdout', Buffer.from(text.slice(0, cut)));
      if (next(3) === 0) got += follower.read(1 + next(200));
      log.write('stdout', Buffer.from(text.slice(cut)));
      wrote += text;
    }
    got += follower.read();
    assert.is(follower.state(), 'wait', `seed ${seed}`);
    log.end();
    follower.end();
    got += follower.read();
    assert.is(follower.state(), 'end', `seed ${seed}`);
    assert.is(got, wrote, `seed ${seed}`);
  }
});

test('tail counts from the end across segments', () => {
  const log = writer(300, 1000);
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}\n`);
  for (const line of lines) log.write('stdout', Buffer.from(line));
  for (const count of [0, 1, 2, 7, 50, 99, 100, 101, 5000])
    assert.is(open({ tailLines: count }).read(), lines.slice(100 - Math.min(100, count)).join(''));
  const follower = open({ tailLines: 1, follow: true });
  assert.is(follower.read(), 'line 99\n');
  log.write('stdout', Buffer.from('more\n'));
  assert.is(follower.read(), 'more\n');
});

test('tail of nothing, followed, begins with what comes', () => {
  const follower = open({ tailLines: 0, follow: true });
  assert.is(follower.read(), '');
  const log = writer(1000, 3);
  log.write('stdout', Buffer.from('first\n'));
  assert.is(follower.read(), 'first\n');
});

test('since takes a span or a time', () => {
  const start = now;
  const log = writer(10_000, 3);
  for (let i = 0; i < 10; i++) {
    now = start + i * 1000;
    log.write('stdout', Buffer.from(`${i}`));
    log.write('stdout', Buffer.from('\n'));
  }
  assert.is(open({ sinceMs: 2000 }).read(), '7\n8\n9\n');
  assert.is(open({ sinceMs: start + 8000 }).read(), '8\n9\n');
  now = start;
});

test('a limit of bytes ends the log there', () => {
  const log = writer(100, 100);
  for (let i = 0; i < 10; i++) log.write('stdout', Buffer.from(`line ${i}\n`));
  for (const limit of [1, 7, 20])
    assert.is(open({ limitBytes: limit, follow: true }).read(3).length, limit);
});

test('skips what is no entry, as a power cut leaves it', () => {
  const good = (text: string) => `${timeText(now)} stdout F ${text}\n`;
  const bytes = `${good('one')}2026-01-02T03:04\n\n\0\0\0\0${'z'.repeat(40)}\n${good('two')}${good('three').slice(0, -3)}`;
  writeFileSync(join(folder, 'main.0.0.log'), bytes);
  assert.is(open().read(), 'one\ntwo\n');
});

test('a disk that takes nothing costs lines, and the log says how many', () => {
  const log = writer(10_000, 3);
  rmSync(folder, { recursive: true });
  for (let i = 0; i < 5; i++) log.write('stdout', Buffer.from(`lost ${i}\n`));
  mkdirSync(folder);
  log.write('stdout', Buffer.from('kept\n'));
  log.end();
  assert.match(open().read(), /^boardlet: 5 lines of log were lost: [^\n]*\nkept\n$/);
});

test('an entry cut at any byte, or with any bit flipped, is read or skipped, never more', () => {
  const line = Buffer.from(`${timeText(now)} stderr P some text`);
  assert.is(readEntry(line)?.full, false);
  for (let length = 0; length < line.length; length++) readEntry(line.subarray(0, length));
  for (let bit = 0; bit < line.length * 8; bit++) {
    const flipped = Buffer.from(line);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const entry = readEntry(flipped);
    assert.ok(entry === undefined || entry.text.length <= line.length);
  }
});

test('a name that only looks like a segment is none', () => {
  const names = [
    'main.0.0.log',
    'main.0.x.log',
    'main.00.0.log',
    'main.0.1.log.tmp',
    'main.1.0.log',
  ];
  assert.equal(segmentNumbers([...names, 'main.0.10.log', 'main.0.9.log'], 'main', 0), [0, 9, 10]);
});

test.run();
