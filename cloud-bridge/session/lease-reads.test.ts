import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LeaseReads } from './lease-reads.ts';

interface Deferred {
  readonly answer: (holder: boolean) => void;
  readonly fail: () => void;
}

function setup(): { reads: LeaseReads; pending: Deferred[]; log: string[] } {
  const pending: Deferred[] = [];
  const log: string[] = [];
  const reads = new LeaseReads(
    () =>
      new Promise((resolve, reject) => {
        pending.push({ answer: resolve, fail: () => reject(new Error('API down')) });
      }),
    {
      onHolder: (tags) => log.push([...tags].map(([l, t]) => `${l}:${t.join('+')}`).join(' ')),
      onDeposed: () => log.push('deposed'),
      onFailed: () => log.push('failed'),
    },
  );
  return { reads, pending, log };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a read serves those who asked before it began, and the next one all others together', async () => {
  const { reads, pending, log } = setup();
  reads.ask('a', 1);
  reads.ask('b', 2);
  reads.ask('b', 3);
  reads.ask('b', 3);
  assert.is(pending.length, 1);
  pending[0]?.answer(true);
  await settled();
  assert.equal(log, ['a:1']);
  assert.is(pending.length, 2);
  pending[1]?.answer(true);
  await settled();
  assert.equal(log, ['a:1', 'b:2+3']);
  assert.is(pending.length, 2);
});

test('tells another holder from an API that does not answer', async () => {
  const { reads, pending, log } = setup();
  reads.ask('a', 1);
  pending[0]?.fail();
  await settled();
  reads.ask('a', 1);
  pending[1]?.answer(false);
  await settled();
  assert.equal(log, ['failed', 'deposed']);
});

test.run();
