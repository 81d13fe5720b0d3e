import { getHeapStatistics } from 'node:v8';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keepYoungGenerationSmall, startMemoryTrim, thisProcess } from './memory-trim.ts';

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
      },
    },
  );
  /** Five seconds in which so much CPU time was used; answers the collections so far. */
  const pass = (cpuMs: number): number => {
    state.cpu += cpuMs;
    fire?.();
    return state.collections;
  };
  return { pass, close: trim.close, armed: () => fire !== undefined };
}

test('collects twice once the start is over, and not again while nothing is done', () => {
  const w = world();
  assert.is(w.pass(2_000), 0, 'busy starting');
  assert.is(w.pass(10), 1);
  assert.is(w.pass(10), 2);
  for (let i = 0; i < 20; i++) w.pass(10);
  assert.is(w.pass(10), 2, 'a little work is not worth it');
});

test('waits for the end of work, and collects after it', () => {
  const w = world();
  w.pass(0);
  w.pass(0);
  assert.is(w.pass(3_000), 2);
  assert.is(w.pass(3_000), 2);
  assert.is(w.pass(20), 3);
  assert.is(w.pass(20), 4);
});

test('close ends it', () => {
  const w = world();
  w.close();
  assert.is(w.armed(), false);
});

test('this process really gives memory back', () => {
  keepYoungGenerationSmall();
  const held = (): number => getHeapStatistics().total_physical_size;
  let garbage: unknown[] | undefined = Array.from({ length: 300_000 }, (_, i) => ({ i }));
  const full = held();
  assert.is(garbage.length, 300_000);
  garbage = undefined;
  thisProcess.collect();
  thisProcess.collect();
  assert.ok(held() < full - 5_000_000, `${held()} of ${full}`);
  assert.ok(thisProcess.cpuMs() > 0);
});

test.run();
