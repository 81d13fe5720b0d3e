/** A link: one connection to a broker (or its stand-in), with what it can do said openly.
 * Reconnects by itself (200 ms doubling with jitter to 5 s); callbacks, not promises, so that the hot path
 * allocates nothing and the same code runs in QuickJS. */
export interface LinkCapabilities {
  /** Largest payload the peer takes, bytes. */
  readonly maxPayloadBytes: number;
  /** MQTT protocol level agreed on: 4 (3.1.1) or 5; 0 for a link that is not MQTT. */
  readonly protocolLevel: 0 | 4 | 5;
  /** Published topics are replaced by an alias after their first use. */
  readonly topicAlias: boolean;
}

export interface LinkHandlers {
  /** Connected and subscribed; called again after each reconnect. */
  readonly onUp: (capabilities: LinkCapabilities) => void;
  /** Connection lost or refused; `code` is a `BL_LINK_*` code. Unsent and unacknowledged messages are gone.
   * Called once for each failed attempt; not after `close`. */
  readonly onDown: (code: string, detail: string) => void;
  /** `payload` is valid for the duration of the call only; retained messages are dropped before this. */
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
  /** Room again after `publish` answered false. */
  readonly onDrain: () => void;
  /** A message came and was not handed on, such as one over `maxPacketBytes` (BL_LINK_TOO_LARGE) where one sender
   * among many must not take the connection down. */
  readonly onDropped?: (code: string, topic: string) => void;
}

export interface Link {
  /** Starts connecting; never throws for the network. */
  readonly start: () => void;
  /** False: not connected or over the high-water mark, nothing was queued. `done` is called once: `ok` at
   * PUBACK (QoS 1) or when handed to the socket (QoS 0, possibly before `publish` returns); false when the
   * connection went first or the broker refused the message. `payload` must not change until then.
   * @throws BoardletError BL_LINK_PAYLOAD for a payload over `maxPayloadBytes`: waiting would never help. */
  readonly publish: (
    topic: string,
    payload: Uint8Array,
    qos: 0 | 1,
    done?: (ok: boolean) => void,
  ) => boolean;
  readonly connected: () => boolean;
  /** Drops the connection, if there is one, as `close` does (no will is sent) and connects again at once, with the options
   * as they are then: for a certificate that was renewed. `onDown` tells of it with BL_LINK_RENEWED; what was not
   * acknowledged is gone. Does nothing while there is no connection: the next attempt reads the options anyway. */
  readonly reconnect: () => void;
  /** DISCONNECT without the will being sent; `farewell` (QoS 1) goes out first. Final; may be repeated. */
  readonly close: (farewell?: { readonly topic: string; readonly payload: Uint8Array }) => void;
}

/** A link that can hold back its peer; each implementation here is one. */
export interface PausableLink extends Link {
  /** No `onMessage` after this; the socket fills up and the broker holds the rest. The peer is not taken for dead meanwhile. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export interface LinkOptions {
  /** `mqtt://`, `mqtts://`, `ws://`, `wss://`; several are tried in turn. */
  readonly urls: readonly string[];
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** `auto` tries 5, then 3.1.1 where the broker refuses it; the choice is remembered per URL. */
  readonly protocol: 'auto' | 4 | 5;
  /** Seconds, 1–65,535; 0 sends no pings and never takes the peer for dead. */
  readonly keepAliveS: number;
  readonly subscriptions: readonly { readonly topic: string; readonly qos: 0 | 1 }[];
  /** Read anew at each CONNECT. */
  readonly will: () => { readonly topic: string; readonly payload: Uint8Array } | undefined;
  readonly tls?: LinkTls;
  readonly handlers: LinkHandlers;
  /** MQTT 5: Session Expiry and Will Delay, seconds; the broker holds the will that long. Default 30. */
  readonly willDelayS?: number;
  /** QoS 1 messages without PUBACK before `publish` answers false; the broker's Receive Maximum may lower it.
   * Default 16 (lean) or 400 (mqtt): below the 500 at which mosquitto's queues begin to drop. */
  readonly inFlightLimit?: number;
  /** Largest packet taken from the broker, bytes, told to it on MQTT 5; a larger one ends the connection (lean) or
   * is dropped with `onDropped` (mqtt, whose link carries many boards). Default 66,560: the
   * protocol's largest message with room for topic and properties. */
  readonly maxPacketBytes?: number;
}

/** PEM texts. Read anew at each connect by the `tls` getter's owner, so a rotated certificate is used. */
export interface LinkTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  /** Server name to verify instead of the URL's host. */
  readonly serverName?: string;
}

/** Every code that `onDown` may carry; BL_LINK_PAYLOAD and BL_LINK_OPTIONS are thrown instead. */
export const LINK_CODES = {
  /** The connection ended without a reason given. */
  closed: 'BL_LINK_CLOSED',
  /** No connection: nobody listens, no such name, no route, or a time-out on the way. */
  unreachable: 'BL_LINK_UNREACHABLE',
  /** TLS failed: unknown CA, wrong name, or a certificate that the peer does not take. */
  tls: 'BL_LINK_TLS',
  /** Connected, but no CONNACK or SUBACK in time. */
  timeout: 'BL_LINK_TIMEOUT',
  /** User name, password, certificate or client id refused. */
  credentials: 'BL_LINK_CREDENTIALS',
  /** The broker speaks none of the protocol levels allowed. */
  version: 'BL_LINK_VERSION',
  /** Refused by the broker for another reason. */
  refused: 'BL_LINK_REFUSED',
  /** The broker is overloaded or shutting down. */
  busy: 'BL_LINK_BUSY',
  /** The broker refused a subscription. */
  subscribe: 'BL_LINK_SUBSCRIBE',
  /** The link's owner asked for a new connection. */
  renewed: 'BL_LINK_RENEWED',
  /** Another client came with this client id. */
  takenOver: 'BL_LINK_TAKEN_OVER',
  /** Nothing came for 1.5 keep-alive periods, pings included. */
  peerDead: 'BL_LINK_PEER_DEAD',
  /** The peer's bytes break the protocol. */
  protocol: 'BL_LINK_PROTOCOL',
  /** The peer announced a packet or frame over the limit. */
  tooLarge: 'BL_LINK_TOO_LARGE',
  /** The HTTP upgrade to WebSocket was refused. */
  handshake: 'BL_LINK_HANDSHAKE',
  /** A payload over the limit was given to `publish`. */
  payload: 'BL_LINK_PAYLOAD',
  /** Options that cannot work, such as a URL with an unknown scheme. */
  options: 'BL_LINK_OPTIONS',
  /** An optional package is not installed; final, no further attempt is made. */
  missingPeer: 'BL_LINK_MISSING_PEER',
} as const;

/** Room in a packet beside the payload: fixed header, topic (≤ 512 bytes) and MQTT 5 properties, bytes. */
export const PACKET_OVERHEAD_BYTES = 1024;
export const DEFAULT_MAX_PACKET_BYTES: number = 65_536 + PACKET_OVERHEAD_BYTES;
export const DEFAULT_WILL_DELAY_S = 30;
