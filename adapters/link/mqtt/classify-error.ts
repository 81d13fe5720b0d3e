import type { AttemptEnd } from '../attempts.ts';
import { refusal } from '../lean/reasons.ts';
import { LINK_CODES } from '../link.ts';

export interface Classified {
  readonly code: string;
  readonly detail: string;
  readonly kind: AttemptEnd;
}

/** Node's and OpenSSL's names for what goes wrong in TLS. */
const TLS_CODES =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

/** What an error event of the package means for a link. Its refusals carry the MQTT code as a number, errors of
 * the socket the system's name, and those of its parser nothing. */
export function classifyError(error: unknown, level: 4 | 5): Classified {
  const detail = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'number') {
    const refused = refusal(code, level);
    return {
      code: refused.code,
      detail: refused.detail,
      kind: refused.versionRefused ? 'version' : 'failed',
    };
  }
  if (typeof code === 'string')
    return {
      code: TLS_CODES.test(code) ? LINK_CODES.tls : LINK_CODES.unreachable,
      detail,
      kind: 'failed',
    };
  return { code: codeOfText(detail), detail, kind: 'failed' };
}

function codeOfText(text: string): string {
  if (/^connack timeout/i.test(text)) return LINK_CODES.timeout;
  if (/^keepalive timeout/i.test(text)) return LINK_CODES.peerDead;
  if (/^unexpected server response|subprotocol/i.test(text)) return LINK_CODES.handshake;
  return LINK_CODES.protocol;
}
