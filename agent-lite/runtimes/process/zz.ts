import { readFileSync } from 'node:fs';
import { createRig, isState, makeFolder, ref, shell } from './test-rig.ts';

for (const spare of [true, false]) {
  const rig = createRig(makeFolder(), { spare });
  await new Promise((r) => setTimeout(r, 1500));
  const t: number[] = [];
  let pss = '';
  for (let i = 0; i < 15; i++) {
    const of = ref(`m${i}`);
    const t0 = performance.now();
    rig.runtime.start(of, shell('exec sleep 1000'));
    await rig.until(isState(of, 'running'));
    t.push(performance.now() - t0);
    await new Promise((r) => setTimeout(r, 900));
    if (i === 5) {
      const pid = JSON.parse(readFileSync(`${rig.folder}/pods/uid-m5/shim.json`, 'utf8')).pid;
      const sm = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      pss = ['Rss', 'Pss', 'Anonymous']
        .map((k) => k + ' ' + new RegExp(k + ':\\s+(\\d+)').exec(sm)?.[1])
        .join(' ');
    }
    rig.runtime.stop(of, 0);
    await rig.until(isState(of, 'exited'));
  }
  t.sort((a, b) => a - b);
  console.log(
    'spare',
    spare,
    'p50',
    t[7]?.toFixed(1),
    'min',
    t[0]?.toFixed(1),
    'max',
    t[14]?.toFixed(1),
    pss,
  );
  const r = [];
  for (let a = 0; a < 10; a++) {
    const of = ref('re', a);
    const t0 = performance.now();
    rig.runtime.start(of, shell('exec sleep 100'));
    await rig.until(isState(of, 'running'));
    r.push(performance.now() - t0);
    rig.runtime.stop(of, 0);
    await rig.until(isState(of, 'exited'));
  }
  r.sort((a, b) => a - b);
  console.log('restart p50', r[5]?.toFixed(1));
  const of = ref('flood');
  const t0 = performance.now();
  rig.runtime.start(of, shell('seq 1 3000000'));
  await rig.until(isState(of, 'exited'));
  console.log('3M lines', (performance.now() - t0).toFixed(0), 'ms');
  const pid = JSON.parse(readFileSync(`${rig.folder}/pods/uid-flood/shim.json`, 'utf8')).pid;
  try {
    const sm = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    console.log(
      'after flood',
      ['Rss', 'Pss', 'Anonymous']
        .map((k) => k + ' ' + new RegExp(k + ':\\s+(\\d+)').exec(sm)?.[1])
        .join(' '),
    );
  } catch {}
  rig.remove();
}
process.exit(0);
