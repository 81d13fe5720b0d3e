/** Conditions of Nodes and Pods: the time of a transition is when the status changed, not when it was written. */
import { covers } from './covers.ts';
import { timestamp } from './text.ts';

export type ConditionStatus = 'True' | 'False' | 'Unknown';
export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastHeartbeatTime?: string;
}
export type Wish = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** The wishes with transition times: kept while the status stays, `nowMs` where it changes. */
export function transitions(
  present: readonly Condition[] | undefined,
  wishes: readonly Wish[],
  nowMs: number,
): Condition[] {
  return wishes.map((wish) => {
    const before = conditionOf(present, wish.type);
    const kept = before?.status === wish.status ? before.lastTransitionTime : undefined;
    return { ...wish, lastTransitionTime: kept ?? timestamp(nowMs) };
  });
}

export function sameConditions(
  present: readonly Condition[] | undefined,
  wishes: readonly Wish[],
): boolean {
  return wishes.every(({ type, status, reason, message }) =>
    covers(conditionOf(present, type), {
      type,
      status,
      reason: reason ?? null,
      message: message ?? null,
    }),
  );
}
