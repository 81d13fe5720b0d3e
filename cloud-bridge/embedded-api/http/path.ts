/** Where a path points, below `/api/v1` or `/apis/<group>/<version>`. */
export interface ObjectPath {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
}

/** Segments of a namespace's own path: what follows is not a kind in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

function segments(path: string): string[] | undefined {
  const parts: string[] = [];
  for (const part of path.split('/').slice(1)) {
    if (part === '') continue;
    try {
      parts.push(decodeURIComponent(part));
    } catch {
      // A malformed escape names nothing.
      return undefined;
    }
  }
  return parts;
}

/** Undefined for a path that has not this shape. */
export function parseObjectPath(path: string): ObjectPath | undefined {
  const parts = segments(path);
  if (parts === undefined) return undefined;
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const group = core ? '' : (parts[1] ?? '');
  const version = parts[core ? 1 : 2] ?? '';
  const rest = parts.slice(core ? 2 : 3);
  const [first, second, third] = rest;
  if (first === undefined) return undefined;
  const inNamespace =
    first === 'namespaces' &&
    second !== undefined &&
    third !== undefined &&
    !(core && NAMESPACE_SUBRESOURCES.has(third));
  const [plural = '', name = '', ...subresource] = inNamespace ? rest.slice(2) : rest;
  return {
    group,
    version,
    namespace: inNamespace ? second : '',
    plural,
    name,
    subresource: subresource.join('/'),
  };
}
