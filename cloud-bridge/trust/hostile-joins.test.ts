import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOrCreateAuthority } from './authority.ts';
import { createBindings } from './bindings.ts';
import type { Bindings, Enrolment, JoinTokens } from './contract.ts';
import { createEnrolment } from './enrolment.ts';
import { createJoinTokens } from './join-tokens.ts';
import { createMemoryKube } from './testing/memory-kube.ts';
import { makeRequest } from './testing/openssl-request.ts';
import { codeOf, createRecordingLog } from './testing/recording-log.ts';

const root = mkdtempSync(join(tmpdir(), 'hostile-joins-'));
const authority = await loadOrCreateAuthority(root, { fleet: 'plant' });
const facts = { fleet: 'plant', brokers: ['mqtts://b'], shards: 16, realm: '0011223344556677' };

interface Bench {
  readonly tokens: JoinTokens;
  readonly bindings: Bindings;
  readonly enrolment: Enrolment;
}
function bench(): Bench {
  const kube = createMemoryKube();
  const log = createRecordingLog();
  const tokens = createJoinTokens({ kube, caHash: authority.caHash() });
  const bindings = createBindings({ kube, log });
  kube.onChange = bindings.onChange;
  return {
    tokens,
    bindings,
    enrolment: createEnrolment({ authority, tokens, bindings, facts, log }),
  };
}
const request = (): { csr: string } => ({ csr: makeRequest('p256', 'x').csr });

for (const named of [true, false]) {
  test(`a removed board does not come back by repeating its join, ${named ? 'named' : 'unnamed'}`, async () => {
    const { tokens, bindings, enrolment } = bench();
    const { token } = await tokens.make(named ? { board: 'pump-1' } : {});
    const asked = { token, ...request(), board: 'pump-1' };
    await enrolment.join(asked);
    assert.is((await enrolment.join(asked)).board, 'pump-1');
    await bindings.remove('pump-1');
    assert.is(await codeOf(enrolment.join(asked)), 'BL_TRUST_TOKEN');
    assert.equal(await bindings.list(), []);
    const again = await tokens.make({ board: 'pump-1' });
    await enrolment.join({ token: again.token, ...request() });
    if (!named) assert.is(await codeOf(enrolment.join(asked)), 'BL_TRUST_BOARD_TAKEN');
  });
}

test('who lost the race for a name does not win it by repeating the join', async () => {
  const { tokens, bindings, enrolment } = bench();
  const { token } = await tokens.make({});
  const loser = { token, ...request(), board: 'pump-1' };
  const bind = bindings.bind;
  // The other board is bound between the check of the name and the binding of this one.
  const overtaken: Bindings = {
    ...bindings,
    bind: async (board, link, options) => {
      await bind(board, link, { token: 'winner' });
      return bind(board, link, options);
    },
  };
  const log = createRecordingLog();
  const late = createEnrolment({ authority, tokens, bindings: overtaken, facts, log });
  assert.is(await codeOf(late.join(loser)), 'BL_TRUST_BOARD_TAKEN');
  assert.is(await codeOf(enrolment.join(loser)), 'BL_TRUST_BOARD_TAKEN');
  assert.is((await bindings.get('pump-1'))?.token, 'winner');
});

test('a join cut between the binding and its answer is repeated with the same key', async () => {
  const { tokens, bindings, enrolment } = bench();
  const { token } = await tokens.make({});
  const asked = { token, ...request(), board: 'pump-1' };
  const log = createRecordingLog();
  const cut = createEnrolment({
    authority,
    bindings,
    facts,
    log,
    tokens: { ...tokens, settle: () => Promise.reject(new Error('cut')) },
  });
  assert.is.not(await codeOf(cut.join(asked)), 'no error');
  assert.is((await enrolment.join(asked)).board, 'pump-1');
});

test("a gateway does not bring boards under another gateway's longer prefix", async () => {
  const { bindings } = bench();
  const { allowed } = bindings.entitlements;
  await bindings.bind('hall', 'hall', { gateway: { prefix: 'hall', boards: 9 } });
  await bindings.bind('hall-3', 'hall-3', { gateway: { prefix: 'hall-3', boards: 9 } });
  assert.not(allowed('hall', 'hall-3-pump'));
  assert.not(allowed('hall', 'hall-3'));
  assert.not(allowed('hall-3', 'hall-4'));
  assert.not(allowed('hall', 'hallx'));
  assert.not(allowed('hall', 'hall'.toUpperCase()));
  assert.ok(allowed('hall', 'hall-4'));
  assert.ok(allowed('hall-3', 'hall-3-pump'));
  await bindings.remove('hall-3', { cascade: true });
  assert.ok(allowed('hall', 'hall-3-other'));
});

/** A request that asks for all that a board must not get. */
function greedyRequest(): string {
  const config = join(root, 'greedy.cnf');
  writeFileSync(
    config,
    [
      '[req]',
      'distinguished_name = dn',
      'req_extensions = ext',
      'attributes = attrs',
      'prompt = no',
      '[dn]',
      '0.CN = bridge.main',
      '1.CN = pump-2',
      'O = system:masters',
      '[attrs]',
      'challengePassword = password',
      '[ext]',
      'basicConstraints = critical,CA:TRUE',
      'keyUsage = keyCertSign,cRLSign',
      'extendedKeyUsage = serverAuth,anyExtendedKeyUsage',
      'subjectAltName = DNS:bridge.example,URI:spiffe://boardlet.plant/own/bridge.main',
    ].join('\n'),
  );
  const key = join(root, 'greedy.key');
  const csr = join(root, 'greedy.csr');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync(
    'openssl',
    ['req', '-new', ...curve, '-nodes', '-config', config, '-keyout', key, '-out', csr],
    { stdio: 'ignore' },
  );
  return readFileSync(csr, 'utf8');
}

test('nothing that a request asks for but its key gets into the certificate', async () => {
  const issued = await authority.issueClient(greedyRequest(), 'pump-1', 600);
  const leaf = new X509Certificate(issued.chain);
  assert.is(leaf.subject, 'CN=pump-1');
  assert.is(leaf.subjectAltName, 'URI:spiffe://boardlet.plant/link/pump-1');
  assert.not(leaf.ca);
  assert.equal(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.ok(Date.parse(leaf.validFrom) <= Date.now());
});

test('each certificate has a serial number of its own, of at least 64 random bits', async () => {
  const { csr } = request();
  const serials = new Set<string>();
  for (let n = 0; n < 20; n += 1) {
    const { chain } = await authority.issueClient(csr, 'pump-1', 600);
    serials.add(new X509Certificate(chain).serialNumber);
  }
  assert.is(serials.size, 20);
  for (const serial of serials) assert.is(serial.length, 32);
});

test('requests nested without end are refused at once', async () => {
  const nested = Buffer.alloc(5000, Buffer.from([0x30, 0x80]));
  const text = nested.toString('base64');
  for (const csr of [
    `-----BEGIN CERTIFICATE REQUEST-----\n${text}\n-----END CERTIFICATE REQUEST-----\n`,
    text,
    nested.toString('hex').slice(0, 8000),
  ]) {
    assert.is(await codeOf(authority.issueClient(csr, 'pump-1', 60)), 'BL_TRUST_BAD_CSR');
  }
});

test.after(() => rmSync(root, { recursive: true }));
test.run();
