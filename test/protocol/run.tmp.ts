import { runWorld } from './world.ts';

const from = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 20);
let bad = 0;
const beats: number[] = [];
const t0 = Date.now();
const o = JSON.parse(process.argv[4] ?? '{}');
const kinds: Record<string, number> = {};
for (let s = from; s < from + n; s++) {
  try {
    beats.push(runWorld({ seed: s, ...o }).beats);
  } catch (e) {
    bad++;
    const m = e instanceof Error ? e : new Error(String(e));
    const k = m.message.split(' ')[0] ?? '';
    kinds[k] = (kinds[k] ?? 0) + 1;
    if (bad < 4) console.log(m.name === 'Error' && 'invariant' in m ? m.message : m.stack);
  }
}
beats.sort((a, b) => a - b);
console.log({
  n,
  bad,
  kinds,
  median: beats[beats.length >> 1],
  max: beats.at(-1),
  ms: Date.now() - t0,
});
