/** A pod for a local program: POST → Running as a watch of the API sees it, one pod after another. */
import { type Bench, type Figure, percentile } from './figure.ts';
import { startPod, stopPod } from './pods.ts';

export const podBench: Bench = {
  name: 'pod',
  run: async ({ quick, rig: open }) => {
    const rig = await open();
    const samples: number[] = [];
    for (let i = 0; i < (quick ? 8 : 50); i++) {
      samples.push(await startPod(rig, `start-${i}`));
      await stopPod(rig, `start-${i}`);
    }
    const common = { bench: 'pod', unit: 'ms' } as const;
    const p50: Figure = {
      ...common,
      name: 'pod.running_p50_ms',
      value: percentile(samples, 0.5),
      goal: { op: '<=', value: 100, timing: true },
      peer: { name: 'KubeEdge', value: 991 },
    };
    return [p50, { ...common, name: 'pod.running_p99_ms', value: percentile(samples, 0.99) }];
  },
};
