/** The CA's file: key and certificate together, so that it appears whole or not at all. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BoardletError } from '@boardlet/adapters/wire';
import { BACKDATE_S, CA_LIFETIME_S } from './constants.ts';
import { writeDurably } from './durable-file.ts';
import { createRoot, importSigningKey, readCertificate, type Signer } from './x509.ts';

const PRIVATE_FILE = 'ca.pem';
const PUBLIC_FILE = 'ca.crt';

export interface StoredAuthority {
  readonly signer: Signer;
  readonly caPem: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly caHash: string;
  /** SPIFFE trust domain, `boardlet.<fleet>`: fixed when the CA was made. */
  readonly domain: string;
}

/** True when the folder holds a CA with its key. */
export function hasAuthority(dir: string): boolean {
  return existsSync(join(dir, PRIVATE_FILE));
}

/** Makes the CA; when another process was first, its CA stays. */
export async function createAuthorityFile(
  dir: string,
  fleet: string,
  nowMs: number,
): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = await createRoot({
    privateKey: await importSigningKey(privateKey.export({ format: 'der', type: 'pkcs8' })),
    publicKey,
    name: `boardlet CA ${fleet}`,
    uri: `spiffe://boardlet.${fleet}`,
    notBefore: new Date(nowMs - BACKDATE_S * 1000),
    notAfter: new Date(nowMs + CA_LIFETIME_S * 1000),
  });
  placeOnce(join(dir, PRIVATE_FILE), `${exportKey(privateKey)}${certificate}`);
}

function exportKey(key: ReturnType<typeof createPrivateKey>): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** A hard link, unlike a rename, never replaces what another process placed meanwhile. */
function placeOnce(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  writeDurably(draft, text, 0o600);
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** Throws `BL_TRUST_CA_MODE`, `BL_TRUST_CA_DAMAGED`, `BL_TRUST_CA_EXPIRED`. */
export async function readAuthorityFile(dir: string, nowMs: number): Promise<StoredAuthority> {
  const path = join(dir, PRIVATE_FILE);
  checkMode(path);
  const { key, leaf } = parse(path, readFileSync(path, 'utf8'));
  if (Date.parse(leaf.validTo) <= nowMs) {
    throw new BoardletError('BL_TRUST_CA_EXPIRED', `the CA in ${path} ended ${leaf.validTo}`);
  }
  const caPem = leaf.toString();
  const spki = leaf.publicKey.export({ format: 'der', type: 'spki' });
  return {
    signer: {
      certificate: await readCertificate(caPem),
      key: await importSigningKey(key.export({ format: 'der', type: 'pkcs8' })),
    },
    caPem,
    domain: leaf.subjectAltName?.replace(/^URI:spiffe:\/\//, '') ?? '',
    caHash: createHash('sha256').update(spki).digest('hex'),
  };
}

function checkMode(path: string): void {
  if (process.platform === 'win32') return;
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new BoardletError(
    'BL_TRUST_CA_MODE',
    `${path} has mode ${mode.toString(8)}: others could read the CA's key; set it to 600`,
  );
}

function parse(
  path: string,
  text: string,
): { key: ReturnType<typeof createPrivateKey>; leaf: X509Certificate } {
  try {
    const key = createPrivateKey(text);
    const leaf = new X509Certificate(text);
    if (createPublicKey(key).equals(leaf.publicKey)) return { key, leaf };
  } catch (cause) {
    throw new BoardletError(
      'BL_TRUST_CA_DAMAGED',
      `${path} does not hold a key and a certificate`,
      {
        cause,
      },
    );
  }
  throw new BoardletError('BL_TRUST_CA_DAMAGED', `${path}: the key is not the certificate's`);
}

/** Keeps the public copy beside the key equal to it. */
export function publishCertificate(dir: string, caPem: string): void {
  const path = join(dir, PUBLIC_FILE);
  if (existsSync(path) && readFileSync(path, 'utf8') === caPem) return;
  writeDurably(path, caPem, 0o644);
}
