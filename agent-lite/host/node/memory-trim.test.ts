import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keepYoungGenerationSmall, startMemoryTrim, thisProcess } from './memory-trim.ts';

/** A process whose heap and CPU time are set by hand, and the one timer that looks at it. */
function world() {
  const state = { heap: 10_000, live: 8_000, cpu: 0, collections: 0 };
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
      heapBytes: () => state.heap,
      cpuMs: () => state.cpu,
      collect: () => {
        state.collections += 1;
        state.heap = state.live;
      },
    },
  );
  /** Five seconds in which so much CPU time was used. */
  const pass = (cpuMs: number): number => {
    state.cpu += cpuMs;
    fire?.();
    return state.collections;
  };
  return { state, pass, close: trim.close, armed: () => fire !== undefined };
}

test('collects once the start is over, and not again while nothing grows', () => {
  const w = world();
  assert.is(w.pass(2_000), 0, 'busy starting');
  assert.is(w.pass(10), 1);
  assert.is(w.pass(10), 1);
  w.state.heap = 9_000;
  assert.is(w.pass(10), 1, 'a little more is not worth it');
});

test('waits for the end of the work that made the heap grow', () => {
  const w = world();
  w.pass(0);
  w.state.heap = 40_000;
  assert.is(w.pass(3_000), 1);
  assert.is(w.pass(3_000), 1);
  assert.is(w.pass(20), 2);
  assert.is(w.state.heap, 8_000);
});

test('a heap that stays large because it lives is not collected again and again', () => {
  const w = world();
  w.state.live = 40_000;
  w.state.heap = 50_000;
  assert.is(w.pass(0), 1);
  assert.is(w.pass(0), 1);
});

test('close ends it', () => {
  const w = world();
  w.close();
  assert.is(w.armed(), false);
});

test('this process really gives memory back', () => {
  keepYoungGenerationSmall();
  let held: unknown[] | undefined = Array.from({ length: 300_000 }, (_, i) => ({ i }));
  const full = thisProcess.heapBytes();
  assert.is(held.length, 300_000);
  held = undefined;
  thisProcess.collect();
  thisProcess.collect();
  assert.ok(thisProcess.heapBytes() < full - 5_000_000, `${thisProcess.heapBytes()} of ${full}`);
  assert.ok(thisProcess.cpuMs() > 0);
});

test.run();
