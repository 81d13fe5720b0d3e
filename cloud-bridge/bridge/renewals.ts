/** Answers a link that asks for its next certificate over its own, authenticated connection. */
import { decodeRenewArgs, END_CODES, STREAM_TYPES } from '@boardlet/adapters/wire';
import type { Logger } from '../kube/index.ts';
import type { SessionServer } from '../session/contract.ts';
import type { Enrolment } from '../trust/index.ts';

const utf8 = new TextEncoder();

export function serveRenewals(
  sessions: Pick<SessionServer, 'onBoardStream'>,
  enrolment: Pick<Enrolment, 'renewCertificate'>,
  log: Logger,
): void {
  sessions.onBoardStream(STREAM_TYPES.renew, ({ link, args }, stream) => {
    const request = decodeRenewArgs(args);
    if (!request.ok) return END_CODES.invalid;
    enrolment.renewCertificate(link, request.value.csr).then(
      ({ chain }) => {
        // A chain is a few kB and the window is empty: it is taken whole.
        stream.end(stream.write(utf8.encode(chain)) ? END_CODES.ok : END_CODES.busy);
      },
      (error: Error & { code?: string }) => {
        log.warn('trust.renewal-refused', { link, code: error.code ?? '', error: error.message });
        stream.end(END_CODES.refused);
      },
    );
    return { onData: () => undefined, onEnd: () => undefined };
  });
}
