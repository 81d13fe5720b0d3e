import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface KubeconfigOptions {
  readonly server: string;
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** Name of cluster, user and context (default `boardlet`). */
  readonly name?: string;
}

const base64 = (pem: string): string => Buffer.from(pem, 'utf8').toString('base64');

/** Writes a kubeconfig with an embedded client certificate, mode 0600, in one step (JSON is YAML). */
export function writeKubeconfig(file: string, options: KubeconfigOptions): void {
  const name = options.name ?? 'boardlet';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: options.server, 'certificate-authority-data': base64(options.caPem) },
      },
    ],
    users: [
      {
        name,
        user: {
          'client-certificate-data': base64(options.certPem),
          'client-key-data': base64(options.keyPem),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  mkdirSync(dirname(file), { recursive: true });
  const half = `${file}.${process.pid}.tmp`;
  writeFileSync(half, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  renameSync(half, file);
}
