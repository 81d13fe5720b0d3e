/** The bridge's CA: P-256, ten years, one level deep. */
import { generateKeyPairSync } from 'node:crypto';
import { BoardletError } from '@boardlet/adapters/wire';
import {
  createAuthorityFile,
  hasAuthority,
  publishCertificate,
  readAuthorityFile,
  type StoredAuthority,
} from './authority-file.ts';
import { BACKDATE_PART, BACKDATE_S } from './constants.ts';
import type { CertificateAuthority, IssuedCertificate } from './contract.ts';
import { identityOf, isLinkId, isOwnName } from './names.ts';
import { type LeafOptions, publicKeyOf, readRequest, signLeaf } from './x509.ts';

/** X.520 ub-common-name. */
const COMMON_NAME_MAX = 64;

export interface AuthorityOptions {
  /** Names the SPIFFE trust domain `boardlet.<fleet>` of a CA that is made now. Default `default`. */
  readonly fleet?: string;
  /** Unix ms. Default `Date.now`. */
  readonly now?: () => number;
}
type Subject = Omit<LeafOptions, 'notBefore' | 'notAfter'>;

/** Opens the CA in `dir`, making it at the first call; of two processes that make it at once, both get the same one.
 * `dir/ca.pem` (key and certificate, 0600) is the truth, `dir/ca.crt` a public copy.
 * Throws `BL_TRUST_FLEET`, `BL_TRUST_CA_MODE` (others can read the key), `BL_TRUST_CA_DAMAGED`, `BL_TRUST_CA_EXPIRED`. */
export async function loadOrCreateAuthority(
  dir: string,
  options: AuthorityOptions = {},
): Promise<CertificateAuthority> {
  const { fleet = 'default', now = Date.now } = options;
  if (!isLinkId(fleet)) {
    throw new BoardletError('BL_TRUST_FLEET', `a fleet's name is a DNS label, not "${fleet}"`);
  }
  if (!hasAuthority(dir)) await createAuthorityFile(dir, fleet, now());
  const stored = await readAuthorityFile(dir, now());
  publishCertificate(dir, stored.caPem);
  return new DiskAuthority(stored, now);
}

class DiskAuthority implements CertificateAuthority {
  readonly #stored: StoredAuthority;
  readonly #now: () => number;

  constructor(stored: StoredAuthority, now: () => number) {
    this.#stored = stored;
    this.#now = now;
  }

  caPem(): string {
    return this.#stored.caPem;
  }

  caHash(): string {
    return this.#stored.caHash;
  }

  async issueClient(csrPem: string, link: string, lifetimeS: number): Promise<IssuedCertificate> {
    const identity = identityOf(link);
    if (identity === undefined || identity.role === 'bridge') throw badName(link);
    const request = await readRequest(csrPem);
    if (request.keyHash === this.#stored.caHash) {
      throw new BoardletError('BL_TRUST_BAD_CSR', 'the certificate request carries the CA key');
    }
    const tail = identity.role === 'teleop' ? '/teleop' : '';
    const uri = `spiffe://${this.#stored.domain}/link/${identity.link}${tail}`;
    const notAfter = this.#end(lifetimeS);
    const subject: Subject = { cn: link, usage: 'client', uri };
    const leaf = await signLeaf(this.#stored.signer, request.publicKey, {
      ...subject,
      ...this.#dates(notAfter),
    });
    return { chain: leaf + this.#stored.caPem, notAfter };
  }

  async issueServer(options: {
    readonly names: readonly string[];
    readonly lifetimeS: number;
  }): Promise<{ readonly chain: string; readonly key: string }> {
    const [first] = options.names;
    if (first === undefined) throw badName('');
    const cn = first.slice(0, COMMON_NAME_MAX);
    return await this.#withKey({ cn, usage: 'server', names: options.names }, options.lifetimeS);
  }

  async issueOwn(
    cn: string,
    lifetimeS: number,
    organizations: readonly string[] = [],
  ): Promise<{ readonly chain: string; readonly key: string }> {
    if (!isOwnName(cn)) throw badName(cn);
    const uri = `spiffe://${this.#stored.domain}/own/${cn}`;
    return await this.#withKey({ cn, usage: 'client', organizations, uri }, lifetimeS);
  }

  async #withKey(
    subject: Subject,
    lifetimeS: number,
  ): Promise<{ readonly chain: string; readonly key: string }> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const leaf = await signLeaf(this.#stored.signer, await publicKeyOf(publicKey), {
      ...subject,
      ...this.#dates(this.#end(lifetimeS)),
    });
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    return { chain: leaf + this.#stored.caPem, key };
  }

  /** Whole seconds, as the certificate holds them; never beyond the CA's own end. */
  #end(lifetimeS: number): Date {
    const wanted = Math.floor(this.#now() / 1000 + lifetimeS) * 1000;
    return new Date(Math.min(wanted, this.#stored.signer.certificate.notAfter.getTime()));
  }

  #dates(notAfter: Date): { readonly notBefore: Date; readonly notAfter: Date } {
    // A short lifetime is backdated by a part of itself: else its renewal would be due on the day that it is issued.
    const restMs = Math.max(0, notAfter.getTime() - this.#now());
    const backdateMs = Math.min(BACKDATE_S * 1000, restMs * BACKDATE_PART);
    const notBefore = new Date(this.#now() - backdateMs);
    return {
      notBefore: notBefore < notAfter ? notBefore : new Date(notAfter.getTime() - 1000),
      notAfter,
    };
  }
}

function badName(name: string): BoardletError {
  return new BoardletError('BL_TRUST_NAME', `no certificate is given for the name "${name}"`);
}
