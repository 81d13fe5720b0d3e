/** Certificates and requests: the only file that knows @peculiar/x509. */
import { createPublicKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { BoardletError } from '@boardlet/adapters/wire';
import type * as x509 from '@peculiar/x509';
import { installReflectMetadata } from './reflect.ts';

const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
/** A request is a few hundred bytes; RSA 8192 with a long subject stays below this. */
const CSR_MAX_BYTES = 8192;
const RSA_MIN_BITS = 2048;
const RSA_MAX_BITS = 8192;

/** Loaded at the first use: it takes a tenth of a second, and its dependency needs the metadata functions before it. */
function load(): Promise<typeof x509> {
  installReflectMetadata();
  return import('@peculiar/x509');
}

export interface Signer {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}
export interface CertificateRequest {
  readonly publicKey: x509.PublicKey;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly keyHash: string;
}
export interface LeafOptions {
  readonly cn: string;
  readonly organizations?: readonly string[];
  readonly usage: 'client' | 'server';
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
  readonly uri?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Positive and of 16 bytes: RFC 5280 4.1.2.2 allows at most 20, of at least 64 random bits. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

export function importSigningKey(pkcs8: Uint8Array): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
  ]);
}

export async function createRoot(options: {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: KeyObject;
  readonly name: string;
  readonly uri: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}): Promise<string> {
  const x509 = await load();
  const publicKey = new x509.PublicKey(spkiOf(options.publicKey));
  const subject = [{ CN: [options.name] }];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: subject,
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    publicKey,
    signingKey: options.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: options.uri }]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return pem(certificate);
}

export async function readCertificate(text: string): Promise<x509.X509Certificate> {
  const { X509Certificate } = await load();
  return new X509Certificate(text);
}

export async function publicKeyOf(key: KeyObject): Promise<x509.PublicKey> {
  const { PublicKey } = await load();
  return new PublicKey(spkiOf(key));
}

export async function signLeaf(
  signer: Signer,
  publicKey: x509.PublicKey,
  options: LeafOptions,
): Promise<string> {
  const { X509CertificateGenerator } = await load();
  const subject = [
    { CN: [options.cn] },
    ...(options.organizations ?? []).map((name) => ({ O: [name] })),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: signer.certificate.subjectName.toJSON(),
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    publicKey,
    signingKey: signer.key,
    signingAlgorithm: SIGNING,
    extensions: await leafExtensions(signer, publicKey, options),
  });
  return pem(certificate);
}

async function leafExtensions(
  signer: Signer,
  publicKey: x509.PublicKey,
  options: LeafOptions,
): Promise<x509.Extension[]> {
  const x509 = await load();
  const purpose =
    options.usage === 'client'
      ? x509.ExtendedKeyUsage.clientAuth
      : x509.ExtendedKeyUsage.serverAuth;
  const alternatives: x509.JsonGeneralName[] = (options.names ?? []).map((name) => ({
    type: isIP(name) === 0 ? 'dns' : 'ip',
    value: name,
  }));
  if (options.uri !== undefined) alternatives.push({ type: 'url', value: options.uri });
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([purpose]),
    new x509.SubjectAlternativeNameExtension(alternatives),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(signer.certificate.publicKey),
  ];
}

/** Reads a PKCS#10 request (RFC 2986), checks its signature (proof that the asker holds the key) and the key's strength.
 * Throws `BL_TRUST_BAD_CSR`, never quoting the request. */
export async function readRequest(csrPem: string): Promise<CertificateRequest> {
  if (csrPem.length > CSR_MAX_BYTES) throw badRequest('it is too long');
  const { Pkcs10CertificateRequest } = await load();
  let request: x509.Pkcs10CertificateRequest;
  let spki: Buffer;
  let valid: boolean;
  try {
    request = new Pkcs10CertificateRequest(csrPem);
    spki = Buffer.from(request.publicKey.rawData);
    checkStrength(createPublicKey({ key: spki, format: 'der', type: 'spki' }));
    valid = await request.verify();
  } catch (cause) {
    if (cause instanceof BoardletError) throw cause;
    throw badRequest('it does not parse as PKCS#10', cause);
  }
  if (!valid) throw badRequest('its signature does not match its key');
  const digest = await webcrypto.subtle.digest('SHA-256', spki);
  return { publicKey: request.publicKey, keyHash: Buffer.from(digest).toString('hex') };
}

function checkStrength(key: KeyObject): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return;
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return;
  const bits = details?.modulusLength ?? 0;
  if (type === 'rsa' && bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS) return;
  throw badRequest('its key is none of P-256, Ed25519 and RSA of 2,048 to 8,192 bits');
}

function badRequest(what: string, cause?: unknown): BoardletError {
  return new BoardletError('BL_TRUST_BAD_CSR', `the certificate request is refused: ${what}`, {
    cause,
  });
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
