import type {
  ApiAddress,
  ApiLimits,
  Clock,
  EmbeddedApi,
  EmbeddedApiOptions,
  Logger,
  LogSource,
} from './contract.ts';
import { Controllers } from './controllers/controllers.ts';
import { Authenticator } from './http/auth.ts';
import { type HttpsListener, listen } from './http/server.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { Remover } from './objects/remove.ts';
import { Writer } from './objects/write.ts';
import { Registry } from './registry.ts';
import type { Services } from './services.ts';
import { type Disk, openDisk } from './store/disk.ts';
import { Store } from './store/store.ts';
import { WatchHub } from './watch/hub.ts';

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const SYSTEM_CLOCK: Clock = { now: () => Date.now() };

function build(options: EmbeddedApiOptions, disk: Disk): Services {
  const limits: ApiLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const clock = options.clock ?? SYSTEM_CLOCK;
  const logger = options.logger ?? SILENT;
  const store = new Store(disk, limits, logger);
  const registry = new Registry(store);
  return {
    store,
    registry,
    writer: new Writer({ store, clock }),
    remover: new Remover(store, clock),
    hub: new WatchHub(store, limits, clock, logger),
    auth: new Authenticator(options.tokens ?? new Map()),
    limits,
    clock,
    logger,
    kubeletClient: options.kubeletClient,
    logSource: { current: undefined },
    logStreams: { open: 0 },
  };
}

/** As `createEmbeddedApi`, over any durable map. */
export function createApiOn(options: EmbeddedApiOptions, openStore: () => Disk): EmbeddedApi {
  let logSource: LogSource | undefined;
  let services: Services | undefined;
  let controllers: Controllers | undefined;
  let listener: HttpsListener | undefined;
  const stop = async (): Promise<void> => {
    const running = services;
    services = undefined;
    if (running === undefined) return;
    controllers?.stop();
    running.hub.stop();
    await listener?.close();
    await controllers?.settled();
    await running.store.close();
  };
  return {
    start: async (): Promise<ApiAddress> => {
      const started = build(options, openStore());
      services = started;
      started.logSource.current = logSource;
      await started.store.open();
      started.registry.rebuild();
      started.hub.start();
      controllers = new Controllers(started);
      await controllers.start();
      listener = await listen(started, options.tls, {
        host: options.host ?? '127.0.0.1',
        port: options.port ?? 0,
      }).catch(async (error: unknown) => {
        await stop();
        throw error;
      });
      started.logger.info('api.listening', { url: listener.address.url });
      return listener.address;
    },
    stop,
    setLogSource: (source) => {
      logSource = source;
      if (services !== undefined) services.logSource.current = source;
    },
  };
}

/**
 * A Kubernetes-compatible API server for one machine and up to 1,000 boards, over LMDB in `dataDir`.
 * No effect before `start`.
 */
export function createEmbeddedApi(options: EmbeddedApiOptions): EmbeddedApi {
  return createApiOn(options, () => openDisk(options.dataDir));
}
