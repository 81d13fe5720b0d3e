/** The embedded MQTT 3.1.1 broker's surface. */
import type { Log } from '../trust/contract.ts';

/** PEM texts. */
export interface BrokerTls {
  /** Clients must hold a certificate of this CA. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}
export interface ListenerOptions {
  /** `tls` and `wss` demand a client certificate. `tcp` and `ws` take a client's name at its word: loopback only. */
  readonly kind: 'tls' | 'wss' | 'tcp' | 'ws';
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}
export interface BrokerLimits {
  /** Connections, those still unnamed included. Default 10,000. */
  readonly clients: number;
  /** A whole MQTT packet after CONNECT, bytes. Default 69,632: a message of 64 KiB and its header. */
  readonly packetBytes: number;
  /** Packets of one link: burst and per second. Default 4,000 and 1,000. */
  readonly packetBurst: number;
  readonly packetsPerS: number;
  /** Bytes of one link: burst and per second. Default 8 MiB and 4 MiB. */
  readonly byteBurst: number;
  readonly bytesPerS: number;
  /** A link that stays throttled so long is disconnected, ms. Default 10,000. */
  readonly floodMs: number;
  /** Bytes waiting for a slow link, and for a slow bridge. Default 1 MiB and 64 MiB. */
  readonly queuedBytes: number;
  readonly bridgeQueuedBytes: number;
  /** New connections of all together, before TLS. Default 2,000 at once and 500 a second. */
  readonly connectBurst: number;
  readonly connectsPerS: number;
  /** Connections of one address that have no name yet, or ended without one: at once and a second. Default 1,000 and 50. */
  readonly strangerBurst: number;
  readonly strangersPerS: number;
  /** CONNECTs of one name. Default 20 at once and one a second. */
  readonly nameBurst: number;
  readonly namePerS: number;
  /** Topic filters of one link, those it was refused included; beyond it the connection ends. Default 32. */
  readonly filters: number;
  /** Keep-alive that a client must stay under, seconds. Default 600. */
  readonly keepAliveS: number;
}
export interface BrokerOptions {
  readonly listeners: readonly ListenerOptions[];
  /** Needed for `tls` and `wss`. */
  readonly tls?: BrokerTls;
  readonly limits?: Partial<BrokerLimits>;
  readonly log: Log;
  /** A last word on a name whose certificate is good; default: all may come. */
  readonly admit?: (name: string) => boolean;
  /** How often certificates of standing connections are looked at, ms. Default 30,000. */
  readonly expiryCheckMs?: number;
  /** Default the system's clocks. */
  readonly clock?: { readonly unixMs: () => number; readonly monotonicMs: () => number };
}

export interface BrokerMetrics {
  readonly clients: number;
  readonly connected: number;
  readonly refused: number;
  readonly published: number;
  readonly publishedBytes: number;
  readonly denied: number;
  readonly throttled: number;
  readonly floodDisconnects: number;
  readonly slowDisconnects: number;
  readonly expiredDisconnects: number;
}
export interface Broker {
  /** In the order of the options: `mqtts://`, `wss://…/mqtt`, `mqtt://`, `ws://…/mqtt`. */
  readonly urls: readonly string[];
  readonly metrics: () => BrokerMetrics;
  /** For later connections; those that stand stay. */
  readonly setCertificate: (certificate: { readonly cert: string; readonly key: string }) => void;
  readonly close: () => Promise<void>;
}
