import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LinkTls } from '../link.ts';

export interface Certificates {
  readonly folder: string;
  readonly caFile: string;
  readonly serverCertFile: string;
  readonly serverKeyFile: string;
  /** CA, client certificate and key, as a link takes them. */
  readonly client: LinkTls & { readonly cert: string; readonly key: string };
  /** A client certificate of a CA that the server does not know, and that CA. */
  readonly stranger: LinkTls;
  readonly remove: () => void;
}

/** A test CA with a server certificate for 127.0.0.1 and localhost and a client certificate, made by openssl. */
export function makeCertificates(clientName: string): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'boardlet-link-'));
  const make = createMaker(folder);
  make.ca('ca');
  make.ca('other-ca');
  make.leaf('server', 'ca', 'localhost', 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  make.leaf('client', 'ca', clientName, 'extendedKeyUsage=clientAuth');
  make.leaf('stranger', 'other-ca', clientName, 'extendedKeyUsage=clientAuth');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return {
    folder,
    caFile: join(folder, 'ca.crt'),
    serverCertFile: join(folder, 'server.crt'),
    serverKeyFile: join(folder, 'server.key'),
    client: { ca: text('ca.crt'), cert: text('client.crt'), key: text('client.key') },
    stranger: { ca: text('other-ca.crt'), cert: text('stranger.crt'), key: text('stranger.key') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function createMaker(folder: string): {
  readonly ca: (name: string) => void;
  readonly leaf: (name: string, ca: string, commonName: string, extension: string) => void;
} {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  return {
    ca: (name) =>
      openssl(
        ...['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`],
        ...['-keyout', `${name}.key`, '-out', `${name}.crt`],
      ),
    leaf: (name, ca, commonName, extension) => {
      writeFileSync(join(folder, `${name}.ext`), `${extension}\n`);
      openssl(
        ...['req', ...newKey, '-subj', `/CN=${commonName}`],
        ...['-keyout', `${name}.key`, '-out', `${name}.csr`],
      );
      openssl(
        ...['x509', '-req', '-in', `${name}.csr`, '-days', '2', '-extfile', `${name}.ext`],
        ...['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-out', `${name}.crt`],
      );
    },
  };
}
