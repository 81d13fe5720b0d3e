import { strict as assert } from 'node:assert';
import type { LinkTls, PausableLink } from '../link.ts';
import { REFUSED_USER } from './aedes-broker.ts';
import { createLinkOf, type Implementation } from './broker-harness.ts';
import type { Certificates } from './certificates.ts';
import type { DefineTest } from './harness.ts';
import type { Mosquitto } from './mosquitto-broker.ts';
import { type Recorder, record } from './recorder.ts';
import { SCHEMES, type TestBroker, type Transport } from './test-broker.ts';

export interface RefusalOptions {
  readonly implementation: Implementation;
  readonly broker: TestBroker | Mosquitto;
  readonly certificates: Certificates;
}

/** Connections that must not come about, and what the link says of them. */
export function defineRefusalContract(test: DefineTest, options: RefusalOptions): void {
  const { implementation, broker, certificates } = options;
  const open: PausableLink[] = [];
  const start = (urls: readonly string[], tls: LinkTls, username?: string): Recorder => {
    const recorder = record((handlers) =>
      createLinkOf(implementation, {
        urls,
        clientId: 'refused',
        protocol: 'auto',
        keepAliveS: 30,
        subscriptions: [],
        will: () => undefined,
        tls,
        handlers,
        ...(username === undefined ? {} : { username, password: 'secret' }),
      }),
    );
    open.push(recorder.link);
    recorder.link.start();
    return recorder;
  };
  const check = (title: string, body: () => Promise<void>): void => {
    test(`${implementation} on ${broker.name}: ${title}`, async () => {
      try {
        await body();
      } finally {
        for (const link of open.splice(0)) link.close();
      }
    });
  };
  const url = (transport: Transport): string =>
    `${SCHEMES[transport]}://127.0.0.1:${broker.port(transport)}`;
  const expectDown = async (recorder: Recorder, code: string): Promise<void> => {
    await recorder.until(code, () => recorder.downs.length > 0);
    assert.equal(recorder.downs[0]?.code, code, JSON.stringify(recorder.downs[0]));
    assert.equal(recorder.ups.length, 0);
  };
  const { client, stranger } = certificates;

  for (const transport of broker.transports.filter((t) => t === 'tls' || t === 'wss')) {
    check(`a server of an unknown CA is refused (${transport})`, () =>
      expectDown(start([url(transport)], { ...client, ca: stranger.ca }), 'BL_LINK_TLS'),
    );
    check(`a server under another name is refused (${transport})`, () =>
      expectDown(start([url(transport)], { ...client, serverName: 'elsewhere' }), 'BL_LINK_TLS'),
    );
  }
  check('a client certificate of an unknown CA does not get in', async () => {
    const link = start([url('tls')], { ...stranger, ca: client.ca });
    await link.until('refusal', () => link.downs.length > 0);
    assert.equal(link.ups.length, 0);
    // How the server says no is up to it: an alert, or just the end.
    assert.match(link.downs[0]?.code ?? '', /^BL_LINK_(TLS|CLOSED|UNREACHABLE)$/);
  });
  check('refused credentials have a code of their own', () =>
    'closedPort' in broker
      ? expectDown(start([`mqtt://127.0.0.1:${broker.closedPort()}`], client), CREDENTIALS)
      : expectDown(start([url('tcp')], client, REFUSED_USER), CREDENTIALS),
  );
  check('the next URL is tried where nobody listens', async () => {
    const link = start([`mqtt://127.0.0.1:${UNUSED_PORT}`, url('tcp')], client);
    await link.until('up', () => link.ups.length > 0);
    assert.deepEqual(
      link.downs.map(({ code }) => code),
      ['BL_LINK_UNREACHABLE'],
    );
  });
}

const CREDENTIALS = 'BL_LINK_CREDENTIALS';
/** tcpmux: nobody listens there. */
const UNUSED_PORT = 1;
