import { test } from 'uvu';
import type { PausableLink } from '../link.ts';
import { createMemoryBroker } from '../memory/index.ts';
import { defineLinkContract } from './suite.ts';

const broker = createMemoryBroker();
const links: PausableLink[] = [];

defineLinkContract(test, {
  name: 'memory',
  level: 0,
  oversized: 'dropped',
  createLink: (clientId, wish, handlers) => {
    const link = broker.createLink({
      urls: [],
      clientId,
      protocol: 'auto',
      keepAliveS: 30,
      subscriptions: [],
      will: () => undefined,
      ...wish,
      handlers,
    });
    links.push(link);
    return Promise.resolve(link);
  },
  cut: (clientId) => {
    broker.cut(clientId);
  },
  stopBroker: () => Promise.resolve(broker.stop()),
  startBroker: () => Promise.resolve(broker.start()),
  publishRetained: (topic, text) => {
    broker.publish(topic, new Uint8Array(Buffer.from(text)), 1, true);
    return Promise.resolve();
  },
  endTest: () => {
    for (const link of links.splice(0)) link.close();
    return Promise.resolve();
  },
  close: () => Promise.resolve(),
});

test.run();
