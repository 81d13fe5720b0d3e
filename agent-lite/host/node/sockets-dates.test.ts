/** Certificates are judged by the time that the board knows, whatever its system's clock says. */
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KnownTime } from '../../core/enroll/index.ts';
import { createNodeSockets } from './sockets.ts';
import { createDatedCa, SERVER_EXTENSIONS, type Years } from './testing/dated-ca.ts';

const ALWAYS: Years = [2000, 2090];
const PAST: Years = [2001, 2003];
const PRESENT: Years = [2001, 2080];
const FUTURE: Years = [2070, 2072];
const within = ([from]: Years): number => Date.UTC(from + 1, 5, 1);

const ca = createDatedCa(ALWAYS);
const other = createDatedCa(ALWAYS);
const futureCa = createDatedCa([2069, 2080]);

interface Case {
  readonly server: { readonly cert: string; readonly key: string };
  readonly now: KnownTime;
  readonly ca?: string;
  readonly serverName?: string;
  readonly client?: { readonly cert: string; readonly key: string };
}

/** What the socket told, and how many bytes the server saw of a client that writes at once. */
async function connect(wanted: Case): Promise<{ readonly told: string; readonly seen: number }> {
  let seen = 0;
  const server = createServer(
    { ...wanted.server, requestCert: true, rejectUnauthorized: false },
    (connection: TLSSocket) => {
      connection.on('error', () => connection.destroy());
      connection.on('data', (bytes) => {
        seen += bytes.length;
        connection.end(connection.getPeerCertificate().subject?.CN ?? 'nobody');
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const told = await new Promise<string>((done) => {
    let text = '';
    const socket = createNodeSockets(() => wanted.now).connect(
      {
        host: '127.0.0.1',
        port,
        timeoutMs: 5000,
        tls: {
          ca: wanted.ca ?? ca.pem,
          serverName: wanted.serverName ?? '127.0.0.1',
          ...wanted.client,
        },
      },
      {
        onOpen: () => socket.write(Uint8Array.of(1)),
        onData: (bytes) => {
          text += Buffer.from(bytes).toString();
        },
        onDrain: () => undefined,
        onClose: (code, detail) => done(code === '' ? text : `${code} ${detail}`),
      },
    );
  });
  await new Promise((done) => server.close(done));
  return { told, seen };
}

async function accepted(wanted: Case, name = 'nobody'): Promise<void> {
  assert.equal(await connect(wanted), { told: name, seen: 1 });
}
async function refused(wanted: Case, why: RegExp): Promise<void> {
  const { told, seen } = await connect(wanted);
  assert.match(told, /^BL_HOST_TLS /);
  assert.match(told, why);
  assert.is(seen, 0);
}
const trusted = (years: Years): KnownTime => ({ unixMs: within(years), trusted: true });
const floor = (years: Years): KnownTime => ({ unixMs: within(years), trusted: false });

const future = ca.issue('broker', FUTURE);
const past = ca.issue('broker', PAST);
const present = ca.issue('broker', PRESENT);

test('not valid yet for the system, valid at the known time', () =>
  accepted({ server: future, now: trusted(FUTURE) }));

test('ended for the system, valid at the known time', () =>
  accepted({ server: past, now: trusted(PAST) }));

test('the CA too is judged at the known time', async () => {
  const server = futureCa.issue('broker', FUTURE);
  await accepted({ server, ca: futureCa.pem, now: trusted(FUTURE) });
  await refused({ server, ca: futureCa.pem, now: trusted([2073, 2074]) }, /expired/);
});

test('a clock that is only a floor does not refuse what begins later', () =>
  accepted({ server: future, now: floor(PAST) }));

test('a clock that is set refuses what begins later', () =>
  refused({ server: future, now: trusted(PAST) }, /not-yet-valid/));

test('valid for the system, ended at the known time', async () => {
  await refused({ server: present, now: trusted([2081, 2082]) }, /expired/);
  await refused({ server: present, now: floor([2081, 2082]) }, /expired/);
});

test('wrong dates hide no other fault', async () => {
  const now = trusted(FUTURE);
  await refused({ server: future, now, serverName: '127.0.0.2' }, /not for 127\.0\.0\.2/);
  await refused({ server: future, now, serverName: 'broker.example' }, /not for broker/);
  await refused({ server: future, now, ca: other.pem }, /authority/);
  const client = ca.issue('x', FUTURE, SERVER_EXTENSIONS.replace('serverAuth', 'clientAuth'));
  await refused({ server: client, now }, /no server certificate/);
  const self = { key: future.key, cert: other.issue('broker', FUTURE).cert };
  const stranger = { ...other.issue('broker', FUTURE) };
  await refused({ server: stranger, now }, /authority/);
  assert.throws(() => createServer(self));
});

test('with right dates the other faults are refused as before', async () => {
  const now = trusted(PRESENT);
  await accepted({ server: present, now });
  await refused({ server: present, now, serverName: '127.0.0.2' }, /ALTNAME/);
  await refused({ server: present, now, ca: other.pem }, /./);
});

test('one of several authorities is enough', () =>
  accepted({ server: future, ca: other.pem + ca.pem, now: trusted(FUTURE) }));

test("the board's own certificate is shown whatever the system's clock says of it", async () => {
  const client = ca.issue('gw-1', FUTURE, 'extendedKeyUsage=clientAuth\n');
  await accepted({ server: future, now: trusted(FUTURE), client }, 'gw-1');
});

test.after(() => {
  for (const one of [ca, other, futureCa]) one.remove();
});
test.run();
