/** A certificate authority by openssl, for tests: other code than what checks its certificates. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, keyHash, requestFor } from '../certificates.ts';

export interface LeafWishes {
  readonly usage?: 'clientAuth' | 'serverAuth';
  readonly names?: string;
  readonly days?: number;
}
export interface OpensslCa {
  readonly pem: string;
  readonly hash: string;
  /** PEM: leaf, then CA. */
  readonly sign: (csr: string, cn: string, wishes?: LeafWishes) => string;
  readonly server: (wishes?: LeafWishes) => { readonly cert: string; readonly key: string };
  readonly remove: () => void;
}

export function createOpensslCa(): OpensslCa {
  const dir = mkdtempSync(join(tmpdir(), 'openssl-ca-'));
  const path = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' });
  };
  writeFileSync(path('ca.key'), createKey());
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    path('ca.key'),
    '-out',
    path('ca.crt'),
    '-days',
    '30',
    '-subj',
    '/CN=test CA',
  );
  const pem = readFileSync(path('ca.crt'), 'utf8');
  const sign: OpensslCa['sign'] = (csr, cn, wishes = {}) => {
    const { usage = 'clientAuth', names = 'URI:spiffe://test/x', days = 1 } = wishes;
    writeFileSync(path('leaf.csr'), csr);
    writeFileSync(
      path('leaf.ext'),
      `basicConstraints=CA:FALSE\nextendedKeyUsage=${usage}\nsubjectAltName=${names}\n`,
    );
    // `-subj` needs a key of its own in x509(1) before 3.2, so the request is made for the name that is wanted.
    if (!subjectOf(csr).includes(cn)) throw new Error(`the request is not for ${cn}`);
    openssl(
      ...['x509', '-req', '-in', path('leaf.csr'), '-CA', path('ca.crt'), '-CAkey', path('ca.key')],
      ...['-CAcreateserial', '-days', String(days), '-extfile', path('leaf.ext')],
      ...['-out', path('leaf.crt')],
    );
    return readFileSync(path('leaf.crt'), 'utf8') + pem;
  };
  return {
    pem,
    hash: keyHash(new X509Certificate(pem)),
    sign,
    server: (wishes = {}) => {
      const key = createKey();
      const csr = requestFor(key, 'server');
      return {
        key,
        cert: sign(csr, 'server', { usage: 'serverAuth', names: 'IP:127.0.0.1', ...wishes }),
      };
    },
    remove: () => rmSync(dir, { recursive: true }),
  };
}

/** openssl checks the request's signature on the way. */
export function subjectOf(csr: string): string {
  return readRequest(csr, '-subject');
}
export function publicKeyIn(csr: string): string {
  return readRequest(csr, '-pubkey');
}

function readRequest(csr: string, what: string): string {
  const stdio = ['pipe', 'pipe', 'ignore'] as const;
  return execFileSync('openssl', ['req', '-noout', '-verify', what], {
    input: csr,
    stdio: [...stdio],
  }).toString();
}
