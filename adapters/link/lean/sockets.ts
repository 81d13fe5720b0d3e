/** What the lean link needs of its host, declared here so that this folder stays pure. The agent's host
 * interface has the same shape. */
export interface SocketHandlers {
  readonly onOpen: () => void;
  /** Valid for the duration of the call. */
  readonly onData: (bytes: Uint8Array) => void;
  readonly onDrain: () => void;
  /** Once; `code` is a `BL_HOST_*` code, or empty after an orderly end. */
  readonly onClose: (code: string, detail: string) => void;
}
export interface Socket {
  /** False: over the high-water mark; `onDrain` follows. The bytes are taken either way. */
  readonly write: (bytes: Uint8Array) => boolean;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends after what was written has gone out. */
  readonly close: () => void;
}
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: {
    readonly ca: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName: string;
    readonly alpn?: readonly string[];
  };
  readonly timeoutMs: number;
}
export interface Sockets {
  readonly connect: (options: ConnectOptions, handlers: SocketHandlers) => Socket;
}
export interface LinkClock {
  /** Milliseconds, monotonic, from an arbitrary start. */
  readonly monotonicMs: () => number;
}
export interface LinkTimers {
  readonly after: (delayMs: number, fire: () => void) => { readonly cancel: () => void };
}
/** Cryptographically strong bytes. */
export type RandomBytes = (length: number) => Uint8Array;

export interface LinkHost {
  readonly sockets: Sockets;
  readonly timers: LinkTimers;
  readonly clock: LinkClock;
  readonly random: RandomBytes;
}
