import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BENCHES } from './benches.ts';
import { codecBench } from './codec.ts';
import { type Figure, figureLine, median, meetsGoal, percentile } from './figure.ts';
import { syncBench } from './sync.ts';
import { wireBench } from './wire.ts';

const FIGURE: Figure = { bench: 'twin', name: 'twin.up_p99_ms', value: 4.56789, unit: 'ms' };

test('a line holds exactly the keys of the stable form, in their order', () => {
  const line = figureLine({
    ...FIGURE,
    goal: { op: '<=', value: 12, timing: true },
    peer: { name: 'KubeEdge', value: 18.6 },
  });
  assert.is(
    line,
    '{"bench":"twin","name":"twin.up_p99_ms","value":4.568,"unit":"ms","goal":"<= 12",' +
      '"peer":{"name":"KubeEdge","value":18.6},"ratio":0.2456}',
  );
});

test('what a figure lacks is null, so that every line has the same keys', () => {
  assert.equal(JSON.parse(figureLine(FIGURE)), {
    bench: 'twin',
    name: 'twin.up_p99_ms',
    value: 4.568,
    unit: 'ms',
    goal: null,
    peer: null,
    ratio: null,
  });
});

test('a peer of nothing gives no ratio', () => {
  const { ratio } = JSON.parse(figureLine({ ...FIGURE, peer: { name: 'bare', value: 0 } }));
  assert.is(ratio, null);
});

test('a goal is met at its limit, on either side, and missed by a figure that is no number', () => {
  const with_ = (op: '<=' | '>=', value: number): boolean =>
    meetsGoal({ ...FIGURE, value, goal: { op, value: 2 } });
  assert.equal(
    [with_('<=', 2), with_('<=', 2.01), with_('>=', 2), with_('>=', 1.99)],
    [true, false, true, false],
  );
  assert.equal([with_('<=', Number.NaN), with_('>=', Number.NaN)], [false, false]);
  assert.is(meetsGoal(FIGURE), true);
});

test('percentiles are samples, by nearest rank, whatever the order', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(
    [0, 0.01, 0.5, 0.99, 1].map((q) => percentile(hundred, q)),
    [1, 1, 50, 99, 100],
  );
  assert.is(percentile([7], 0.99), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
  assert.is(median([9, 1, 5]), 5);
  assert.equal(hundred[0], 100, 'the samples stay as they were');
});

test('no two benches share a name', () => {
  const names = BENCHES.map((b) => b.name);
  assert.is(new Set(names).size, names.length);
});

test('figures carry the name of their bench, and one name each', async () => {
  const context = {
    quick: true,
    folder: '',
    say: () => undefined,
    rig: () => Promise.reject(new Error('needs no stack')),
  };
  for (const bench of [wireBench, codecBench, syncBench]) {
    const figures = await bench.run(context);
    assert.ok(figures.length > 0);
    assert.is(new Set(figures.map((f) => f.name)).size, figures.length);
    for (const figure of figures) {
      assert.is(figure.bench, bench.name);
      assert.ok(figure.name.startsWith(`${bench.name}.`), figure.name);
    }
  }
});

test.run();
