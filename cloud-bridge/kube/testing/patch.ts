/** The two patch forms that the bridge sends, as the API applies them to plain JSON. */
type Json = Record<string, unknown>;

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result: Json = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Merge keys of the lists in a Pod's and a Node's status; other lists are replaced. */
const MERGE_KEYS: Readonly<Record<string, string>> = { conditions: 'type', hostIPs: 'ip' };

function mergeList(target: unknown, patch: readonly unknown[], key: string): unknown[] {
  const result = Array.isArray(target) ? [...target] : [];
  for (const item of patch) {
    const at = result.findIndex((one) => isMap(one) && isMap(item) && one[key] === item[key]);
    if (at < 0) result.push(item);
    else result[at] = strategicMerge(result[at], item);
  }
  return result;
}

export function strategicMerge(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result: Json = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const mergeKey = MERGE_KEYS[key];
    if (value === null) delete result[key];
    else if (Array.isArray(value) && mergeKey !== undefined)
      result[key] = mergeList(result[key], value, mergeKey);
    else result[key] = isMap(value) ? strategicMerge(result[key], value) : value;
  }
  return result;
}
