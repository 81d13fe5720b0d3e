/** Who may be what: the bridge's CA, join tokens, bindings of boards to links. */
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
/** A binding record: which link carries a board, and who made it. */
export interface Binding {
  readonly board: string;
  readonly link: string;
  readonly createdAt: string;
}
export interface JoinAnswer {
  readonly board: string;
  readonly fleet: string;
  readonly node: string;
  readonly ca: string;
  readonly certificate: string;
  readonly notAfter: string;
  readonly brokers: readonly string[];
  readonly shards: number;
  readonly realm: string;
}
