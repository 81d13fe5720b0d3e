import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KnownTime } from '../../core/enroll/index.ts';
import { createKey, datesOf, requestFor } from './certificates.ts';
import {
  identityPath,
  installIdentity,
  type Joined,
  type JoinOptions,
  joinFleet,
  loadIdentity,
} from './enroll.ts';
import { nodeFiles } from './files.ts';
import { createOpensslCa, type LeafWishes, publicKeyIn, subjectOf } from './testing/openssl-ca.ts';

const root = mkdtempSync(join(tmpdir(), 'enroll-'));
const ca = createOpensslCa();
const other = createOpensslCa();
const SECRET = 's'.repeat(16);
const token = `abc123.${SECRET}.${ca.hash}`;
/** Certificates are made while the tests run, and none may begin in the future. */
const nowTrusted = (): KnownTime => ({ unixMs: Date.now() + 1000, trusted: true });

interface Asked {
  readonly token: string;
  readonly csr: string;
  readonly board: string;
}
type Reply = (response: ServerResponse, asked: Asked) => void;

function answerFor(csr: string): Readonly<Record<string, unknown>> {
  return {
    board: 'pump-1',
    fleet: 'plant',
    node: 'plant-pump-1',
    brokers: ['mqtts://127.0.0.1:8883'],
    shards: 16,
    realm: '0011223344556677',
    ca: ca.pem,
    certificate: ca.sign(csr, 'pump-1'),
    notAfter: '2030-01-01T00:00:00Z',
    unixMs: Date.now(),
  };
}
const good: Reply = (response, { csr }) => response.end(JSON.stringify(answerFor(csr)));

/** A bridge; `asked` is all that ever reached it in clear. */
async function withBridge(
  tls: { readonly cert: string; readonly key: string },
  reply: Reply,
  work: (url: string, asked: Asked[]) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  const server = createServer(tls, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const one: Asked = JSON.parse(body);
      asked.push(one);
      reply(response, one);
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    await work(`https://127.0.0.1:${port}`, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}

let folders = 0;
function fresh(url: string, more: Partial<JoinOptions> = {}): JoinOptions {
  folders += 1;
  const dir = join(root, String(folders));
  return {
    dir,
    files: nodeFiles,
    url,
    token,
    board: 'pump-1',
    now: nowTrusted(),
    timeoutMs: 20_000,
    ...more,
  };
}
function codeOf(work: Promise<Joined>): Promise<string> {
  return work.then(
    () => 'joined',
    (error: object) => String(Reflect.get(error, 'code')),
  );
}

test('joins, and keeps what it got in one file that only its owner reads', () =>
  withBridge(ca.server(), good, async (url, asked) => {
    const options = fresh(url);
    const { identity, unixMs } = await joinFleet(options);
    assert.is(asked[0]?.token, token);
    assert.match(subjectOf(asked[0]?.csr ?? ''), /pump-1/);
    assert.is(identity.link, 'pump-1');
    assert.ok(unixMs !== undefined);
    assert.equal(readdirSync(options.dir), ['identity']);
    assert.is(statSync(identityPath(options.dir)).mode & 0o777, 0o600);
    assert.is(statSync(options.dir).mode & 0o777, 0o700);
    assert.equal(loadIdentity(nodeFiles, options.dir), identity);
    const leaf = new X509Certificate(identity.certificate);
    assert.ok(leaf.checkPrivateKey(createPrivateKey(identity.key)));
    assert.not(readFileSync(identityPath(options.dir), 'utf8').includes(SECRET));
  }));

test('a machine that is a board already stays it, unless forced', () =>
  withBridge(ca.server(), good, async (url, asked) => {
    const options = fresh(url);
    const { identity } = await joinFleet(options);
    assert.is(await codeOf(joinFleet(options)), 'BL_ENROLL_EXISTS');
    assert.is(asked.length, 1);
    assert.equal(loadIdentity(nodeFiles, options.dir), identity);
    const again = await joinFleet({ ...options, force: true });
    assert.is.not(again.identity.key, identity.key);
  }));

test('a join that was cut after the bridge answered is repeated with the same key', async () => {
  let options: JoinOptions | undefined;
  let csr = '';
  const cut: Reply = (response) => response.destroy();
  await withBridge(ca.server(), cut, async (url, asked) => {
    options = fresh(url);
    assert.is(await codeOf(joinFleet(options)), 'BL_ENROLL_UNREACHABLE');
    assert.equal(readdirSync(options.dir), ['identity.pending']);
    assert.is(statSync(join(options.dir, 'identity.pending')).mode & 0o777, 0o600);
    csr = asked[0]?.csr ?? '';
  });
  await withBridge(ca.server(), good, async (url, asked) => {
    if (options === undefined) return assert.unreachable();
    await joinFleet({ ...options, url });
    assert.is(publicKeyIn(asked[0]?.csr ?? ''), publicKeyIn(csr));
    assert.equal(readdirSync(options.dir), ['identity']);
  });
});

test('a server that is not the one in the token gets nothing, whatever is wrong with it', async () => {
  const wrong: readonly (readonly [string, { cert: string; key: string }])[] = [
    ['another CA', other.server()],
    ['another host', ca.server({ names: 'DNS:example.org' })],
    ["a board's certificate", ca.server({ usage: 'clientAuth' })],
    ['a certificate that ended', ca.server({ days: 0 })],
  ];
  for (const [what, tls] of wrong) {
    await withBridge(tls, good, async (url, asked) => {
      const late = { unixMs: Date.now() + 60_000, trusted: true };
      assert.is(await codeOf(joinFleet(fresh(url, { now: late }))), 'BL_ENROLL_CA', what);
      assert.is(asked.length, 0, what);
    });
  }
});

test('a CA that only claims the name, without the key of the one in the token, gets nothing', () => {
  const { cert, key } = other.server();
  // The right CA certificate is sent along, but it did not sign the leaf.
  const [leaf = ''] = cert.split(/(?<=-----END CERTIFICATE-----\n)/);
  return withBridge({ cert: leaf + ca.pem, key }, good, async (url, asked) => {
    assert.is(await codeOf(joinFleet(fresh(url))), 'BL_ENROLL_CA');
    assert.is(asked.length, 0);
  });
});

test('a board whose clock is only a floor can join, one that knows the time refuses a certificate of tomorrow', () =>
  withBridge(ca.server(), good, async (url) => {
    const floor = { unixMs: Date.now() - 400 * 86_400_000, trusted: false };
    await joinFleet(fresh(url, { now: floor }));
    assert.is(
      await codeOf(joinFleet(fresh(url, { now: { ...floor, trusted: true } }))),
      'BL_ENROLL_CA',
    );
  }));

test('refusals, rubbish and endless answers are coded, and leave no identity', async () => {
  const long = (response: ServerResponse): unknown => response.end('x'.repeat(100_000));
  const json =
    (change: object): Reply =>
    (response, { csr }) =>
      response.end(JSON.stringify({ ...answerFor(csr), ...change }));
  const refusal: Reply = (response) => {
    response.statusCode = 401;
    response.end('{"code":"BL_TRUST_TOKEN","message":"no"}');
  };
  const foreignKey = requestFor(createKey(), 'pump-1');
  const table: readonly (readonly [Reply, string])[] = [
    [refusal, 'BL_ENROLL_REFUSED'],
    [(response) => response.writeHead(502).end('<html>'), 'BL_ENROLL_REFUSED'],
    [(response) => response.end('<html>'), 'BL_ENROLL_ANSWER'],
    [(response) => void long(response), 'BL_ENROLL_ANSWER'],
    [json({ shards: 0 }), 'BL_ENROLL_ANSWER'],
    [json({ board: 'pump-2' }), 'BL_ENROLL_CERTIFICATE'],
    [json({ certificate: ca.sign(foreignKey, 'pump-1') }), 'BL_ENROLL_CERTIFICATE'],
    [
      (response, { csr }) =>
        json({ certificate: other.sign(csr, 'pump-1') })(response, { csr, token, board: '' }),
      'BL_ENROLL_CERTIFICATE',
    ],
  ];
  for (const [reply, code] of table) {
    await withBridge(ca.server(), reply, async (url) => {
      const options = fresh(url);
      assert.is(await codeOf(joinFleet(options)), code);
      assert.is(loadIdentity(nodeFiles, options.dir), undefined);
    });
  }
});

test('wrong arguments are told before anything happens', async () => {
  assert.is(
    await codeOf(joinFleet(fresh('https://127.0.0.1:1', { token: 'abc' }))),
    'BL_ENROLL_TOKEN',
  );
  assert.is(await codeOf(joinFleet(fresh('http://127.0.0.1:1'))), 'BL_ENROLL_URL');
  assert.is(await codeOf(joinFleet(fresh('nonsense'))), 'BL_ENROLL_URL');
  assert.is(await codeOf(joinFleet(fresh('https://127.0.0.1:1'))), 'BL_ENROLL_UNREACHABLE');
});

test('the token is in no message of an error', async () => {
  const echo: Reply = (response) => {
    response.statusCode = 400;
    response.end('{"code":"BL_TRUST_BAD_REQUEST","message":"bad"}');
  };
  await withBridge(ca.server(), echo, async (url) => {
    const error: unknown = await joinFleet(fresh(url)).catch((e: unknown) => e);
    if (!(error instanceof Error)) return assert.unreachable();
    assert.not(`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes(SECRET));
  });
});

test('a renewed identity replaces the old one whole, and only if it fits', () =>
  withBridge(ca.server(), good, async (url) => {
    const { dir } = fresh(url);
    const { identity } = await joinFleet({ ...fresh(url), dir });
    const key = createKey();
    const issue = (cn: string, wishes?: LeafWishes): string =>
      ca.sign(requestFor(key, cn), cn, wishes);
    for (const bad of [
      { ...identity, key },
      { ...identity, key, certificate: issue('pump-2') },
      { ...identity, key, certificate: issue('pump-1', { usage: 'serverAuth' }) },
      { ...identity, key, certificate: other.sign(requestFor(key, 'pump-1'), 'pump-1') },
      { ...identity, key, certificate: 'rubbish' },
    ]) {
      assert.not(installIdentity(nodeFiles, dir, bad, nowTrusted()).ok);
      assert.equal(loadIdentity(nodeFiles, dir), identity);
    }
    const next = { ...identity, key, certificate: issue('pump-1') };
    assert.equal(installIdentity(nodeFiles, dir, next, nowTrusted()), {
      ok: true,
      value: datesOf(next.certificate),
    });
    assert.equal(loadIdentity(nodeFiles, dir), next);
    assert.equal(readdirSync(dir), ['identity']);
  }));

test('a damaged identity is an error that says what to do, not a new machine', () => {
  const dir = join(root, 'damaged');
  nodeFiles.makeFolder(dir);
  writeFileSync(identityPath(dir), '{"format":1}');
  assert.throws(() => loadIdentity(nodeFiles, dir), /damaged \(board\).*--force/);
});

test('requests verify under openssl for both kinds of key', () => {
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  });
  for (const key of [createKey(), ed25519.toString()]) {
    assert.match(subjectOf(requestFor(key, 'pump-1')), /CN = pump-1/);
  }
});

test('a folder that others can write to is refused before anything is made or sent', () =>
  withBridge(ca.server(), good, async (url, asked) => {
    const dir = mkdtempSync(join(root, 'open-'));
    for (const mode of [0o770, 0o707, 0o1777]) {
      chmodSync(dir, mode);
      assert.is(await codeOf(joinFleet(fresh(url, { dir }))), 'BL_ENROLL_FILE');
    }
    assert.equal(asked, []);
    assert.equal(readdirSync(dir), []);
  }));

test.after(() => {
  rmSync(root, { recursive: true });
  ca.remove();
  other.remove();
});

test.run();
