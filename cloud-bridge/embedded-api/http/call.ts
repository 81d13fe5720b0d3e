import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../contract.ts';
import { ApiFault, internal, statusOf } from '../fault.ts';

/** One HTTP request, authenticated and with its URL taken apart. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: Identity;
}

const JSON_TYPE = 'application/json';

/** Text of a Warning header (RFC 7234 warn-code 299, as Kubernetes sends them). */
function warningHeader(text: string): string {
  const safe = text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&')
    .slice(0, 256);
  return `299 - "${safe}"`;
}

export function sendText(
  call: Pick<Call, 'response'>,
  status: number,
  text: string,
  options: { readonly type?: string; readonly warnings?: readonly string[] } = {},
): void {
  const { response } = call;
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(text);
  const headers: Record<string, string | number | string[]> = {
    'content-type': options.type ?? JSON_TYPE,
    'content-length': body.length,
    'cache-control': 'no-cache, private',
  };
  const warnings = options.warnings ?? [];
  if (warnings.length > 0) headers['warning'] = warnings.map(warningHeader);
  response.writeHead(status, headers);
  response.end(body);
}

export function sendFault(call: Pick<Call, 'response'>, error: unknown): ApiFault {
  const fault = error instanceof ApiFault ? error : internal(String(error).slice(0, 500));
  const { response } = call;
  if (!response.headersSent) {
    const retry = fault.about.retryAfterSeconds;
    if (retry !== undefined) response.setHeader('retry-after', String(retry));
    if (fault.status === 413) response.setHeader('connection', 'close');
    sendText(call, fault.status, `${JSON.stringify(statusOf(fault))}\n`);
  } else response.destroy();
  return fault;
}
