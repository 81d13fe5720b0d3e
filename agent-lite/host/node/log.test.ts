import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLogger, type LoggerOptions } from './log.ts';

function logged(options: LoggerOptions = {}) {
  const lines: Record<string, unknown>[] = [];
  const time = { ms: 0 };
  const log = createLogger({
    level: 'debug',
    unixMs: () => Date.UTC(2026, 0, 2),
    monotonicMs: () => time.ms,
    write: (line) => lines.push(JSON.parse(line)),
    ...options,
  });
  return { log, lines, time };
}

test('a line is JSON with time, level, event and the fields', () => {
  const { log, lines } = logged();
  log.info('link.up', { attempt: 3, url: 'mqtts://broker:8883' });
  assert.equal(lines, [
    {
      attempt: 3,
      url: 'mqtts://broker:8883',
      time: '2026-01-02T00:00:00.000Z',
      level: 'info',
      event: 'link.up',
    },
  ]);
});

test('lines below the level are not written', () => {
  const { log, lines } = logged({ level: 'warn' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  assert.equal(
    lines.map((line) => line['event']),
    ['c', 'd'],
  );
});

test('fields that name a secret are never written, at any depth', () => {
  const { log, lines } = logged();
  log.info('join', {
    token: 'abc',
    nested: { privateKey: 'k', password: 'p', keyPem: 'x', ok: 1 },
  });
  assert.is(lines[0]?.['token'], '[redacted]');
  const redacted = '[redacted]';
  assert.equal(lines[0]?.['nested'], {
    privateKey: redacted,
    password: redacted,
    keyPem: redacted,
    ok: 1,
  });
});

test('fields cannot replace time, level and event', () => {
  const { log, lines } = logged();
  log.info('real', { event: 'forged', level: 'debug', time: 'never' });
  assert.is(lines[0]?.['event'], 'real');
  assert.is(lines[0]?.['level'], 'info');
});

test('long texts, bytes, lists and depths are cut; errors keep their code; cycles end', () => {
  const { log, lines } = logged();
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const error = Object.assign(new Error('broken'), { code: 'BL_X_Y' });
  log.info('big', {
    text: 'x'.repeat(2000),
    bytes: new Uint8Array(100).fill(255),
    list: Array.from({ length: 100 }, (_, i) => i),
    cycle,
    error,
    count: 12n,
  });
  const line = lines[0] ?? {};
  assert.is(String(line['text']).length, 512 + '… (2000)'.length);
  assert.is(line['bytes'], `${'ff'.repeat(64)}… (100)`);
  assert.is((line['list'] as unknown[]).length, 32);
  assert.is((line['error'] as { code: string }).code, 'BL_X_Y');
  assert.is(line['count'], '12');
  assert.ok(JSON.stringify(line['cycle']).length < 200);
});

test('a flood is cut to its rate, and how many lines were dropped is said', () => {
  const { log, lines, time } = logged({ linesPerS: 10 });
  for (let i = 0; i < 1000; i++) log.info('flood');
  assert.is(lines.length, 50);
  time.ms = 1000;
  log.info('later');
  assert.equal(
    lines.slice(50).map((line) => [line['event'], line['lines']]),
    [
      ['log.dropped', 950],
      ['later', undefined],
    ],
  );
});

test('a log that cannot be written stops nobody', () => {
  let full = true;
  const lines: string[] = [];
  const { log } = logged({
    write: (line) => {
      if (full) throw new Error('EAGAIN');
      lines.push(line);
    },
  });
  log.info('lost');
  full = false;
  log.info('written');
  assert.is(lines.length, 2);
  assert.match(lines[0] ?? '', /"lines":1/);
});

test.run();
