/** `/containerLogs/{namespace}/{pod}/{container}` as the API server asks it (kubelet server.go; PodLogOptions). */
import type { LogArgs } from '@boardlet/adapters/wire';

export type LogRequest =
  | { readonly ok: true; readonly namespace: string; readonly pod: string; readonly args: LogArgs }
  | { readonly ok: false; readonly status: 400 | 404; readonly message: string };

/** Names are RFC 1123 subdomains, so nothing in the path needs decoding. */
const ROUTE = /^\/containerLogs\/([a-z0-9.-]+)\/([a-z0-9.-]+)\/([a-z0-9.-]+)$/;

type Parsed = { readonly value?: number } | { readonly error: string };

function count(query: URLSearchParams, name: string): Parsed {
  const text = query.get(name);
  if (text === null || text === '') return {};
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    return { error: `${name}: "${text}" is not a whole number ≥ 0` };
  return { value };
}

function since(query: URLSearchParams, nowMs: number): Parsed {
  const seconds = count(query, 'sinceSeconds');
  if ('error' in seconds) return seconds;
  if (seconds.value !== undefined) return { value: seconds.value * 1000 };
  const time = query.get('sinceTime');
  if (time === null || time === '') return {};
  const ms = Date.parse(time);
  return Number.isNaN(ms)
    ? { error: `sinceTime: "${time}" is not an RFC 3339 time` }
    : { value: Math.max(0, nowMs - ms) };
}

/** `sinceMs` of the answer is an age, since a board's clock may be off. */
export function parseLogRequest(path: string, query: URLSearchParams, nowMs: number): LogRequest {
  const route = ROUTE.exec(path);
  if (route === null) return { ok: false, status: 404, message: 'no such path' };
  const [namespace = '', pod = '', container = ''] = route.slice(1);
  const tail = count(query, 'tailLines');
  const limit = count(query, 'limitBytes');
  const from = since(query, nowMs);
  for (const p of [tail, limit, from])
    if ('error' in p) return { ok: false, status: 400, message: p.error };
  const flag = (name: string): boolean => query.get(name) === 'true';
  const value = (p: Parsed): number | undefined => ('error' in p ? undefined : p.value);
  const [tailLines, limitBytes, sinceMs] = [value(tail), value(limit), value(from)];
  return {
    ok: true,
    namespace,
    pod,
    args: {
      pod: `${namespace}/${pod}`,
      container,
      follow: flag('follow'),
      previous: flag('previous'),
      timestamps: flag('timestamps'),
      ...(tailLines === undefined ? {} : { tailLines }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(limitBytes === undefined ? {} : { limitBytes }),
    },
  };
}
