import { connect as connectTcp, isIP, type OnReadOpts, type Socket as TcpSocket } from 'node:net';
import type { ConnectionOptions, PeerCertificate, TLSSocket } from 'node:tls';
import type { KnownTime } from '../../core/enroll/index.ts';
import type { ConnectOptions, Socket, SocketHandlers, Sockets } from '../../core/host.ts';
import { peerFault } from './server-fault.ts';
import { socketFailure } from './socket-failure.ts';

/** Bytes not yet taken by the system above which `write` answers false. */
export const HIGH_WATER_BYTES = 65_536;
/** One read; the buffer is used again for each, so that traffic leaves no garbage. */
const READ_BUFFER_BYTES = 16_384;
/** How long `close` lets written bytes go out before the connection is destroyed. */
const CLOSE_LINGER_MS = 1000;

const systemTime = (): KnownTime => ({ unixMs: Date.now(), trusted: true });

/** Sockets over `node:net`; `node:tls` is loaded on the first use of TLS, since it costs some 3 MiB. `now` is the time by
 * which certificates are judged: the board's own, for a board whose system's clock is not set. Default: the system's. */
export function createNodeSockets(now: () => KnownTime = systemTime): Sockets {
  return {
    connect: (options, handlers) => {
      try {
        return new NodeSocket(options, handlers, now);
      } catch (error) {
        return failedSocket(error, handlers);
      }
    },
  };
}

/** Node throws at once for what it will not even try, such as a certificate that is no PEM. */
function failedSocket(error: unknown, handlers: SocketHandlers): Socket {
  const { code, detail } = socketFailure(error);
  process.nextTick(() => handlers.onClose(code, detail));
  return { write: () => false, pause: () => {}, resume: () => {}, close: () => {} };
}

class NodeSocket implements Socket {
  readonly #handlers: SocketHandlers;
  readonly #raw: TcpSocket;
  #timer: NodeJS.Timeout | undefined;
  #open = false;
  #closing = false;
  #paused = false;
  #corked = false;
  #wantsDrain = false;
  #code = '';
  #detail = '';

  constructor(options: ConnectOptions, handlers: SocketHandlers, now: () => KnownTime) {
    this.#handlers = handlers;
    const { timeoutMs, tls } = options;
    this.#raw = openRaw(options, {
      buffer: new Uint8Array(READ_BUFFER_BYTES),
      callback: (length, buffer) => this.#onRead(buffer.subarray(0, length)),
    });
    this.#timer = setTimeout(() => {
      this.#fail('BL_HOST_TIMEOUT', `not connected within ${timeoutMs} ms`);
      this.#raw.destroy();
    }, timeoutMs);
    this.#raw.on('connect', () => this.#raw.setNoDelay(true));
    if (tls === undefined) this.#raw.on('connect', () => this.#onOpen());
    else this.#raw.on('secureConnect', () => this.#onSecure(tls, now()));
    this.#raw.on('drain', () => this.#onDrain());
    this.#raw.on('error', (error) => {
      const { code, detail } = socketFailure(error);
      this.#fail(code, detail);
    });
    this.#raw.on('close', () => {
      clearTimeout(this.#timer);
      handlers.onClose(this.#code, this.#detail);
    });
  }

  /** What is written in one turn of the event loop leaves as one segment, or one TLS record. */
  readonly write = (bytes: Uint8Array): boolean => {
    if (this.#closing || this.#raw.destroyed) return false;
    if (!this.#corked) {
      this.#corked = true;
      this.#raw.cork();
      process.nextTick(() => this.#uncork());
    }
    this.#raw.write(bytes);
    if (this.#raw.writableLength <= HIGH_WATER_BYTES) return true;
    this.#wantsDrain = true;
    return false;
  };

  readonly pause = (): void => {
    this.#paused = true;
    this.#raw.pause();
  };

  readonly resume = (): void => {
    this.#paused = false;
    this.#raw.resume();
  };

  readonly close = (): void => {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#timer);
    if (!this.#open) {
      this.#raw.destroy();
      return;
    }
    this.#uncork();
    // Reading on to the peer's end, so that unread bytes do not make the system answer with a reset.
    this.#raw.resume();
    this.#raw.end();
    this.#timer = setTimeout(() => this.#raw.destroy(), CLOSE_LINGER_MS);
  };

  #onSecure(tls: NonNullable<ConnectOptions['tls']>, now: KnownTime): void {
    const fault = peerFault(this.#raw as TLSSocket, tls, now);
    if (fault === undefined) {
      this.#onOpen();
      return;
    }
    this.#fail('BL_HOST_TLS', fault);
    this.#raw.destroy();
  }

  #onOpen(): void {
    clearTimeout(this.#timer);
    if (this.#closing) return;
    this.#open = true;
    this.#handlers.onOpen();
  }

  /** False pauses reading. */
  #onRead(bytes: Uint8Array): boolean {
    if (!this.#closing) this.#handlers.onData(bytes);
    return this.#closing || !this.#paused;
  }

  #onDrain(): void {
    if (!this.#wantsDrain || this.#closing) return;
    this.#wantsDrain = false;
    this.#handlers.onDrain();
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#raw.uncork();
  }

  /** The first reason is the one that counts. */
  #fail(code: string, detail: string): void {
    if (this.#code !== '' || this.#closing) return;
    this.#code = code;
    this.#detail = detail;
  }
}

function openRaw(options: ConnectOptions, onread: OnReadOpts): TcpSocket {
  const { host, port, tls } = options;
  if (tls === undefined) return connectTcp({ host, port, onread });
  const { connect, checkServerIdentity } = process.getBuiltinModule('node:tls');
  const { serverName } = tls;
  const secure: ConnectionOptions & { readonly onread: OnReadOpts } = {
    host,
    port,
    onread,
    ca: tls.ca,
    minVersion: 'TLSv1.2',
    // `peerFault` decides before anything is sent: OpenSSL asks the system's clock, which may not be set.
    rejectUnauthorized: false,
    // RFC 6066 §3: no literal addresses in the server name extension.
    servername: isIP(serverName) === 0 ? serverName : '',
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(serverName, certificate),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
  };
  return connect(secure);
}
