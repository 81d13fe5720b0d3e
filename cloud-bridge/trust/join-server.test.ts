import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoardletError } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOrCreateAuthority } from './authority.ts';
import type { JoinAnswer, JoinRequest, JoinServer } from './contract.ts';
import { createJoinServer } from './join-server.ts';
import { createRecordingLog } from './testing/recording-log.ts';

const root = mkdtempSync(join(tmpdir(), 'join-server-'));
const authority = await loadOrCreateAuthority(root);
const certificate = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 600 });
const good: JoinAnswer = {
  board: 'pump-1',
  fleet: 'plant',
  node: 'plant-pump-1',
  ca: authority.caPem(),
  certificate: '',
  notAfter: '2030-01-01T00:00:00.000Z',
  brokers: [],
  shards: 16,
  realm: '00',
};
const log = createRecordingLog();

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | undefined;
}
function call(
  server: JoinServer,
  method: string,
  path: string,
  body = '',
  more: { readonly localAddress?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { method, ca: authority.caPem(), agent: false as const, ...more };
    const sent = request(`${server.url}${path}`, options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(text),
          retryAfter: response.headers['retry-after'],
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function withServer(
  enrol: (request: JoinRequest) => Promise<JoinAnswer>,
  work: (server: JoinServer, clock: { ms: number }) => Promise<void>,
): Promise<void> {
  const clock = { ms: 0 };
  const server = await createJoinServer({
    enrolment: { join: enrol },
    certificate,
    host: '127.0.0.1',
    port: 0,
    log,
    attempts: { burst: 20, perSecond: 1 },
    monotonicMs: () => clock.ms,
  });
  try {
    await work(server, clock);
  } finally {
    await server.close();
  }
}
const fields = { token: 'secret-token', csr: 'request', board: 'pump-1' };

test('a join is answered over TLS, and health needs no body', async () => {
  const seen: JoinRequest[] = [];
  const enrol = (asked: JoinRequest): Promise<JoinAnswer> => {
    seen.push(asked);
    return Promise.resolve(good);
  };
  await withServer(enrol, async (server) => {
    assert.is((await call(server, 'GET', '/healthz')).status, 200);
    const { status, body } = await call(server, 'POST', '/v1/join', JSON.stringify(fields));
    assert.is(status, 200);
    assert.equal(body, good);
    assert.equal(seen, [fields]);
  });
});

test('each refusal has its status and code, and faults inside are not told to strangers', async () => {
  let code = '';
  const enrol = (): Promise<never> => Promise.reject(new BoardletError(code, 'inner detail'));
  await withServer(enrol, async (server, clock) => {
    const table: readonly (readonly [string, number, string])[] = [
      ['BL_TRUST_TOKEN', 401, 'BL_TRUST_TOKEN'],
      ['BL_TRUST_BAD_CSR', 400, 'BL_TRUST_BAD_CSR'],
      ['BL_TRUST_BOARD_TAKEN', 409, 'BL_TRUST_BOARD_TAKEN'],
      ['BL_KUBE_UNREACHABLE', 503, 'BL_TRUST_UNAVAILABLE'],
    ];
    for (const [inner, status, shown] of table) {
      code = inner;
      clock.ms += 60_000;
      const reply = await call(server, 'POST', '/v1/join', JSON.stringify(fields));
      assert.is(reply.status, status);
      assert.is(Reflect.get(Object(reply.body), 'code'), shown);
      if (status === 503) assert.not(JSON.stringify(reply.body).includes('inner'));
    }
  });
});

test('bodies that are too long, not JSON or of the wrong shape are refused', async () => {
  await withServer(
    () => Promise.resolve(good),
    async (server, clock) => {
      const table: readonly (readonly [string, number])[] = [
        ['', 400],
        ['[]', 400],
        ['{"token":1}', 400],
        ['{"token":"a"}', 400],
        [`{"token":"a","csr":"b","board":{}}`, 400],
        [JSON.stringify({ ...fields, csr: 'x'.repeat(16 * 1024) }), 413],
      ];
      for (const [body, status] of table) {
        clock.ms += 60_000;
        assert.is((await call(server, 'POST', '/v1/join', body)).status, status, body.slice(0, 20));
      }
      assert.is((await call(server, 'GET', '/v1/join')).status, 405);
      assert.is((await call(server, 'GET', '/other')).status, 404);
    },
  );
});

test('an address that keeps guessing is told to wait, and let in again later', async () => {
  const enrol = (): Promise<never> => Promise.reject(new BoardletError('BL_TRUST_TOKEN', 'no'));
  await withServer(enrol, async (server, clock) => {
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      statuses.push((await call(server, 'POST', '/v1/join', JSON.stringify(fields))).status);
    }
    assert.equal(statuses, [401, 401, 401, 401, 429, 429]);
    clock.ms += 5000;
    const reply = await call(server, 'POST', '/v1/join', JSON.stringify(fields));
    assert.is(reply.status, 401);
  });
});

test('one address that holds connections open leaves room for others', async () => {
  await withServer(
    () => Promise.resolve(good),
    async (server) => {
      const held = Array.from({ length: 300 }, () =>
        connect({ port: server.port, host: '127.0.0.1' }),
      );
      const ended = held.map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.on('error', () => socket.destroy());
            socket.once('close', () => resolve());
          }),
      );
      const knocked = held.map((socket) => new Promise((done) => socket.once('connect', done)));
      await Promise.race([Promise.all(knocked), Promise.all(ended)]);
      await Promise.race(ended);
      // Another address of this machine: the whole of 127.0.0.0/8 is loopback.
      const other = { localAddress: '127.0.0.2' };
      assert.is((await call(server, 'GET', '/healthz', '', other)).status, 200);
      for (const socket of held) socket.destroy();
      await Promise.all(ended);
      // The server may hear of the last ends a moment later; a count that is never given back hangs here.
      while ((await call(server, 'GET', '/healthz').catch(() => undefined))?.status !== 200) {}
    },
  );
});

test('no token and no request appears in the log', () => {
  assert.ok(log.lines.length > 0);
  assert.not(log.text().includes(fields.token));
});

test.after(() => rmSync(root, { recursive: true }));

test.run();
