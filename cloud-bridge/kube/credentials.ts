/** The Authorization header, kept fresh from a token file. */
import { readFileSync } from 'node:fs';
import type { KubeConfig } from './config.ts';
import type { Clock, Logger } from './host.ts';

/** As client-go: a rotated service account token is seen within a minute. */
const REREAD_MS = 60_000;

export interface Credentials {
  readonly authorization: () => string | undefined;
  /** After a 401: read the file again at the next request. */
  readonly expire: () => void;
}

export function createCredentials(config: KubeConfig, clock: Clock, log: Logger): Credentials {
  const { tokenFile } = config;
  let token = config.token;
  let readAt = Number.NEGATIVE_INFINITY;
  const reread = (path: string): void => {
    readAt = clock.monotonicMs();
    try {
      token = readFileSync(path, 'utf8').trim();
    } catch (error) {
      // The old token may still be good; the API decides.
      log.warn('kube.token-file', { path, error: String(error) });
    }
  };
  return {
    authorization: () => {
      if (tokenFile !== undefined && clock.monotonicMs() - readAt >= REREAD_MS) reread(tokenFile);
      return token === undefined || token === '' ? undefined : `Bearer ${token}`;
    },
    expire: () => {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}
