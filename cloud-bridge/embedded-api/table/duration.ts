const S = 1;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;
const Y = 365 * D;

/** Steps of k8s.io/apimachinery/pkg/util/duration.HumanDuration: up to `below` seconds, whole `unit`s and whole `rest`s. */
const STEPS: readonly (readonly [
  below: number,
  unit: number,
  name: string,
  rest: number,
  restName: string,
])[] = [
  [2 * M, S, 's', 0, ''],
  [10 * M, M, 'm', S, 's'],
  [3 * H, M, 'm', 0, ''],
  [8 * H, H, 'h', M, 'm'],
  [2 * D, H, 'h', 0, ''],
  [8 * D, D, 'd', H, 'h'],
  [2 * Y, D, 'd', 0, ''],
  [8 * Y, Y, 'y', D, 'd'],
  [Number.POSITIVE_INFINITY, Y, 'y', 0, ''],
];

/** `5m12s`, as kubectl prints ages. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  for (const [below, unit, name, rest, restName] of STEPS) {
    if (seconds >= below) continue;
    const whole = Math.floor(seconds / unit);
    const left = rest === 0 ? 0 : Math.floor((seconds - whole * unit) / rest);
    return left === 0 ? `${whole}${name}` : `${whole}${name}${left}${restName}`;
  }
  return '<invalid>';
}

export function age(time: string, nowMs: number): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? '<unknown>' : humanDuration(nowMs - at);
}
