import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConnectOptions, Socket } from '../../core/host.ts';
import { createNodeSockets, HIGH_WATER_BYTES } from './sockets.ts';

const certificates = makeCertificates();
const sockets = createNodeSockets();

interface Probe {
  readonly socket: Socket;
  readonly log: string[];
  readonly received: () => number;
  readonly until: (reached: () => boolean) => Promise<void>;
}

function probe(
  options: Omit<ConnectOptions, 'host' | 'timeoutMs'> & { timeoutMs?: number },
): Probe {
  const log: string[] = [];
  const waiters = new Set<() => void>();
  let received = 0;
  const note = (entry: string): void => {
    if (entry !== '') log.push(entry);
    for (const waiter of waiters) waiter();
  };
  const socket = sockets.connect(
    { host: '127.0.0.1', timeoutMs: 5000, ...options },
    {
      onOpen: () => note('open'),
      onData: (bytes) => {
        received += bytes.length;
        note('');
      },
      onDrain: () => note('drain'),
      onClose: (code) => note(`close ${code}`),
    },
  );
  const until = (reached: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!reached()) return;
        waiters.delete(check);
        resolve();
      };
      waiters.add(check);
      check();
    });
  return { socket, log, received: () => received, until };
}

async function serve(
  server: Server,
  body: (port: number, connections: TcpSocket[]) => Promise<void>,
): Promise<void> {
  const connections: TcpSocket[] = [];
  server.on('connection', (connection) => {
    connections.push(connection);
    connection.on('error', () => connection.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body((server.address() as AddressInfo).port, connections);
  } finally {
    for (const connection of connections) connection.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const echo = (connection: TcpSocket): void => {
  connection.on('error', () => connection.destroy());
  connection.pipe(connection);
};

test('carries bytes both ways over TCP and closes in order, once', () =>
  serve(createServer(echo), async (port) => {
    const { socket, log, received, until } = probe({ port });
    await until(() => log.includes('open'));
    socket.write(new Uint8Array([1, 2, 3]));
    socket.write(new Uint8Array([4]));
    await until(() => received() === 4);
    socket.close();
    socket.close();
    await until(() => log.length === 2);
    assert.equal(log, ['open', 'close ']);
    assert.is(socket.write(new Uint8Array(1)), false);
  }));

test('what was written before close still goes out', async () => {
  let seen = 0;
  const server = createServer((connection) => {
    connection.on('data', (bytes) => {
      seen += bytes.length;
    });
  });
  await serve(server, async (port) => {
    const { socket, log, until } = probe({ port });
    await until(() => log.includes('open'));
    socket.write(new Uint8Array(300_000));
    socket.close();
    await until(() => log.length === 2);
    assert.is(seen, 300_000);
  });
});

test('hands on bytes as they came, many buffers long', () =>
  serve(createServer(echo), async (port) => {
    const sent = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) & 255);
    const got: number[] = [];
    await new Promise<void>((resolve) => {
      const socket = sockets.connect(
        { host: '127.0.0.1', port, timeoutMs: 5000 },
        {
          onOpen: () => socket.write(sent),
          onData: (bytes) => {
            for (const byte of bytes) got.push(byte);
            if (got.length === sent.length) socket.close();
          },
          onDrain: () => {},
          onClose: () => resolve(),
        },
      );
    });
    assert.is(Buffer.compare(Buffer.from(got), sent), 0);
  }));

test('a paused socket hands on nothing, and all of it once resumed', () =>
  serve(createServer(), async (port, connections) => {
    const { socket, log, received, until } = probe({ port });
    await until(() => log.includes('open'));
    socket.pause();
    const total = 4_000_000;
    const flushed = new Promise<void>((resolve) => {
      const accept = (): void => {
        const connection = connections[0];
        if (connection === undefined) setImmediate(accept);
        else connection.write(new Uint8Array(total), () => resolve());
      };
      accept();
    });
    const other = probe({ port });
    await other.until(() => other.log.includes('open'));
    const before = received();
    assert.is(before, 0);
    socket.resume();
    await flushed;
    await until(() => received() === total);
    other.socket.close();
    socket.close();
  }));

test('says when it is over the high-water mark, and when there is room', () =>
  serve(createServer(), async (port, connections) => {
    const { socket, log, until } = probe({ port });
    await until(() => log.includes('open'));
    assert.is(socket.write(new Uint8Array(HIGH_WATER_BYTES)), true);
    while (socket.write(new Uint8Array(HIGH_WATER_BYTES)));
    connections[0]?.resume();
    await until(() => log.includes('drain'));
    socket.close();
  }));

test('a closed port, an unknown name and a port out of range have their codes', async () => {
  const refused = probe({ port: 1 });
  await refused.until(() => refused.log.length > 0);
  assert.equal(refused.log, ['close BL_HOST_REFUSED']);
  const wrong = probe({ port: 70_000 });
  assert.equal(wrong.log, []);
  await wrong.until(() => wrong.log.length > 0);
  assert.match(wrong.log[0] ?? '', /^close BL_HOST_/);
});

test('a peer that never answers the TLS handshake is a time-out', () =>
  serve(createServer(), async (port) => {
    const { log, until } = probe({ port, timeoutMs: 50, tls: certificates.tls });
    await until(() => log.length > 0);
    assert.equal(log, ['close BL_HOST_TIMEOUT']);
  }));

test('a close before the connection stands is silent and final', () =>
  serve(createServer(echo), async (port) => {
    const { socket, log, until } = probe({ port });
    socket.close();
    await until(() => log.length > 0);
    assert.equal(log, ['close ']);
  }));

const tlsServer = (): Server =>
  createTlsServer(
    { ...certificates.server, requestCert: true, ALPNProtocols: ['mqtt'] },
    (connection: TLSSocket) => {
      connection.write(`${connection.getPeerCertificate().subject.CN} ${connection.alpnProtocol}`);
      echo(connection);
    },
  );

test('TLS carries the client certificate and ALPN', () =>
  serve(tlsServer(), async (port) => {
    const { socket, log, received, until } = probe({
      port,
      tls: { ...certificates.tls, alpn: ['mqtt'] },
    });
    await until(() => received() === 'gw-1 mqtt'.length);
    socket.write(new Uint8Array(50_000));
    await until(() => received() === 50_000 + 'gw-1 mqtt'.length);
    socket.close();
    await until(() => log.length === 2);
    assert.equal(log, ['open', 'close ']);
  }));

for (const [what, wrong] of [
  ['another CA', { ca: certificates.otherCa }],
  ['another name', { serverName: 'elsewhere' }],
  ['another address', { serverName: '127.0.0.2' }],
  [
    'a CA that is no PEM',
    { ca: '-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----' },
  ],
  ['a key that is no PEM', { key: 'nonsense' }],
] as const)
  test(`TLS with ${what} fails as TLS`, () =>
    serve(tlsServer(), async (port) => {
      const { log, until } = probe({ port, tls: { ...certificates.tls, ...wrong } });
      await until(() => log.length > 0);
      assert.equal(log, ['close BL_HOST_TLS']);
    }));

test('a server that refuses the client’s certificate is told as TLS, or as an end', () =>
  serve(
    createTlsServer({ ...certificates.server, ca: certificates.otherCa, requestCert: true }),
    async (port) => {
      const { log, until } = probe({ port, tls: certificates.tls });
      await until(() => log.some((entry) => entry.startsWith('close')));
      assert.match(log.at(-1) ?? '', /^close (BL_HOST_(TLS|IO))?$/);
    },
  ));

test.after(() => rmSync(certificates.folder, { recursive: true, force: true }));
test.run();

function makeCertificates(): {
  readonly folder: string;
  readonly otherCa: string;
  readonly server: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly tls: NonNullable<ConnectOptions['tls']>;
} {
  const folder = mkdtempSync(join(tmpdir(), 'boardlet-sockets-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['ca', 'other'])
    openssl(
      ...[
        'req',
        '-x509',
        ...newKey,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.crt`,
      ],
    );
  writeFileSync(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  for (const name of ['server', 'gw-1']) {
    openssl(
      ...[
        'req',
        ...newKey,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      ],
    );
    openssl(
      ...[
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-extfile',
        'san',
        '-CA',
        'ca.crt',
        '-CAkey',
        'ca.key',
      ],
      ...['-CAcreateserial', '-out', `${name}.crt`],
    );
  }
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return {
    folder,
    otherCa: text('other.crt'),
    server: { ca: text('ca.crt'), cert: text('server.crt'), key: text('server.key') },
    tls: {
      ca: text('ca.crt'),
      cert: text('gw-1.crt'),
      key: text('gw-1.key'),
      serverName: '127.0.0.1',
    },
  };
}
