import { getHeapStatistics } from 'node:v8';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { preferMemoryToSpeed, startMemoryTrim, thisProcess } from './memory-trim.ts';

/** A process whose CPU time is set by hand, and the one timer that looks at it. */
function world() {
  const state = { cpu: 0, collections: 0 };
  let fire: (() => void) | undefined;
  const trim = startMemoryTrim(
    {
      after: (_ms, due) => {
        fire = due;
        return {
          cancel: () => {
            fire = undefined;
          },
        };
      },
    },
    {
      cpuMs: () => state.cpu,
      collect: () => {
        state.collections += 1;
        state.cpu += 20;
      },
    },
  );
  /** Five seconds in which so much CPU time was used; the collections so far. */
  const pass = (cpuMs: number): number => {
    state.cpu += cpuMs;
    fire?.();
    return state.collections;
  };
  return { pass, close: trim.close, armed: () => fire !== undefined };
}

test('collects twice after work, and not again while nothing is done', () => {
  const w = world();
  assert.equal([w.pass(10), w.pass(10)], [0, 0], 'nothing was done');
  assert.is(w.pass(2_000), 0, 'busy');
  assert.equal([w.pass(10), w.pass(10), w.pass(10), w.pass(10)], [1, 2, 2, 2]);
});

test('waits for the end of the work, however long it takes', () => {
  const w = world();
  const seen = [3_000, 200, 3_000, 20, 20].map((ms) => w.pass(ms));
  assert.equal(seen, [0, 0, 0, 1, 2]);
});

test('little by little is work too', () => {
  const w = world();
  const seen = Array.from({ length: 12 }, () => w.pass(100));
  assert.equal(seen, [0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 4]);
});

test('close ends it', () => {
  const w = world();
  w.close();
  assert.is(w.armed(), false);
});

test('this process really gives memory back', () => {
  preferMemoryToSpeed();
  const bytes = (): number => getHeapStatistics().used_heap_size;
  let held: unknown[] | undefined = Array.from({ length: 300_000 }, (_, i) => ({ i }));
  const full = bytes();
  assert.is(held.length, 300_000);
  held = undefined;
  thisProcess.collect();
  thisProcess.collect();
  assert.ok(bytes() < full - 5_000_000, `${bytes()} of ${full}`);
  assert.ok(thisProcess.cpuMs() > 0);
});

test.run();
