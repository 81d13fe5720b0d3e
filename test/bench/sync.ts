/** What it costs to make a set of reported values equal again after one in a hundred changes was lost on its way, by the real
 * machines and with MQTT 5 headers; beside it, sending all values again. */
import { syncCost } from '../protocol/sync-cost.ts';
import type { Bench, Figure } from './figure.ts';

const SIZES = [10, 100, 1_000] as const;

function figures(documents: number): Figure[] {
  const cost = syncCost(documents, Math.max(1, documents / 100));
  const all = syncCost(documents, documents);
  return [
    {
      bench: 'sync',
      name: `sync.repair_${documents}_bytes`,
      value: cost.bytes + cost.documentBytes,
      unit: 'B',
      peer: { name: 'all again', value: all.documentBytes },
    },
    { bench: 'sync', name: `sync.repair_${documents}_rounds`, value: cost.rounds, unit: 'lists' },
  ];
}

export const syncBench: Bench = {
  name: 'sync',
  run: () => Promise.resolve(SIZES.flatMap(figures)),
};
