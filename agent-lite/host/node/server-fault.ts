/** Whether a TLS server is the one wanted, at the time that the board knows: OpenSSL judges dates by the system's clock,
 * which on a board without one stands at 1970, or wherever it was left. */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { judgeDates, type KnownTime } from '../../core/enroll/index.ts';
import { dates, serverFault } from './certificates.ts';

/** X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED, x509_verify(3). */
const DATE_CODES: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

export interface ServerWanted {
  /** PEM, one or more. */
  readonly ca: string;
  readonly serverName: string;
}

/** For a socket after its handshake, connected with `rejectUnauthorized: false`; undefined: it may be used. OpenSSL reports
 * one error of several, so one about dates says nothing about signature and name: then all is judged again here. */
export function peerFault(
  socket: TLSSocket,
  wanted: ServerWanted,
  now: KnownTime,
): string | undefined {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return 'the server showed no certificate';
  // Node's types say Error; at run time it is OpenSSL's or Node's code (tls.TLSSocket#authorizationError).
  const code = socket.authorized ? '' : String(socket.authorizationError);
  if (code === '') {
    const judged = judgeDates(dates(leaf), now);
    return judged === 'valid' ? undefined : `the server's certificate: it is ${judged}`;
  }
  if (!DATE_CODES.has(code)) return `the server's certificate: ${code}`;
  const fault = faultUnderAny(leaf, wanted, now);
  return fault === undefined ? undefined : `the server's certificate: ${fault}`;
}

function faultUnderAny(
  leaf: X509Certificate,
  { ca, serverName }: ServerWanted,
  now: KnownTime,
): string | undefined {
  const authorities = (ca.match(CERTIFICATES) ?? []).map((pem) => new X509Certificate(pem));
  const issuer = authorities.find((authority) => leaf.checkIssued(authority));
  if (issuer === undefined) return 'its certificate authority is another';
  return serverFault(leaf, issuer, serverName, now);
}
