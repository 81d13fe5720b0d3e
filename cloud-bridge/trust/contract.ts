/** Who may be what: the bridge's CA, join tokens, bindings of boards to links. */
import type { KubeObject } from '../kube/contract.ts';
import type { Entitlements } from '../session/contract.ts';

/** Structured log; `event` is a stable dotted name, fields are data and carry no secret. */
export interface Log {
  readonly info: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

export interface IssuedCertificate {
  /** PEM: leaf, then CA. */
  readonly chain: string;
  readonly notAfter: Date;
}
export interface CertificateAuthority {
  readonly caPem: () => string;
  /** SHA-256 of the CA's SubjectPublicKeyInfo, hex: pinned in join tokens. */
  readonly caHash: () => string;
  /** Signs a PKCS#10 request; the subject in the request is ignored: CN is `link`. Throws `BL_TRUST_BAD_CSR`. */
  readonly issueClient: (
    csrPem: string,
    link: string,
    lifetimeS: number,
  ) => Promise<IssuedCertificate>;
  readonly issueServer: (options: {
    readonly names: readonly string[];
    readonly lifetimeS: number;
  }) => Promise<{ readonly chain: string; readonly key: string }>;
  /** Key and certificate for one of our own: CN must contain a dot, which no link id may. */
  readonly issueOwn: (
    cn: string,
    lifetimeS: number,
    organizations?: readonly string[],
  ) => Promise<{ readonly chain: string; readonly key: string }>;
}

/** A gateway's right to bring boards named `<prefix>` and `<prefix>-…`, at most `boards` of them, its own included. */
export interface GatewayGrant {
  readonly prefix: string;
  readonly boards: number;
}
/** A binding record: which link carries a board, and who made it. */
export interface Binding {
  readonly board: string;
  readonly link: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Present on the record of a gateway's own board. */
  readonly gateway?: GatewayGrant;
  /** Id of the join token that made the record; absent for a board that a gateway brought. */
  readonly token?: string;
  /** Links that an operator moved the board away from, oldest first, at most 8: they are told to forget it. */
  readonly movedFrom?: readonly string[];
  /** An operator decided to remove the board; the record is about to go. A record that is gone without it is no decision. */
  readonly removed?: true;
}
export interface BindOptions {
  readonly gateway?: GatewayGrant;
  readonly token?: string;
  readonly again?: boolean | 'same-token';
}
/** Binding records (one ConfigMap each) with a cache that an informer feeds. */
export interface Bindings {
  /** By the cache: sync, for the session's hot path. A board that a gateway brings within its grant is bound at once. */
  readonly entitlements: Entitlements;
  /** The informer's callback for ConfigMaps of the bridge's namespace; others are ignored. */
  readonly onChange: (present: KubeObject | undefined, old: KubeObject | undefined) => void;
  /** Told, once the cache knows, of each link that may carry more or less than before; the link that loses a board comes first. */
  readonly onLink: (listener: (link: string) => void) => void;
  /** Lists once and fills the cache: for a process without an informer. */
  readonly load: () => Promise<void>;
  /** By the cache: some board is bound to this link. */
  readonly knowsLink: (link: string) => boolean;
  /** Reads the API. Undefined: no record. */
  readonly get: (board: string) => Promise<Binding | undefined>;
  readonly list: () => Promise<readonly Binding[]>;
  /** Creates the record; `again` accepts an equal one, `same-token` only one that this token made. Throws `BL_TRUST_BOARD_TAKEN`. */
  readonly bind: (board: string, link: string, options?: BindOptions) => Promise<Binding>;
  /** An operator's decision. Throws `BL_TRUST_NO_BOARD`, `BL_TRUST_NO_LINK`, `BL_KUBE_CONFLICT`. */
  readonly move: (board: string, link: string) => Promise<Binding>;
  /** Throws `BL_TRUST_NO_BOARD`; with `cascade` also removes what is bound to the board's link, else `BL_TRUST_HAS_BOARDS`. */
  readonly remove: (
    board: string,
    options?: { readonly cascade?: boolean },
  ) => Promise<readonly string[]>;
}

export interface JoinTokenRequest {
  /** Only this board may use the token; it may already be bound to its own link (new hardware under an old name). */
  readonly board?: string;
  readonly gateway?: GatewayGrant;
  /** Seconds, 60 to 604,800, default 3,600. */
  readonly ttlS?: number;
}
export interface JoinTokenMade {
  /** `<id>.<secret>.<CA hash>`: shown once, stored only as a hash. */
  readonly token: string;
  readonly id: string;
  readonly expiresAt: string;
}
/** What a token that was accepted allows. */
export interface JoinGrant {
  readonly id: string;
  readonly board: string;
  /** The operator named the board, so it may be enrolled anew over its own earlier record. */
  readonly named: boolean;
  /** The same key claimed this token before: its answer was lost. */
  readonly repeated: boolean;
  /** And its board was bound then, so that without a record it was removed since. */
  readonly settled: boolean;
  readonly gateway?: GatewayGrant;
}
export interface JoinTokens {
  readonly make: (request: JoinTokenRequest) => Promise<JoinTokenMade>;
  /** One time: a second claim succeeds only with the same key for the same board, so that a cut join can be repeated.
   * `admit` may still refuse, before the token is spent. Throws `BL_TRUST_TOKEN` for every kind of bad token. */
  readonly claim: (claim: {
    readonly token: string;
    readonly board?: string;
    readonly keyHash: string;
    readonly admit: (grant: JoinGrant) => Promise<void>;
  }) => Promise<JoinGrant>;
  /** Remembers that the token's board is bound: from now on a repetition brings back no board that was removed. */
  readonly settle: (id: string) => Promise<void>;
  /** Removes tokens that expired; answers how many. */
  readonly sweep: () => Promise<number>;
}

export interface JoinRequest {
  readonly token: string;
  /** PEM PKCS#10. */
  readonly csr: string;
  /** The name that the board would like; a token made for one board needs none. */
  readonly board?: string;
  readonly hostname?: string;
}
export interface JoinAnswer {
  readonly board: string;
  readonly fleet: string;
  readonly node: string;
  readonly ca: string;
  readonly certificate: string;
  /** RFC 3339. */
  readonly notAfter: string;
  readonly brokers: readonly string[];
  readonly shards: number;
  readonly realm: string;
  /** The bridge's clock, for a board without one. */
  readonly unixMs?: number;
  readonly gateway?: GatewayGrant;
}
/** What join and renewal need to know of the fleet. */
export interface FleetFacts {
  readonly fleet: string;
  readonly brokers: readonly string[];
  readonly shards: number;
  /** Hex of 8 bytes: the hash of the cluster's id. */
  readonly realm: string;
}
export interface Enrolment {
  /** Throws `BL_TRUST_*` and, when the API does not answer, `BL_KUBE_*`. */
  readonly join: (request: JoinRequest) => Promise<JoinAnswer>;
  /** For the session layer: a link asks for its next certificate over its own connection.
   * Throws `BL_TRUST_NOT_BOUND`, `BL_TRUST_BAD_CSR`, `BL_TRUST_TOO_MANY`. */
  readonly renewCertificate: (link: string, csrPem: string) => Promise<IssuedCertificate>;
}
/** How boards find this bridge: a ConfigMap that `boardctl` reads. */
export interface JoinInfo {
  readonly url: string;
  readonly caHash: string;
  readonly fleet: string;
  readonly brokers: readonly string[];
}
export interface JoinServer {
  /** Base URL, `https://host:port`. */
  readonly url: string;
  readonly port: number;
  /** New server certificate, without closing connections. */
  readonly setCertificate: (certificate: { readonly chain: string; readonly key: string }) => void;
  readonly close: () => Promise<void>;
}
