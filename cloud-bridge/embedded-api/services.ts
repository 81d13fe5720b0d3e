import type { ApiLimits, Clock, KubeletClientTls, Logger, LogSource } from './contract.ts';
import type { Authenticator } from './http/auth.ts';
import type { Remover } from './objects/remove.ts';
import type { Writer } from './objects/write.ts';
import type { Registry } from './registry.ts';
import type { Store } from './store/store.ts';
import type { WatchHub } from './watch/hub.ts';

/** The parts that requests and controllers work with. */
export interface Services {
  readonly store: Store;
  readonly registry: Registry;
  readonly writer: Writer;
  readonly remover: Remover;
  readonly hub: WatchHub;
  readonly auth: Authenticator;
  readonly limits: ApiLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kubeletClient: KubeletClientTls | undefined;
  /** Set at any time: in-process source of container logs. */
  readonly logSource: { current: LogSource | undefined };
  readonly logStreams: { open: number };
}
