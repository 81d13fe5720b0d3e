/** Whether a certificate is in its time, told by a clock that may only be a lower bound. */
export interface CertificateDates {
  /** Unix ms. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}
export interface KnownTime {
  /** Unix ms, never below max(build time, last saved time). */
  readonly unixMs: number;
  /** The clock was set by a source that we trust, not only carried on from a floor. */
  readonly trusted: boolean;
}

/** A floor below the true time proves that a certificate has ended, but never that one is not valid yet:
 * only a trusted clock may refuse for that. */
export function judgeDates(
  dates: CertificateDates,
  now: KnownTime,
): 'valid' | 'expired' | 'not-yet-valid' {
  if (now.unixMs >= dates.notAfterMs) return 'expired';
  return now.trusted && now.unixMs < dates.notBeforeMs ? 'not-yet-valid' : 'valid';
}
