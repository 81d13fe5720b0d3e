/** Joining and renewing: what a board gets for a token, and what a link gets for being bound. */
import { BoardletError } from '@boardlet/adapters/wire';
import { CLIENT_LIFETIME_S } from './constants.ts';
import type {
  Bindings,
  CertificateAuthority,
  Enrolment,
  FleetFacts,
  IssuedCertificate,
  JoinAnswer,
  JoinGrant,
  JoinRequest,
  JoinTokens,
  Log,
} from './contract.ts';
import { isLinkId } from './names.ts';
import { createTokenBuckets } from './token-bucket.ts';
import { readRequest } from './x509.ts';

/** The label kubernetes.io/hostname carries the node's name, and labels end at 63. */
const NODE_NAME_MAX = 63;
/** A link renews once in two thirds of a lifetime; four at once leave room for restarts. */
const RENEWALS = { burst: 4, perSecond: 1 / 60, maxKeys: 10_000 };
/** Very short lifetimes, as in trials, are renewed more often than that. */
const RENEWALS_PER_LIFETIME = 3;

export interface EnrolmentOptions {
  readonly authority: CertificateAuthority;
  readonly tokens: JoinTokens;
  readonly bindings: Bindings;
  readonly facts: FleetFacts;
  readonly log: Log;
  /** Seconds, default 86,400. */
  readonly lifetimeS?: number;
  /** Unix ms. Default `Date.now`. */
  readonly now?: () => number;
}

export function createEnrolment(options: EnrolmentOptions): Enrolment {
  const { bindings, authority, log, lifetimeS = CLIENT_LIFETIME_S, now = Date.now } = options;
  const renewals = createTokenBuckets({
    ...RENEWALS,
    perSecond: Math.max(RENEWALS.perSecond, RENEWALS_PER_LIFETIME / lifetimeS),
    nowMs: now,
  });
  return {
    join: (request) => join(options, request, lifetimeS, now),
    renewCertificate: async (link, csrPem) => {
      if (!isLinkId(link) || !bindings.knowsLink(link)) {
        throw new BoardletError('BL_TRUST_NOT_BOUND', `no board is bound to link "${link}"`);
      }
      if (!renewals.take(link)) {
        throw new BoardletError('BL_TRUST_TOO_MANY', `link "${link}" renews too often`);
      }
      const issued = await authority.issueClient(csrPem, link, lifetimeS);
      log.info('trust.renewed', { link, notAfter: issued.notAfter.toISOString() });
      return issued;
    },
  };
}

async function join(
  options: EnrolmentOptions,
  request: JoinRequest,
  lifetimeS: number,
  now: () => number,
): Promise<JoinAnswer> {
  const { authority, tokens, bindings, facts, log } = options;
  const { keyHash } = await readRequest(request.csr);
  const grant = await tokens.claim({
    token: request.token,
    keyHash,
    admit: (wanted) => admit(bindings, facts.fleet, wanted),
    ...(request.board === undefined ? {} : { board: request.board }),
  });
  const { board, gateway } = grant;
  await bindings.bind(board, board, {
    token: grant.id,
    again: grant.named || (grant.repeated && 'same-token'),
    ...(gateway === undefined ? {} : { gateway }),
  });
  if (!grant.settled) await tokens.settle(grant.id);
  const issued = await authority.issueClient(request.csr, board, lifetimeS);
  log.info('trust.joined', { board, token: grant.id, repeated: grant.repeated });
  return answer(options, grant, issued, now());
}

/** Refusals that the operator can act on come before the token is spent. */
async function admit(bindings: Bindings, fleet: string, grant: JoinGrant): Promise<void> {
  const { board } = grant;
  if (`${fleet}-${board}`.length > NODE_NAME_MAX) {
    throw new BoardletError(
      'BL_TRUST_BOARD_NAME',
      `the node's name ${fleet}-${board} would be longer than ${NODE_NAME_MAX} characters`,
    );
  }
  const held = await bindings.get(board);
  if (held === undefined) {
    if (!grant.settled) return;
    // Else a board that an operator removed would come back by repeating its join.
    throw new BoardletError('BL_TRUST_TOKEN', `board "${board}" was removed; ask for a new token`);
  }
  const own = grant.named || (grant.repeated && held.token === grant.id);
  if (held.link === board && own) return;
  throw new BoardletError('BL_TRUST_BOARD_TAKEN', `a board named "${board}" is enrolled already`);
}

function answer(
  { authority, facts }: EnrolmentOptions,
  grant: JoinGrant,
  issued: IssuedCertificate,
  unixMs: number,
): JoinAnswer {
  return {
    board: grant.board,
    fleet: facts.fleet,
    node: `${facts.fleet}-${grant.board}`,
    ca: authority.caPem(),
    certificate: issued.chain,
    notAfter: issued.notAfter.toISOString(),
    brokers: facts.brokers,
    shards: facts.shards,
    realm: facts.realm,
    unixMs,
    ...(grant.gateway === undefined ? {} : { gateway: grant.gateway }),
  };
}
