/** Keys and certificates by `node:crypto`: making them, and judging the peer's and our own. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import {
  type CertificateDates,
  createCertificateRequest,
  judgeDates,
  type KnownTime,
  type NewKey,
} from '../../core/enroll/index.ts';
import type { HostResult } from '../../core/host.ts';

/** RFC 5280 4.2.1.12 id-kp-serverAuth and id-kp-clientAuth. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/;

/** A new P-256 key, PEM PKCS#8. */
export function createKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The request for a key that exists: P-256 or Ed25519. */
export function requestFor(key: string, commonName: string): string {
  const privateKey = createPrivateKey(key);
  const ed25519 = privateKey.asymmetricKeyType === 'ed25519';
  return createCertificateRequest(commonName, {
    algorithm: ed25519 ? 'ed25519' : 'ecdsa-sha256',
    spki: spkiOf(createPublicKey(privateKey)),
    sign: (bytes) => sign(ed25519 ? null : 'sha256', bytes, privateKey),
  });
}

/** A new key and its request, for the rotator. */
export function createKeyAndRequest(commonName: string): NewKey {
  const key = createKey();
  return { key, csr: requestFor(key, commonName) };
}

/** SHA-256 over the SubjectPublicKeyInfo, lower-case hex: what a join token pins. */
export function keyHash(certificate: X509Certificate): string {
  return createHash('sha256').update(spkiOf(certificate.publicKey)).digest('hex');
}

/** Dates of the first certificate in a PEM text. Throws for one that does not parse. */
export function datesOf(pem: string): CertificateDates {
  return dates(new X509Certificate(firstCertificate(pem)));
}

export function dates(certificate: X509Certificate): CertificateDates {
  return {
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** What is wrong with a server's certificate, judged without the system's clock; undefined: nothing. It replaces OpenSSL's
 * verification where the system's clock is not the time: our CA signs servers directly, so the chain is two long. */
export function serverFault(
  leaf: X509Certificate,
  ca: X509Certificate,
  serverName: string,
  now: KnownTime,
): string | undefined {
  const fault = chainFault(leaf, ca, now);
  if (fault !== undefined) return fault;
  if (!leaf.keyUsage.includes(SERVER_AUTH)) return 'it is no server certificate';
  const named =
    isIP(serverName) === 0
      ? leaf.checkHost(serverName, { subject: 'never' })
      : leaf.checkIP(serverName);
  return named === undefined ? `it is not for ${serverName}` : undefined;
}

function chainFault(
  leaf: X509Certificate,
  ca: X509Certificate,
  now: KnownTime,
): string | undefined {
  if (!ca.ca || !ca.verify(ca.publicKey)) return 'its issuer is no certificate authority';
  if (leaf.ca || !leaf.checkIssued(ca) || !leaf.verify(ca.publicKey)) {
    return 'it is not signed by the certificate authority';
  }
  for (const certificate of [leaf, ca]) {
    const judged = judgeDates(dates(certificate), now);
    if (judged !== 'valid') return `it is ${judged}`;
  }
  return undefined;
}

/** Checks what the bridge issued: our key, our name, its CA, for a client, and in its time. */
export function checkOwnCertificate(
  own: {
    readonly certificate: string;
    readonly key: string;
    readonly ca: string;
    readonly link: string;
  },
  now: KnownTime,
): HostResult<CertificateDates> {
  const refuse = (message: string): HostResult<CertificateDates> => ({
    ok: false,
    code: 'BL_ENROLL_CERTIFICATE',
    message: `the certificate that the bridge issued is refused: ${message}`,
  });
  let leaf: X509Certificate;
  let ca: X509Certificate;
  let key: KeyObject;
  try {
    leaf = new X509Certificate(firstCertificate(own.certificate));
    ca = new X509Certificate(own.ca);
    key = createPrivateKey(own.key);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'it does not parse');
  }
  if (!leaf.checkPrivateKey(key)) return refuse('it is for another key');
  if (leaf.subject !== `CN=${own.link}`) return refuse(`it is not for ${own.link}`);
  if (!leaf.keyUsage.includes(CLIENT_AUTH)) return refuse('it is no client certificate');
  const fault = chainFault(leaf, ca, now);
  return fault === undefined ? { ok: true, value: dates(leaf) } : refuse(fault);
}

function firstCertificate(pem: string): string {
  return CERTIFICATE.exec(pem)?.[0] ?? '';
}

function spkiOf(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' });
}
