/** A link: one connection to a broker (or its stand-in), with what it can do said openly.
 * Reconnects by itself (200 ms doubling with jitter to 5 s); callbacks, not promises, so that the hot path
 * allocates nothing and the same code runs in QuickJS. */
export interface LinkCapabilities {
  /** Largest payload the peer takes, bytes. */
  readonly maxPayloadBytes: number;
  /** MQTT protocol level agreed on: 4 (3.1.1) or 5; 0 for a link that is not MQTT. */
  readonly protocolLevel: 0 | 4 | 5;
  readonly topicAlias: boolean;
}

export interface LinkHandlers {
  /** Connected and subscribed; called again after each reconnect. */
  readonly onUp: (capabilities: LinkCapabilities) => void;
  /** Connection lost or refused; `code` is a `BL_LINK_*` code. Unsent and unacknowledged messages are gone. */
  readonly onDown: (code: string, detail: string) => void;
  /** `payload` is valid for the duration of the call only; retained messages are dropped before this. */
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
  /** Room again after `publish` answered false. */
  readonly onDrain: () => void;
}

export interface Link {
  /** Starts connecting; never throws for the network. */
  readonly start: () => void;
  /** False: not connected or over the high-water mark, nothing was queued. `done` is called once: `ok` at
   * PUBACK (QoS 1) or when handed to the socket (QoS 0); false when the connection went first. */
  readonly publish: (
    topic: string,
    payload: Uint8Array,
    qos: 0 | 1,
    done?: (ok: boolean) => void,
  ) => boolean;
  readonly connected: () => boolean;
  /** DISCONNECT without the will being sent; `farewell` goes out first. */
  readonly close: (farewell?: { readonly topic: string; readonly payload: Uint8Array }) => void;
}

export interface LinkOptions {
  /** `mqtt://`, `mqtts://`, `ws://`, `wss://`; several are tried in turn. */
  readonly urls: readonly string[];
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** `auto` tries 5, then 3.1.1 where the broker refuses it; the choice is remembered per URL. */
  readonly protocol: 'auto' | 4 | 5;
  readonly keepAliveS: number;
  readonly subscriptions: readonly { readonly topic: string; readonly qos: 0 | 1 }[];
  /** Read anew at each CONNECT. */
  readonly will: () => { readonly topic: string; readonly payload: Uint8Array } | undefined;
  readonly tls?: LinkTls;
  readonly handlers: LinkHandlers;
}

/** PEM texts. Read anew at each connect by the `tls` getter's owner, so a rotated certificate is used. */
export interface LinkTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  /** Server name to verify instead of the URL's host. */
  readonly serverName?: string;
}
