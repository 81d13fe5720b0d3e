/** Writes what a mosquitto of one's own needs into one folder. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateAuthority } from '../trust/contract.ts';
import { writeDurably } from '../trust/durable-file.ts';
import {
  MOSQUITTO_FILES,
  type MosquittoOptions,
  mosquittoAcl,
  mosquittoConfig,
} from './mosquitto-config.ts';

export interface BrokerFilesOptions extends MosquittoOptions {
  /** Host names and addresses under which boards find the broker. */
  readonly names: readonly string[];
  /** Of the broker's certificate, seconds. */
  readonly lifetimeS: number;
}

/** Files of one folder: the key 0600, the rest readable. Answers their paths. */
export async function writeMosquittoFiles(
  authority: CertificateAuthority,
  options: BrokerFilesOptions,
): Promise<readonly string[]> {
  const { dir, names, lifetimeS, bridges } = options;
  const config = mosquittoConfig(options);
  const { chain, key } = await authority.issueServer({ names, lifetimeS });
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const files: readonly (readonly [string, string, number])[] = [
    [MOSQUITTO_FILES.key, key, 0o600],
    [MOSQUITTO_FILES.cert, chain, 0o644],
    [MOSQUITTO_FILES.ca, authority.caPem(), 0o644],
    [MOSQUITTO_FILES.acl, mosquittoAcl(bridges), 0o600],
    [MOSQUITTO_FILES.config, config, 0o644],
  ];
  return files.map(([name, text, mode]) => {
    const path = join(dir, name);
    writeDurably(path, text, mode);
    chmodSync(path, mode);
    return path;
  });
}
