/** aedes behind mutual TLS: names come from certificates, rights from names, and every client is bounded. */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket } from 'aedes';
import type { MqttIdentity } from '../trust/names.ts';
import { createTokenBuckets } from '../trust/token-bucket.ts';
import { mayPublish, maySubscribe } from './acl.ts';
import { judgeConnect, RETURN_CODE } from './admission.ts';
import type { Broker, BrokerLimits, BrokerMetrics, BrokerOptions } from './contract.ts';
import { gateLog } from './gated-log.ts';
import { type GuardCode, GuardedStream, type GuardRules } from './guarded-stream.ts';
import {
  ADDRESSES_MAX,
  CONNECT_TIMEOUT_MS,
  DEFAULT_LIMITS,
  EXPIRY_CHECK_MS,
  NAMES_MAX,
  UNNAMED_PACKET_BYTES,
} from './limits.ts';
import { type Listener, openListener, type Peer } from './listeners.ts';

const SYSTEM_CLOCK = { unixMs: Date.now, monotonicMs: () => performance.now() };

/** Opens every listener or none. Throws `BL_BROKER_LISTEN`, `BL_BROKER_PLAIN`, `BL_BROKER_NO_TLS`. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const broker = new AedesBroker(options);
  await broker.open();
  return broker;
}

interface Session {
  readonly guard: GuardedStream;
  readonly peer: Peer;
  connect?: ConnectPacket;
  identity?: MqttIdentity;
  /** Filters that it was granted, and how many it was refused. */
  readonly granted: Set<string>;
  refused: number;
}
type Counters = { -readonly [K in Exclude<keyof BrokerMetrics, 'clients'>]: number };

class AedesBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #limits: BrokerLimits;
  readonly #clock: NonNullable<BrokerOptions['clock']>;
  readonly #log: BrokerOptions['log'];
  readonly #aedes: Aedes;
  /** Also for connections that have closed: aedes asks for the rights of a will after that. */
  readonly #sessions = new WeakMap<Duplex, Session>();
  readonly #live = new Set<Session>();
  readonly #listeners: Listener[] = [];
  readonly #sockets: ReturnType<typeof createTokenBuckets>;
  readonly #names: ReturnType<typeof createTokenBuckets>;
  readonly #strangers: ReturnType<typeof createTokenBuckets>;
  #expiry: NodeJS.Timeout | undefined;
  readonly #counters: Counters = {
    connected: 0,
    refused: 0,
    published: 0,
    publishedBytes: 0,
    denied: 0,
    throttled: 0,
    floodDisconnects: 0,
    slowDisconnects: 0,
    expiredDisconnects: 0,
  };

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const { connectBurst, connectsPerS, nameBurst, namePerS, keepAliveS } = this.#limits;
    const { strangerBurst, strangersPerS } = this.#limits;
    const nowMs = this.#clock.monotonicMs;
    this.#log = gateLog(options.log, nowMs);
    this.#sockets = createTokenBuckets({
      burst: connectBurst,
      perSecond: connectsPerS,
      maxKeys: 1,
      nowMs,
    });
    this.#names = createTokenBuckets({
      burst: nameBurst,
      perSecond: namePerS,
      maxKeys: NAMES_MAX,
      nowMs,
    });
    this.#strangers = createTokenBuckets({
      burst: strangerBurst,
      perSecond: strangersPerS,
      maxKeys: ADDRESSES_MAX,
      nowMs,
    });
    this.#aedes = new Aedes({
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepaliveLimit: keepAliveS,
      maxTopicLevels: 16,
      preConnect: (client, packet, done) => {
        const session = this.#sessionOf(client);
        if (session !== undefined) session.connect = packet;
        done(null, session !== undefined);
      },
      authenticate: (client, _user, _password, done) => this.#authenticate(client, done),
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeSubscribe: (client, wanted, done) => {
        done(null, this.#maySubscribe(client, wanted) ? wanted : null);
      },
    });
  }

  async open(): Promise<void> {
    await this.#aedes.listen();
    // aedes emits it (persistence failed), its types do not say so.
    const events: EventEmitter = this.#aedes;
    events.on('error', (error: Error) => this.#log.error('broker.fault', { error: error.message }));
    this.#aedes.on('clientDisconnect', (client) =>
      this.#log.info('broker.left', { client: client.id }),
    );
    try {
      for (const listener of this.#options.listeners) {
        this.#listeners.push(await openListener(listener, this.#options.tls, this.#handlers()));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#expiry = setInterval(
      () => this.#closeExpired(),
      this.#options.expiryCheckMs ?? EXPIRY_CHECK_MS,
    );
    this.#expiry.unref();
  }

  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  metrics(): BrokerMetrics {
    return { ...this.#counters, clients: this.#live.size };
  }

  setCertificate(certificate: { readonly cert: string; readonly key: string }): void {
    for (const listener of this.#listeners) listener.setCertificate(certificate);
  }

  async close(): Promise<void> {
    clearInterval(this.#expiry);
    const aedes = new Promise<void>((resolve) => this.#aedes.close(resolve));
    await Promise.all([aedes, ...this.#listeners.map((listener) => listener.close())]);
  }

  #handlers(): Parameters<typeof openListener>[2] {
    return {
      admitSocket: (address) => {
        const reason = this.#busy(address);
        if (reason === undefined) return true;
        this.#counters.refused += 1;
        this.#log.warn('broker.busy', { address, reason });
        return false;
      },
      onConnection: (stream, peer) => this.#accept(stream, peer),
      onHandshakeError: (address, error) => {
        this.#counters.refused += 1;
        this.#log.warn('broker.tls-refused', { address, error: error.message });
      },
    };
  }

  /** The address first: one that only ever knocks must not use up what all have together. It gets its own back with a name. */
  #busy(address: string): 'clients' | 'address' | 'connect-rate' | undefined {
    if (this.#live.size >= this.#limits.clients) return 'clients';
    if (!this.#strangers.take(address)) return 'address';
    return this.#sockets.take('') ? undefined : 'connect-rate';
  }

  #accept(inner: Duplex, peer: Peer): void {
    const guard = new GuardedStream({
      inner,
      rules: { packetBytes: UNNAMED_PACKET_BYTES, queuedBytes: this.#limits.queuedBytes },
      nowMs: this.#clock.monotonicMs,
      onThrottle: () => {
        this.#counters.throttled += 1;
        this.#log.warn('broker.throttled', this.#who(guard));
      },
      onViolation: (code) => this.#violated(guard, code),
    });
    const session: Session = { guard, peer, granted: new Set(), refused: 0 };
    this.#sessions.set(guard, session);
    this.#live.add(session);
    guard.on('close', () => this.#live.delete(session));
    this.#aedes.handle(guard);
  }

  #violated(guard: GuardedStream, code: GuardCode): void {
    if (code === 'BL_BROKER_FLOOD') this.#counters.floodDisconnects += 1;
    if (code === 'BL_BROKER_SLOW_CONSUMER') this.#counters.slowDisconnects += 1;
    this.#log.warn('broker.disconnected', { ...this.#who(guard), code });
  }

  #sessionOf(client: Client): Session | undefined {
    return this.#sessions.get(client.conn);
  }

  #who(conn: Duplex): Readonly<Record<string, unknown>> {
    const session = this.#sessions.get(conn);
    return { client: session?.identity?.name ?? session?.peer.cn, address: session?.peer.address };
  }

  #authenticate(
    client: Client,
    done: (error: AuthenticateError | null, ok: boolean | null) => void,
  ): void {
    const session = this.#sessionOf(client);
    const refusal =
      session === undefined
        ? { reason: 'gone', returnCode: RETURN_CODE.unavailable }
        : this.#admit(session);
    if (refusal === undefined) {
      this.#counters.connected += 1;
      done(null, true);
      return;
    }
    this.#counters.refused += 1;
    this.#log.warn('broker.refused', { ...this.#who(client.conn), reason: refusal.reason });
    done(Object.assign(new Error(refusal.reason), { returnCode: refusal.returnCode }), false);
  }

  #admit(session: Session): { readonly reason: string; readonly returnCode: number } | undefined {
    const { connect, peer, guard } = session;
    if (connect === undefined) return { reason: 'gone', returnCode: RETURN_CODE.unavailable };
    const { clientId, clean = false, username, will } = connect;
    const judged = judgeConnect(peer, {
      clientId,
      clean,
      ...(username === undefined ? {} : { username }),
      ...(will === undefined ? {} : { will }),
    });
    if (!judged.ok) return judged;
    const { identity } = judged;
    if (identity.role !== 'bridge' && !this.#names.take(identity.name)) {
      return { reason: 'connects-too-often', returnCode: RETURN_CODE.unavailable };
    }
    if (this.#options.admit?.(identity.name) === false) {
      return { reason: 'not-admitted', returnCode: RETURN_CODE.notAuthorized };
    }
    session.identity = identity;
    this.#strangers.giveBack(peer.address);
    guard.setRules(this.#rulesOf(identity));
    this.#log.info('broker.joined', { client: identity.name, address: peer.address });
    return undefined;
  }

  #rulesOf(identity: MqttIdentity): GuardRules {
    const { packetBytes, queuedBytes, bridgeQueuedBytes, ...rates } = this.#limits;
    if (identity.role === 'bridge') return { packetBytes, queuedBytes: bridgeQueuedBytes };
    return { packetBytes, queuedBytes, rates };
  }

  #authorizePublish(
    client: Client | null,
    packet: { topic: string; qos: number; retain: boolean; payload: string | Buffer },
    done: (error?: Error | null) => void,
  ): void {
    const identity = client === null ? undefined : this.#sessionOf(client)?.identity;
    const reason = publishFault(identity, packet);
    if (reason === undefined) {
      this.#counters.published += 1;
      this.#counters.publishedBytes += packet.payload.length;
      done(null);
      return;
    }
    this.#counters.denied += 1;
    const who = client === null ? {} : this.#who(client.conn);
    this.#log.warn('broker.publish-denied', { ...who, reason, topic: packet.topic.slice(0, 160) });
    done(new Error(reason));
  }

  #maySubscribe(client: Client, wanted: { topic: string; qos: number }): boolean {
    const session = this.#sessionOf(client);
    if (session?.identity === undefined || session.guard.destroyed) return false;
    if (wanted.qos < 2 && maySubscribe(session.identity, wanted.topic)) {
      session.granted.add(wanted.topic);
      return this.#withinFilters(session);
    }
    session.refused += 1;
    if (!this.#withinFilters(session)) return false;
    this.#counters.denied += 1;
    const topic = wanted.topic.slice(0, 160);
    this.#log.warn('broker.subscribe-denied', {
      ...this.#who(client.conn),
      topic,
      qos: wanted.qos,
    });
    return false;
  }

  /** Fleet and shard of a filter are open, so one link could fill the broker's memory with filters of its own. */
  #withinFilters({ identity, guard, granted, refused }: Session): boolean {
    if (identity?.role === 'bridge' || granted.size + refused <= this.#limits.filters) return true;
    this.#counters.denied += 1;
    this.#log.warn('broker.too-many-filters', this.#who(guard));
    guard.destroy();
    return false;
  }

  /** A connection does not outlive its certificate: short lifetimes are how a board is shut out. */
  #closeExpired(): void {
    const nowMs = this.#clock.unixMs();
    for (const { guard, peer } of this.#live) {
      if (peer.expiresMs === undefined || peer.expiresMs > nowMs) continue;
      this.#counters.expiredDisconnects += 1;
      this.#log.warn('broker.certificate-expired', this.#who(guard));
      guard.destroy();
    }
  }
}

function publishFault(
  identity: MqttIdentity | undefined,
  packet: { topic: string; qos: number; retain: boolean },
): string | undefined {
  if (identity === undefined) return 'no-name';
  if (packet.retain) return 'retained';
  if (packet.qos > 1) return 'qos-2';
  return mayPublish(identity, packet.topic) ? undefined : 'topic-is-not-its-own';
}
