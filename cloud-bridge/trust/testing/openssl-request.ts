/** Certificate requests of every kind, good and bad, for tests: made by openssl, so by other code than what reads them. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type RequestKind = 'p256' | 'p384' | 'ed25519' | 'rsa1024' | 'rsa2048';

const KEYS: Readonly<Record<RequestKind, () => KeyObject>> = {
  p256: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  p384: () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey,
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  rsa1024: () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  rsa2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

export function makeRequest(
  kind: RequestKind,
  cn: string,
): { readonly csr: string; readonly key: string } {
  const key = KEYS[kind]().export({ format: 'pem', type: 'pkcs8' }).toString();
  return { key, csr: requestFor(key, cn) };
}

/** Signs a request with a key that exists already. */
export function requestFor(key: string, cn: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'request-'));
  try {
    writeFileSync(join(dir, 'key.pem'), key, { mode: 0o600 });
    const args = ['req', '-new', '-key', join(dir, 'key.pem'), '-subj', `/CN=${cn}`];
    return execFileSync('openssl', args).toString();
  } finally {
    rmSync(dir, { recursive: true });
  }
}
