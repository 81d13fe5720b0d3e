/** What callers of the embedded API see: options, limits and the handle. */
export interface Clock {
  readonly now: () => number;
}
export interface Logger {
  readonly debug: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly info: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** Who a request comes from. Members of `system:masters` may do everything, everybody else nothing. */
export interface Identity {
  readonly name: string;
  readonly groups: readonly string[];
}

/** PEM texts of the HTTPS server. Client certificates must be signed by `clientCa`. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string;
}

/** PEM texts with which the API dials a node's kubelet endpoint; without `ca` the endpoint's certificate is not checked. */
export interface KubeletClientTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Aborted when the reader hangs up. */
  readonly signal: AbortSignal;
}
/** Yields the bytes of a container's log; a throw before the first chunk becomes the HTTP answer. */
export type LogSource = (request: LogRequest) => AsyncIterable<Uint8Array>;

/** Every bound of the server; all have defaults in `limits.ts`. */
export interface ApiLimits {
  /** Bytes of one request body (default 3 MiB): 413 above. */
  readonly bodyBytes: number;
  /** Bytes of one stored object as JSON (default 1.5 MiB): 413 above. */
  readonly objectBytes: number;
  /** Bytes of all stored objects (default 1 GiB): 507 above. */
  readonly storeBytes: number;
  /** Nesting of a JSON body (default 64). */
  readonly jsonDepth: number;
  /** Open watches (default 4,096): 429 above. */
  readonly watchers: number;
  /** TCP connections (default 8,192). */
  readonly connections: number;
  /** Open log streams (default 512): 429 above. */
  readonly logStreams: number;
  /** Events kept for each kind for watches that resume (default 8,192 and 16 MiB). */
  readonly logEvents: number;
  readonly logBytes: number;
  /** A watcher that takes nothing for so long is cut (default 30,000 ms). */
  readonly stalledWatchMs: number;
  /** Interval of bookmarks (default 30,000 ms). */
  readonly bookmarkMs: number;
  /** Age at which an Event is dropped (default 3,600,000 ms). */
  readonly eventTtlMs: number;
}

export interface EmbeddedApiOptions {
  /** Folder of the store; created with mode 0700. */
  readonly dataDir: string;
  readonly tls: ServerTls;
  /** Default 127.0.0.1, port 0 (any free one). */
  readonly host?: string;
  readonly port?: number;
  /** Bearer tokens that are accepted, each with who it stands for. */
  readonly tokens?: ReadonlyMap<string, Identity>;
  readonly kubeletClient?: KubeletClientTls;
  readonly limits?: Partial<ApiLimits>;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface ApiAddress {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

export interface EmbeddedApi {
  /** Opens the store and listens. Throws `BL_API_STORE_OPEN`, `BL_API_LISTEN`. */
  readonly start: () => Promise<ApiAddress>;
  /** Ends watches and connections, commits, closes the store. May be called twice. */
  readonly stop: () => Promise<void>;
  /** Serves `pods/log` in process instead of by the node's kubelet endpoint. */
  readonly setLogSource: (source: LogSource | undefined) => void;
}
