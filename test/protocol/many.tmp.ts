import { runWorld } from './world.ts';

const beats: number[] = [];
let messages = 0,
  boots = 0,
  terms = 0,
  bad = 0;
const t0 = Date.now();
let s = 10000;
for (; s < 12000 && Date.now() - t0 < 300000; s++) {
  try {
    const r = runWorld({ seed: s, ...(s % 8 === 0 ? { keys: 300, boards: 2 } : {}) });
    beats.push(r.beats);
    messages += r.messages;
    boots += r.boots;
    terms += r.terms;
  } catch (e) {
    bad++;
    console.log(String(e));
  }
}
beats.sort((a, b) => a - b);
console.log({
  runs: s - 10000,
  bad,
  messages,
  boots,
  terms,
  median: beats[beats.length >> 1],
  p99: beats[Math.floor(beats.length * 0.99)],
  max: beats.at(-1),
  ms: Date.now() - t0,
});
