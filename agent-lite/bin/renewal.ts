/** The board's certificate: used for TLS, and renewed over the link before it ends. */
import type { LinkTls } from '@boardlet/adapters/link';
import { END_CODES, encodeRenewArgs, STREAM_TYPES } from '@boardlet/adapters/wire';
import { createRotator, type Identity } from '../core/enroll/index.ts';
import type { HostResult } from '../core/host.ts';
import type { Replication } from '../core/replication/index.ts';
import { createKeyAndRequest, datesOf } from '../host/node/certificates.ts';
import { installIdentity } from '../host/node/enroll.ts';
import type { NodeHost } from '../host/node/index.ts';

export interface Renewal {
  readonly tls: () => LinkTls;
  /** Before `start`: the link over which it asks. */
  readonly attach: (replication: Replication, board: string) => void;
  readonly start: () => void;
  readonly stop: () => void;
}
interface RenewalOptions {
  readonly host: NodeHost;
  readonly dir: string;
  readonly identity: Identity;
}
type Answer = (answer: HostResult<string>) => void;

/** A PEM chain is a few kB; more is no certificate. */
const MOST_ANSWER_BYTES = 65_536;

const notConnected: HostResult<string> = {
  ok: false,
  code: 'BL_ENROLL_NOT_CONNECTED',
  message: 'no session',
};

function ask(replication: Replication, board: string, csr: string, done: Answer): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = replication.openStream(board, STREAM_TYPES.renew, encodeRenewArgs({ csr }), {
    onData: (bytes) => {
      size += bytes.length;
      if (size <= MOST_ANSWER_BYTES) chunks.push(Buffer.from(bytes));
    },
    onEnd: (code) => {
      if (code === END_CODES.ok && size > 0)
        done({ ok: true, value: Buffer.concat(chunks).toString() });
      else
        done({
          ok: false,
          code: 'BL_ENROLL_REFUSED',
          message: `the bridge ended the request with code ${code}`,
        });
    },
  });
  if (stream === undefined) done(notConnected);
}

export function createRenewal(options: RenewalOptions): Renewal {
  const { host, dir, identity } = options;
  let link: { readonly replication: Replication; readonly board: string } | undefined;
  const now = () => ({ unixMs: host.clock.unixMs(), trusted: host.facts.read().clockTrusted });
  const rotator = createRotator({
    clock: host.clock,
    timers: host.timers,
    log: host.log,
    random: () => Math.random(),
    identity,
    dates: datesOf(identity.certificate),
    createKey: createKeyAndRequest,
    ask: (csr, done) =>
      link === undefined ? done(notConnected) : ask(link.replication, link.board, csr, done),
    install: (next) => installIdentity(host.files, dir, next, now()),
    // A broker may end a connection whose certificate has ended, and that would be a lost link.
    onRotated: () => link?.replication.reconnect(),
  });
  return {
    tls: () => {
      const { ca, certificate, key } = rotator.identity();
      return { ca, cert: certificate, key };
    },
    attach: (replication, board) => {
      link = { replication, board };
      replication.onGreeted(() => rotator.linkUp());
    },
    start: rotator.start,
    stop: rotator.stop,
  };
}
