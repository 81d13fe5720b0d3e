/** The join token as the operator hands it over: `<id>.<secret>.<SHA-256 of the CA's key, hex>`. */
export interface JoinToken {
  /** The whole token, as the bridge wants it. */
  readonly text: string;
  /** Not secret. */
  readonly id: string;
  /** Lower-case hex of SHA-256 over the CA's SubjectPublicKeyInfo. */
  readonly caHash: string;
}

const TOKEN = /^([a-z0-9]{6})\.[a-z0-9]{16}\.([0-9a-f]{64})$/;

/** Undefined: not a token. Blanks around it are left out, since it is copied by hand. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const trimmed = text.trim();
  const [, id, caHash] = TOKEN.exec(trimmed) ?? [];
  return id === undefined || caHash === undefined ? undefined : { text: trimmed, id, caHash };
}
