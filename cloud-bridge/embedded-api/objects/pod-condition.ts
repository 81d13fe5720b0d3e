import { child, isObject, type JsonObject, list, str } from '../json.ts';
import { timestamp } from '../timestamp.ts';

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

/** Sets one condition in place; lastTransitionTime moves only when the status does. */
export function setPodCondition(pod: JsonObject, wanted: PodCondition, nowMs: number): void {
  const conditions = list(pod, 'status', 'conditions');
  const before = conditions.find((item) => str(item, 'type') === wanted.type);
  const moved = str(before, 'status') !== wanted.status;
  const condition: JsonObject = {
    type: wanted.type,
    status: wanted.status,
    lastProbeTime: null,
    lastTransitionTime: moved ? timestamp(nowMs) : str(before, 'lastTransitionTime'),
    ...(wanted.reason === undefined ? {} : { reason: wanted.reason }),
    ...(wanted.message === undefined ? {} : { message: wanted.message }),
  };
  const others = conditions.filter((item) => isObject(item) && item !== before);
  child(pod, 'status')['conditions'] = [...others, condition];
}
