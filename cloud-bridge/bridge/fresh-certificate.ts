/** A certificate of the bridge's own, issued anew before it ends: a bridge runs for years. */
import { X509Certificate } from 'node:crypto';
import type { Clock, Logger, Timer, Timers } from '../kube/index.ts';

export interface Certificate {
  /** PEM: leaf, then CA. */
  readonly chain: string;
  readonly key: string;
}
export interface FreshCertificate {
  readonly current: () => Certificate;
  readonly stop: () => void;
}
export interface FreshCertificateOptions {
  readonly issue: () => Promise<Certificate>;
  readonly onRenewed: (certificate: Certificate) => void;
  readonly clock: Pick<Clock, 'unixMs'>;
  readonly timers: Timers;
  readonly log: Logger;
}

const RENEW_AT = 2 / 3;
/** A system's clock may be set at any moment, and timers end at 2^31 ms. */
const LOOK_EVERY_MS = 3_600_000;
const LOOK_LEAST_MS = 60_000;

/** Unix ms at which two thirds of a certificate's time are over. */
export function renewalDue(chain: string): number {
  const { validFrom, validTo } = new X509Certificate(chain);
  const from = Date.parse(validFrom);
  return from + (Date.parse(validTo) - from) * RENEW_AT;
}

/** Rejects where the first one cannot be issued; later failures are logged and tried again. */
export async function keepFresh(options: FreshCertificateOptions): Promise<FreshCertificate> {
  const { issue, onRenewed, clock, timers, log } = options;
  let certificate = await issue();
  let timer: Timer | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (clock.unixMs() >= renewalDue(certificate.chain)) {
      try {
        certificate = await issue();
        if (!stopped) onRenewed(certificate);
      } catch (error) {
        log.error('bridge.certificate-not-renewed', { error: String(error) });
      }
    }
    arm();
  };
  const arm = (): void => {
    if (stopped) return;
    const restMs = renewalDue(certificate.chain) - clock.unixMs();
    const delayMs = Math.min(LOOK_EVERY_MS, Math.max(LOOK_LEAST_MS, restMs));
    timer = timers.after(delayMs, () => void look());
  };
  arm();
  return {
    current: () => certificate,
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
