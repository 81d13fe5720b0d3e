import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { JournalQueue } from './index.ts';

const entry = (n: number, length = 10): Uint8Array => new Uint8Array(length).fill(n);

test('gives the oldest segment first, within the bounds of a message', () => {
  const queue = new JournalQueue({ entries: 100, bytes: 10_000 });
  queue.restore(7, 4, [entry(4), entry(5)]);
  queue.append(9, 1, entry(1));
  assert.equal(queue.head(16, 1000), { segment: 7, first: 4, entries: [entry(4), entry(5)] });
  assert.is(queue.head(1, 1000)?.entries.length, 1);
  assert.is(queue.head(16, 16)?.entries.length, 1);
  assert.is(queue.head(16, 1)?.entries.length, 1, 'at least one');
});

test('acknowledges cumulatively, and within its segment only', () => {
  const queue = new JournalQueue({ entries: 100, bytes: 10_000 });
  for (let n = 1; n <= 5; n++) queue.append(9, n, entry(n));
  assert.is(queue.acknowledge(8, 5), false);
  assert.is(queue.acknowledge(9, 3), true);
  assert.is(queue.acknowledge(9, 3), false);
  assert.is(queue.head(16, 1000)?.first, 4);
  queue.acknowledge(9, 100);
  assert.is(queue.head(16, 1000), undefined);
  assert.is(queue.count, 0);
});

test('pushes the oldest out when full, and counts them', () => {
  const queue = new JournalQueue({ entries: 3, bytes: 10_000 }, 10);
  queue.restore(7, 1, [entry(1), entry(2)]);
  for (let n = 1; n <= 3; n++) queue.append(9, n, entry(n));
  assert.equal(queue.trim(), [{ segment: 7, n: 2 }]);
  assert.is(queue.lost, 12);
  assert.is(queue.count, 3);
  const small = new JournalQueue({ entries: 100, bytes: 25 });
  for (let n = 1; n <= 4; n++) small.append(9, n, entry(n));
  assert.equal(small.trim(), [{ segment: 9, n: 2 }]);
  assert.is(small.lost, 2);
});

test.run();
