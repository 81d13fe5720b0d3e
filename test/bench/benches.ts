/** Every bench, in the order in which `npm run bench` runs them. With `--quick` they share a stack: the one that measures memory
 * comes first, the one that takes the broker away last. */
import { agentBench } from './agent.ts';
import { apiBench } from './api.ts';
import { clientBench } from './client.ts';
import { codecBench } from './codec.ts';
import type { Bench } from './figure.ts';
import { linkBench } from './link.ts';
import { podBench } from './pod.ts';
import { twinBench } from './twin.ts';
import { wireBench } from './wire.ts';

export const BENCHES: readonly Bench[] = [
  wireBench,
  codecBench,
  agentBench,
  podBench,
  twinBench,
  clientBench,
  apiBench,
  linkBench,
];
