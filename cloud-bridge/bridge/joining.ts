/** Where boards join, how they find it, and the tokens that nobody used. */
import { type Logger, systemClock, systemTimers } from '../kube/index.ts';
import {
  type CertificateAuthority,
  createJoinServer,
  type Enrolment,
  type JoinTokens,
  publishJoinInfo,
  SERVER_LIFETIME_S,
} from '../trust/index.ts';
import type { Cluster } from './cluster.ts';
import { keepFresh } from './fresh-certificate.ts';
import type { Settings } from './settings.ts';
import { untilDone } from './until-done.ts';

const SWEEP_EVERY_MS = 600_000;

export interface Joining {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Names under which the bridge's own servers are reached. */
export function namesOf(settings: Settings, host: string): readonly string[] {
  const told =
    settings.publicJoinUrl === undefined ? [] : [new URL(settings.publicJoinUrl).hostname];
  return [...new Set([host, settings.nodeAddress, 'localhost', '127.0.0.1', ...told])];
}

export async function openJoining(
  settings: Settings,
  cluster: Cluster,
  authority: CertificateAuthority,
  enrolment: Enrolment,
  log: Logger,
): Promise<Joining> {
  const { host, port } = settings.joinListen;
  let server: Awaited<ReturnType<typeof createJoinServer>> | undefined;
  const certificate = await keepFresh({
    issue: () =>
      authority.issueServer({ names: namesOf(settings, host), lifetimeS: SERVER_LIFETIME_S }),
    onRenewed: (renewed) => server?.setCertificate(renewed),
    clock: systemClock,
    timers: systemTimers,
    log,
  });
  server = await createJoinServer({
    enrolment,
    certificate: certificate.current(),
    host,
    port,
    log,
  });
  const info = {
    url: settings.publicJoinUrl ?? server.url,
    caHash: authority.caHash(),
    fleet: settings.fleet,
    brokers: settings.publicBroker,
  };
  await untilDone(
    () => publishJoinInfo(cluster.client, info, settings.namespace),
    'bridge.join-info',
    log,
  );
  const { close } = server;
  return {
    port: server.port,
    close: async () => {
      certificate.stop();
      await close();
    },
  };
}

/** Removes tokens whose time is over, now and then; what fails now is swept the next time. */
export function sweepTokens(
  tokens: Pick<JoinTokens, 'sweep'>,
  log: Logger,
): { readonly stop: () => void } {
  let stopped = false;
  let timer: { readonly cancel: () => void } | undefined;
  const sweep = (): void => {
    tokens
      .sweep()
      .then(
        (count) => {
          if (count > 0) log.info('trust.tokens-swept', { count });
        },
        (error: unknown) => log.warn('trust.sweep', { error: String(error) }),
      )
      .then(() => {
        if (!stopped) timer = systemTimers.after(SWEEP_EVERY_MS, sweep);
      });
  };
  sweep();
  return {
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
