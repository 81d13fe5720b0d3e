/** The bundled agent, connected with mutual TLS: what it costs a board, and how soon it is a node. */
import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { NODES } from '@boardlet/cloud-bridge/kube';
import { nowMs, pause } from './clock.ts';
import type { Bench, BenchContext, Figure, Goal } from './figure.ts';
import { median } from './figure.ts';
import { type Memory, memoryOf, processesWith } from './memory.ts';
import { isReady } from './observe.ts';
import { churn, startPod, stopPod } from './pods.ts';
import type { Rig } from './rig.ts';

const BUNDLE = join(import.meta.dirname, '../../agent-lite/dist/boardlet-agent.mjs');
const AT_ONCE = 4;

type Peer = NonNullable<Figure['peer']>;
function figure(name: string, value: number, unit: string, goal?: Goal, peer?: Peer): Figure {
  return {
    bench: 'agent',
    name: `agent.${name}`,
    value,
    unit,
    ...(goal === undefined ? {} : { goal }),
    ...(peer === undefined ? {} : { peer }),
  };
}
const most = (value: number): Goal => ({ op: '<=', value });

/** exec → Node Ready: the agent ends with a goodbye, which makes its Node NotReady, and starts anew. */
async function register(rig: Rig, times: number): Promise<number> {
  const nodes = await rig.watch(NODES);
  const { node } = rig.stack;
  const samples: number[] = [];
  for (let i = 0; i < times; i++) {
    await rig.stack.stop('agent');
    await nodes.until('the Node is not Ready', node, (n) => !isReady(n));
    const ready = nodes.until('the Node is Ready', node, isReady);
    const startMs = nowMs();
    await rig.stack.start('agent');
    samples.push((await ready).atMs - startMs);
  }
  return median(samples);
}

/** A node that does nothing: the least that any agent on it can take. */
function bareNode(): ChildProcess {
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' });
}

function memoryFigures(agent: Memory, bare: Memory): Figure[] {
  const beside = (value: number): Peer => ({ name: 'bare node', value });
  return [
    figure('rss_mb', agent.rss, 'MiB', most(52), beside(bare.rss)),
    figure('pss_mb', agent.pss, 'MiB', undefined, beside(bare.pss)),
    figure('anon_mb', agent.anon, 'MiB', most(12), beside(bare.anon)),
  ];
}

async function idle(rig: Rig, quick: boolean): Promise<Figure[]> {
  const bare = bareNode();
  try {
    // Node gives memory back some 8 s after the last work (V8's memory reducer).
    await pause(quick ? 12_000 : 20_000);
    return memoryFigures(memoryOf(rig.stack.pid('agent')), memoryOf(bare.pid ?? 0));
  } finally {
    bare.kill();
  }
}

/** The shim that owns a pod's log and exit code; a spare one waits beside it, and is as large. */
async function shim(rig: Rig): Promise<Figure[]> {
  await startPod(rig, 'shim');
  await pause(1_000);
  const found = processesWith('boardlet-shim.cjs', rig.folder).map(memoryOf);
  await stopPod(rig, 'shim');
  return [
    figure('shim_rss_mb', median(found.map((m) => m.rss)), 'MiB'),
    figure('shim_pss_mb', median(found.map((m) => m.pss)), 'MiB'),
    figure('shim_anon_mb', median(found.map((m) => m.anon)), 'MiB'),
  ];
}

/** Thirty pods are too few to tell growth from garbage, so `--quick` has no goal for it. */
async function growth(rig: Rig, { quick, say }: BenchContext): Promise<Figure[]> {
  const settleMs = quick ? 2_000 : 20_000;
  const settled = async (): Promise<Memory> => {
    await pause(settleMs);
    return memoryOf(rig.stack.pid('agent'));
  };
  await churn(rig, 'warm', quick ? 10 : 50, AT_ONCE);
  const before = await settled();
  const count = quick ? 30 : 1_000;
  const startMs = nowMs();
  await churn(rig, 'churn', count, AT_ONCE);
  say(`${count} pods in ${((nowMs() - startMs) / 1000).toFixed(1)} s`);
  const after = await settled();
  return [
    figure('rss_after_pods_mb', after.rss, 'MiB'),
    figure('anon_after_pods_mb', after.anon, 'MiB'),
    figure('growth_mb', after.anon - before.anon, 'MiB', quick ? undefined : most(2)),
  ];
}

export const agentBench: Bench = {
  name: 'agent',
  waits: async ({ quick, rig: open }) => {
    const rig = await open();
    const registerMs = await register(rig, quick ? 2 : 5);
    return [
      figure('bundle_kb', statSync(BUNDLE).size / 1000, 'kB', most(400)),
      figure('register_ms', registerMs, 'ms', undefined, { name: 'KubeEdge', value: 848 }),
      ...(await idle(rig, quick)),
    ];
  },
  run: async (context) => {
    const rig = await context.rig();
    return [...(await growth(rig, context)), ...(await shim(rig))];
  },
};
