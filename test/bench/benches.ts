/** Every bench, in the order in which `npm run bench` runs them. With `--quick` they share a stack: what starts pods comes late,
 * since the agent's memory is measured before, and what takes the broker away comes last. */
import { agentBench } from './agent.ts';
import { apiBench } from './api.ts';
import { clientBench } from './client.ts';
import { codecBench } from './codec.ts';
import type { Bench } from './figure.ts';
import { linkBench } from './link.ts';
import { podBench } from './pod.ts';
import { syncBench } from './sync.ts';
import { twinBench } from './twin.ts';
import { wireBench } from './wire.ts';

export const BENCHES: readonly Bench[] = [
  wireBench,
  codecBench,
  syncBench,
  clientBench,
  twinBench,
  apiBench,
  agentBench,
  podBench,
  linkBench,
];
