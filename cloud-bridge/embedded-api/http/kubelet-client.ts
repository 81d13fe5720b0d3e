import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { KubeletClientTls, LogRequest } from '../contract.ts';
import { ApiFault, internal } from '../fault.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Bytes of an error answer that are passed on. */
const MAX_ERROR_BYTES = 4096;

function logPath(request: LogRequest): string {
  const path = [request.namespace, request.pod, request.container]
    .map(encodeURIComponent)
    .join('/');
  const query = new URLSearchParams();
  for (const flag of ['follow', 'previous', 'timestamps'] as const) {
    if (request[flag]) query.set(flag, 'true');
  }
  for (const name of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'] as const) {
    const value = request[name];
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return `/containerLogs/${path}${text === '' ? '' : `?${text}`}`;
}

async function readError(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > MAX_ERROR_BYTES) break;
  }
  return text.slice(0, MAX_ERROR_BYTES).trim();
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

/** Opens a log on a node's kubelet endpoint, as a real API server does (kubelet_client.go). Throws faults. */
export function openKubeletLog(
  tls: KubeletClientTls | undefined,
  target: { readonly host: string; readonly port: number },
  request: LogRequest,
): Promise<IncomingMessage> {
  const path = logPath(request);
  const url = `https://${target.host}:${target.port}${path}`;
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({
      ...target,
      path,
      signal: request.signal,
      // A kept connection may be one that the node has just closed; logs are rare enough for a new one each.
      agent: false,
      timeout: CONNECT_TIMEOUT_MS,
      rejectUnauthorized: tls?.ca !== undefined,
      ...(tls === undefined ? {} : { cert: tls.cert, key: tls.key }),
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')));
    outgoing.on('error', (error) => reject(internal(`Get "${url}": ${error.message}`)));
    outgoing.on('response', (response) => {
      // A followed log may rest for hours; only the answer's start is timed.
      outgoing.setTimeout(0);
      const status = response.statusCode ?? 500;
      if (status === 200) {
        resolve(response);
        return;
      }
      readError(response).then(
        (text) =>
          reject(
            new ApiFault(
              status,
              REASONS[status] ?? 'InternalError',
              text || `the node answered ${status}`,
            ),
          ),
        (error: unknown) => reject(internal(String(error))),
      );
    });
    outgoing.end();
  });
}
