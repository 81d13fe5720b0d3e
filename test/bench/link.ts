/** The broker dies for two seconds and comes back: when is the board usable again? */
import { DEVICESTATUSES, NODES } from '@boardlet/cloud-bridge/kube';
import { nowMs, pause } from './clock.ts';
import { type Bench, median } from './figure.ts';
import { isReady } from './observe.ts';
import type { Rig } from './rig.ts';
import { deviceName, reportedValue, type TwinBoard } from './twin-rig.ts';

const OUTAGE_MS = 2_000;
const DEADLINE_MS = 60_000;

/** From the broker's readiness until both boards are Ready and a value that was reported during the outage is in the API. */
async function outage(rig: Rig, board: TwinBoard): Promise<number> {
  const [nodes, statuses] = await Promise.all([rig.watch(NODES), rig.watch(DEVICESTATUSES)]);
  await rig.stack.stop('broker', 'SIGKILL');
  await pause(OUTAGE_MS / 2);
  const { first } = await board.drive('up', 1, 1);
  await pause(OUTAGE_MS / 2);
  await rig.stack.start('broker');
  const backMs = nowMs();
  const ends = await Promise.all([
    nodes.until('Ready again', rig.stack.node, isReady, DEADLINE_MS),
    nodes.until('Ready again', board.node, isReady, DEADLINE_MS),
    statuses.until(
      'the value of the outage',
      deviceName('up'),
      (status) => (reportedValue(status) ?? 0) >= first,
      DEADLINE_MS,
    ),
  ]);
  return Math.max(...ends.map((end) => end.atMs)) - backMs;
}

export const linkBench: Bench = {
  name: 'link',
  run: async ({ quick, rig: open }) => {
    const rig = await open();
    const board = await rig.twinBoard();
    const samples: number[] = [];
    for (let i = 0; i < (quick ? 1 : 5); i++) {
      samples.push(await outage(rig, board));
      await pause(1_000);
    }
    return [
      {
        bench: 'link',
        name: 'link.ready_after_outage_ms',
        value: median(samples),
        unit: 'ms',
        goal: { op: '<=', value: 2_000, timing: true },
        peer: { name: 'KubeEdge', value: 39_700 },
      },
      {
        bench: 'link',
        name: 'link.ready_after_outage_max_ms',
        value: Math.max(...samples),
        unit: 'ms',
      },
    ];
  },
};
