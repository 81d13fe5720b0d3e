import { BoardletError } from '../wire/errors.ts';
import { LINK_CODES, type LinkOptions } from './link.ts';

export interface LinkUrl {
  readonly href: string;
  readonly tls: boolean;
  readonly webSocket: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** Path and query, for WebSocket; `/` where the URL has none. */
  readonly path: string;
}

const FORM =
  /^(mqtts?|wss?):\/\/(\[[0-9a-f:.]+\]|[^/:?#@[\]\s]+)(?::(\d{1,5}))?(\/[\x21\x22\x24-\x7e]*)?$/i;
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  mqtt: 1883,
  mqtts: 8883,
  ws: 80,
  wss: 443,
};

/** By hand, since QuickJS has no URL. Credentials do not belong into a URL that gets logged: refused.
 * @throws BoardletError BL_LINK_OPTIONS */
export function parseLinkUrl(href: string): LinkUrl {
  const parts = FORM.exec(href);
  const scheme = (parts?.[1] ?? '').toLowerCase();
  const host = parts?.[2] ?? '';
  const port = parts?.[3] === undefined ? DEFAULT_PORTS[scheme] : Number(parts[3]);
  if (host === '' || port === undefined || port === 0 || port > 65_535)
    throw new BoardletError(
      LINK_CODES.options,
      'a link URL is mqtt, mqtts, ws or wss://host[:port][/path], without credentials',
    );
  return {
    href,
    tls: scheme === 'mqtts' || scheme === 'wss',
    webSocket: scheme.startsWith('ws'),
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port,
    path: parts?.[4] ?? '/',
  };
}

/** Checks what can be known before connecting.
 * @throws BoardletError BL_LINK_OPTIONS */
export function checkLinkOptions(options: LinkOptions): readonly LinkUrl[] {
  const urls = options.urls.map(parseLinkUrl);
  if (urls.length === 0) throw new BoardletError(LINK_CODES.options, 'a link needs a URL');
  if (options.tls === undefined && urls.some((url) => url.tls))
    throw new BoardletError(LINK_CODES.options, 'mqtts and wss need `tls` with a CA');
  const { keepAliveS } = options;
  if (!Number.isInteger(keepAliveS) || keepAliveS < 0 || keepAliveS > 65_535)
    throw new BoardletError(LINK_CODES.options, '`keepAliveS` is a whole number, 0 to 65,535');
  return urls;
}
