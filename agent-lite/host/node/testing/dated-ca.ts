/** Certificates with dates of any time, by `openssl ca`, for tests. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, requestFor } from '../certificates.ts';

/** Years: from the first day of one to the first day of the other. */
export type Years = readonly [number, number];
export interface DatedCa {
  readonly pem: string;
  readonly issue: (
    cn: string,
    years: Years,
    extensions?: string,
  ) => { readonly cert: string; readonly key: string };
}

export const SERVER_EXTENSIONS =
  'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1\n';
const CONFIG = `[ca]
default_ca=it
[it]
dir=.
database=./index
serial=./serial
new_certs_dir=.
default_md=sha256
policy=names
unique_subject=no
[names]
commonName=supplied
`;

export function createDatedCa(years: Years): DatedCa & { readonly remove: () => void } {
  const cwd = mkdtempSync(join(tmpdir(), 'dated-ca-'));
  const file = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
  file('config', CONFIG);
  file('index', '');
  file('serial', '01\n');
  file('ca.key', createKey());
  file('ca.csr', requestFor(readFileSync(join(cwd, 'ca.key'), 'utf8'), 'dated CA'));
  const sign = (csr: string, [from, to]: Years, extensions: string, self: boolean): string => {
    file('in.csr', csr);
    file('ext', extensions);
    const dates = ['-startdate', `${from}0101000000Z`, '-enddate', `${to}0101000000Z`];
    const signer = self ? ['-selfsign'] : ['-cert', 'ca.crt'];
    const args = ['ca', '-batch', '-notext', '-config', 'config', '-keyfile', 'ca.key', ...signer];
    args.push('-in', 'in.csr', '-out', 'out.crt', '-extfile', 'ext', ...dates);
    execFileSync('openssl', args, { cwd, stdio: 'pipe' });
    return readFileSync(join(cwd, 'out.crt'), 'utf8');
  };
  const request = readFileSync(join(cwd, 'ca.csr'), 'utf8');
  const pem = sign(request, years, 'basicConstraints=critical,CA:TRUE\n', true);
  file('ca.crt', pem);
  return {
    pem,
    issue: (cn, when, extensions = SERVER_EXTENSIONS) => {
      const key = createKey();
      return { key, cert: sign(requestFor(key, cn), when, extensions, false) + pem };
    },
    remove: () => rmSync(cwd, { recursive: true }),
  };
}
