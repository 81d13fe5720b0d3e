import type { LinkUrl } from '../link-url.ts';
import { base64, sha1 } from './sha1.ts';

/** RFC 6455 §1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Head of the server's answer, bytes. */
export const MAX_ANSWER_BYTES = 8192;

export function upgradeRequest(url: LinkUrl, key: string): Uint8Array {
  const host = url.host.includes(':') ? `[${url.host}]` : url.host;
  const defaultPort = url.tls ? 443 : 80;
  return ascii(
    [
      `GET ${url.path} HTTP/1.1`,
      `Host: ${host}${url.port === defaultPort ? '' : `:${url.port}`}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: mqtt',
      '',
      '',
    ].join('\r\n'),
  );
}

export function webSocketKey(random: Uint8Array): string {
  return base64(random);
}

export function acceptFor(key: string): string {
  return base64(sha1(ascii(key + ACCEPT_SUFFIX)));
}

export type Answer =
  | { readonly state: 'more' }
  | { readonly state: 'ok'; readonly bodyStart: number }
  | { readonly state: 'refused'; readonly detail: string };

/** Judges the server's answer (RFC 6455 §4.1, client requirements 1–6). */
export function readAnswer(bytes: Uint8Array, length: number, key: string): Answer {
  const end = headEnd(bytes, Math.min(length, MAX_ANSWER_BYTES));
  if (end < 0) {
    if (length < MAX_ANSWER_BYTES) return { state: 'more' };
    return { state: 'refused', detail: `no end of the HTTP head in ${MAX_ANSWER_BYTES} bytes` };
  }
  const [status = '', ...lines] = latin1(bytes, end).split('\r\n');
  if (!/^HTTP\/1\.1 101(?: |$)/.test(status))
    return { state: 'refused', detail: printable(status) };
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, Math.max(0, colon)).toLowerCase(), line.slice(colon + 1).trim());
  }
  const wrong = firstWrong(headers, key);
  return wrong === undefined
    ? { state: 'ok', bodyStart: end + 4 }
    : { state: 'refused', detail: `wrong or missing ${wrong}` };
}

function firstWrong(headers: ReadonlyMap<string, string>, key: string): string | undefined {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return 'Upgrade';
  if (!/(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get('connection') ?? '')) return 'Connection';
  if (headers.get('sec-websocket-accept') !== acceptFor(key)) return 'Sec-WebSocket-Accept';
  if (headers.has('sec-websocket-extensions')) return 'Sec-WebSocket-Extensions';
  // MQTT 5 §6 [MQTT-6.0.0-4]: the server must choose `mqtt`.
  return headers.get('sec-websocket-protocol') === 'mqtt' ? undefined : 'Sec-WebSocket-Protocol';
}

function headEnd(bytes: Uint8Array, length: number): number {
  for (let i = 0; i + 3 < length; i++)
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10)
      return i;
  return -1;
}

function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function latin1(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

/** For a log line: bounded, and no control characters of the peer's choosing. */
function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}
