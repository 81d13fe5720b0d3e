import { connect } from 'mqtt';
import { createLeanLink } from '../lean/index.ts';
import type { LinkOptions, PausableLink } from '../link.ts';
import { createMqttLink } from '../mqtt/index.ts';
import type { Certificates } from './certificates.ts';
import type { Harness } from './harness.ts';
import { leanHost } from './lean-host.ts';
import { type Relay, startRelay } from './relay.ts';
import { SCHEMES, type TestBroker, type Transport } from './test-broker.ts';

export type Implementation = 'lean' | 'mqtt';

const CREATE: Readonly<Record<Implementation, (options: LinkOptions) => PausableLink>> = {
  lean: (options) => createLeanLink({ ...options, ...leanHost }),
  mqtt: createMqttLink,
};

export function createLinkOf(implementation: Implementation, options: LinkOptions): PausableLink {
  return CREATE[implementation](options);
}

export interface BrokerHarnessOptions {
  readonly implementation: Implementation;
  readonly broker: TestBroker;
  readonly certificates: Certificates;
  readonly transport: Transport;
  readonly protocol: 'auto' | 4 | 5;
}

/** Every link gets a relay of its own, so that one can be cut and the broker can move when it starts again. */
export function createBrokerHarness(options: BrokerHarnessOptions): Harness {
  const { implementation, broker, certificates, transport, protocol } = options;
  const level = protocol === 'auto' ? (broker.levels.includes(5) ? 5 : 4) : protocol;
  const relays = new Map<string, Relay>();
  const links: PausableLink[] = [];
  return {
    name: `${implementation} on ${broker.name}, ${transport}, protocol ${protocol}`,
    level,
    oversized: level === 5 ? 'withheld' : implementation === 'lean' ? 'ends' : 'dropped',
    createLink: async (clientId, wish, handlers) => {
      const relay = relays.get(clientId) ?? (await startRelay(() => broker.port(transport)));
      relays.set(clientId, relay);
      const link = createLinkOf(implementation, {
        urls: [`${SCHEMES[transport]}://127.0.0.1:${relay.port}`],
        clientId,
        protocol,
        keepAliveS: 30,
        subscriptions: [],
        will: () => undefined,
        tls: certificates.client,
        willDelayS: 0,
        ...wish,
        handlers,
      });
      links.push(link);
      return link;
    },
    cut: (clientId) => relays.get(clientId)?.cut(),
    stopBroker: broker.stop,
    startBroker: broker.start,
    publishRetained: (topic, text) => publishRetained(broker.port('tcp'), topic, text),
    endTest: async () => {
      for (const link of links.splice(0)) link.close();
      const open = [...relays.values()];
      relays.clear();
      await Promise.all(open.map((relay) => relay.close()));
    },
    close: () => Promise.resolve(),
  };
}

/** No link of ours can set RETAIN. */
function publishRetained(port: number, topic: string, text: string): Promise<void> {
  const client = connect({ protocol: 'mqtt', host: '127.0.0.1', port, reconnectPeriod: 0 });
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.publish(topic, text, { qos: 1, retain: true }, () => client.end(false, () => resolve()));
  });
}
