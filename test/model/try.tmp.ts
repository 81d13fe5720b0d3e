import { desiredModel } from './desired.ts';
import { explore } from './explore.ts';

const B = {
  keys: 1,
  changes: 3,
  terms: 2,
  boots: 1,
  wipes: 1,
  crashes: 1,
  snapshots: true,
  rewinds: 0,
  tags: 6,
  messages: 10,
};
for (const [n, b, r] of [
  ['echo', B, { echo: false }],
  ['lease', B, { leaseRead: false }],
  ['seq', B, { seq: false }],
  ['commit', B, { commitFirst: false }],
  ['quick', { ...B, changes: 2, wipes: 0, snapshots: false, crashes: 1, tags: 5, messages: 7 }, {}],
  [
    'rewind',
    {
      ...B,
      changes: 2,
      boots: 0,
      wipes: 0,
      snapshots: false,
      crashes: 0,
      rewinds: 1,
      tags: 5,
      messages: 8,
    },
    {},
  ],
  [
    'keys',
    { ...B, keys: 2, boots: 0, wipes: 0, crashes: 0, snapshots: false, tags: 4, messages: 6 },
    {},
  ],
  ['mark', B, { mark: false }],
] as const) {
  const t = Date.now();
  const x = explore(desiredModel(b, r), { maxStates: 3e6, slotBits: 23 });
  console.log(
    n,
    x.states,
    x.transitions,
    x.depth,
    x.exhausted,
    x.violation,
    x.trace?.length,
    Date.now() - t,
  );
}
