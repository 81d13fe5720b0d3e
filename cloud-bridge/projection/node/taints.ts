/** Taints of a Node, as the node lifecycle controller would set them; the embedded API has none, and on a real cluster it takes
 * off only about nine not-ready taints a second. */
import type { ConditionStatus } from '../conditions.ts';
import { timestamp } from '../text.ts';

export interface Taint {
  readonly key: string;
  readonly effect: string;
  readonly value?: string;
  readonly timeAdded?: string;
}

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
/** Keeps pods away that do not ask for boards. Set at creation only: an operator may take it off. */
export const BOARD_TAINT: Taint = { key: 'boardlet.dev/board', effect: 'NoSchedule' };

function wantedKey(ready: ConditionStatus): string | undefined {
  if (ready === 'True') return undefined;
  return ready === 'False' ? NOT_READY : UNREACHABLE;
}

/** The whole list to write, or undefined when it is right already. */
export function taintsFor(
  present: readonly Taint[] | undefined,
  ready: ConditionStatus,
  nowMs: number,
): Taint[] | undefined {
  const key = wantedKey(ready);
  const all = present ?? [];
  const kept = all.filter(
    (taint) => (taint.key !== NOT_READY && taint.key !== UNREACHABLE) || taint.key === key,
  );
  const added: Taint[] = [];
  if (key !== undefined)
    for (const effect of ['NoSchedule', 'NoExecute'])
      if (!kept.some((taint) => taint.key === key && taint.effect === effect))
        added.push({ key, effect, timeAdded: timestamp(nowMs) });
  if (added.length === 0 && kept.length === all.length) return undefined;
  return [...kept, ...added];
}
