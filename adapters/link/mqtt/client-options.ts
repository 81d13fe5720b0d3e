import type { IClientOptions } from 'mqtt';
import type { Attempt } from '../attempts.ts';
import { DEFAULT_MAX_PACKET_BYTES, DEFAULT_WILL_DELAY_S, type LinkOptions } from '../link.ts';

export const CONNECT_TIMEOUT_MS = 10_000;
/** Told to the broker as Receive Maximum: below the 500 at which mosquitto's queues begin to drop. */
const RECEIVE_MAXIMUM = 400;

/** The package's options for one attempt: it must neither reconnect nor queue by itself. */
export function clientOptions(attempt: Attempt, options: LinkOptions): IClientOptions {
  const { url, level } = attempt;
  return {
    protocol: url.webSocket ? (url.tls ? 'wss' : 'ws') : url.tls ? 'mqtts' : 'mqtt',
    host: url.webSocket && url.host.includes(':') ? `[${url.host}]` : url.host,
    port: url.port,
    ...(url.webSocket ? { path: url.path } : {}),
    protocolVersion: level,
    clientId: options.clientId,
    clean: true,
    keepalive: options.keepAliveS,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    queueQoSZero: false,
    resubscribe: false,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...willAndProperties(level, options),
    ...tlsOptions(attempt, options),
  };
}

function willAndProperties(level: 4 | 5, options: LinkOptions): IClientOptions {
  const will = options.will();
  const willDelayS = options.willDelayS ?? DEFAULT_WILL_DELAY_S;
  const lastWill =
    will === undefined
      ? {}
      : {
          will: {
            topic: will.topic,
            payload: asBuffer(will.payload),
            qos: 1 as const,
            retain: false,
            ...(level === 5 ? { properties: { willDelayInterval: willDelayS } } : {}),
          },
        };
  if (level === 4) return lastWill;
  return {
    ...lastWill,
    properties: {
      // The session outlives the connection only so that the will can wait.
      sessionExpiryInterval: will === undefined ? 0 : willDelayS,
      receiveMaximum: RECEIVE_MAXIMUM,
      maximumPacketSize: options.maxPacketBytes ?? DEFAULT_MAX_PACKET_BYTES,
    },
  };
}

function tlsOptions(attempt: Attempt, options: LinkOptions): IClientOptions {
  const { url } = attempt;
  const { tls } = options;
  // Compression would cost the bridge a zlib context for each link.
  const plain = url.webSocket ? { wsOptions: { perMessageDeflate: false } } : {};
  if (!url.tls || tls === undefined) return plain;
  const secure = {
    ca: tls.ca,
    rejectUnauthorized: true,
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
  return url.webSocket ? { wsOptions: { ...secure, perMessageDeflate: false } } : secure;
}

/** The same memory under the type that the package asks for. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
