/** Whether what the API holds already says what we would write. */

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when every field of `wanted` is in `present` with the same value; fields that only `present` has do not matter,
 * since the API adds defaults. Lists must agree item by item. `null` wants the field to be absent. */
export function covers(present: unknown, wanted: unknown): boolean {
  if (wanted === null) return present === undefined || present === null;
  if (Array.isArray(wanted)) {
    if (wanted.length === 0) return present === undefined || (present as unknown[]).length === 0;
    if (!Array.isArray(present) || present.length !== wanted.length) return false;
    return wanted.every((item, i) => covers(present[i], item));
  }
  if (!isMap(wanted)) return present === wanted;
  if (!isMap(present)) return present === undefined && Object.keys(wanted).length === 0;
  return Object.entries(wanted).every(([key, value]) => covers(present[key], value));
}
