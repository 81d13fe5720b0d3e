/** Every bench, in the order in which `npm run bench` runs them. */
import { codecBench } from './codec.ts';
import type { Bench } from './figure.ts';
import { wireBench } from './wire.ts';

export const BENCHES: readonly Bench[] = [wireBench, codecBench];
