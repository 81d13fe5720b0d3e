import type { LinkTls } from '../link.ts';
import type { LinkUrl } from '../link-url.ts';
import type { ConnectOptions, LinkHost, Socket, SocketHandlers } from './sockets.ts';
import { connectWebSocket } from './web-socket.ts';

export interface TransportOptions {
  readonly url: LinkUrl;
  readonly tls: LinkTls | undefined;
  readonly timeoutMs: number;
}

/** A byte stream to the broker, with or without TLS, bare or inside a WebSocket. */
export function openTransport(
  options: TransportOptions,
  host: LinkHost,
  handlers: SocketHandlers,
): Socket {
  const { url, tls, timeoutMs } = options;
  const connect: ConnectOptions = {
    host: url.host,
    port: url.port,
    timeoutMs,
    ...(url.tls && tls !== undefined ? { tls: socketTls(url.host, tls) } : {}),
  };
  if (!url.webSocket) return host.sockets.connect(connect, handlers);
  return connectWebSocket({ connect, url, timers: host.timers }, host, handlers);
}

function socketTls(host: string, tls: LinkTls): NonNullable<ConnectOptions['tls']> {
  return {
    ca: tls.ca,
    serverName: tls.serverName ?? host,
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}
