import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOrCreateAuthority } from './authority.ts';
import { makeRequest } from './testing/openssl-request.ts';
import { codeOf } from './testing/recording-log.ts';
import { readRequest } from './x509.ts';

const root = mkdtempSync(join(tmpdir(), 'authority-'));
const dir = (name: string): string => join(root, name);
const leafOf = (chain: string): X509Certificate => new X509Certificate(chain);

test('the CA is made once, with a private key file that only its owner reads', async () => {
  const first = await loadOrCreateAuthority(dir('once'), { fleet: 'plant' });
  const second = await loadOrCreateAuthority(dir('once'), { fleet: 'plant' });
  assert.is(first.caPem(), second.caPem());
  assert.is(statSync(join(dir('once'), 'ca.pem')).mode & 0o777, 0o600);
  assert.equal(readdirSync(dir('once')).sort(), ['ca.crt', 'ca.pem']);
  const ca = leafOf(first.caPem());
  assert.ok(ca.ca);
  assert.ok(ca.verify(ca.publicKey));
  assert.match(ca.subjectAltName ?? '', /URI:spiffe:\/\/boardlet\.plant$/);
  const spki = ca.publicKey.export({ format: 'der', type: 'spki' });
  assert.is(first.caHash(), createHash('sha256').update(spki).digest('hex'));
});

test('two processes that make the CA at once end with the same one', async () => {
  const made = await Promise.all([
    loadOrCreateAuthority(dir('race')),
    loadOrCreateAuthority(dir('race')),
  ]);
  assert.is(made[0].caPem(), made[1].caPem());
});

test('a CA file that others can read, or that is damaged, is refused', async () => {
  await loadOrCreateAuthority(dir('bad'));
  const path = join(dir('bad'), 'ca.pem');
  chmodSync(path, 0o640);
  assert.is(await codeOf(loadOrCreateAuthority(dir('bad'))), 'BL_TRUST_CA_MODE');
  chmodSync(path, 0o600);
  writeFileSync(path, 'rubbish');
  assert.is(await codeOf(loadOrCreateAuthority(dir('bad'))), 'BL_TRUST_CA_DAMAGED');
});

for (const kind of ['p256', 'ed25519', 'rsa2048'] as const) {
  test(`a ${kind} request gets a client certificate whose name is the link's`, async () => {
    const authority = await loadOrCreateAuthority(dir('issue'), { fleet: 'plant' });
    const { csr, key } = makeRequest(kind, 'someone-else');
    const issued = await authority.issueClient(csr, 'pump-1', 3600);
    const leaf = leafOf(issued.chain);
    const ca = leafOf(authority.caPem());
    assert.is(leaf.subject, 'CN=pump-1');
    assert.ok(leaf.verify(ca.publicKey));
    assert.ok(leaf.checkIssued(ca));
    assert.ok(leaf.checkPrivateKey(createPrivateKey(key)));
    assert.not(leaf.ca);
    assert.is(leaf.subjectAltName, 'URI:spiffe://boardlet.plant/link/pump-1');
    assert.equal(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.is(Date.parse(leaf.validTo), issued.notAfter.getTime());
    assert.ok(issued.chain.endsWith(authority.caPem()));
  });
}

test('weak keys, rubbish and requests that were tampered with are refused', async () => {
  const authority = await loadOrCreateAuthority(dir('issue'), { fleet: 'plant' });
  const refused = async (csr: string): Promise<void> =>
    assert.is(await codeOf(authority.issueClient(csr, 'pump-1', 60)), 'BL_TRUST_BAD_CSR');
  for (const kind of ['rsa1024', 'p384'] as const) {
    await refused(makeRequest(kind, 'x').csr);
  }
  await refused('');
  await refused('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n');
  await refused('x'.repeat(9000));
});

test('no damage to a request makes it vouch for another key', async () => {
  const { csr } = makeRequest('p256', 'x');
  const { keyHash } = await readRequest(csr);
  const der = Buffer.from(csr.replace(/-----.*-----|\s/g, ''), 'base64');
  let accepted = 0;
  for (let at = 0; at < der.length; at += 1) {
    const bad = Buffer.from(der);
    bad[at] = (bad[at] ?? 0) ^ 1;
    assert.is(await codeOf(readRequest(wrap(der.subarray(0, at)))), 'BL_TRUST_BAD_CSR');
    const outcome = await readRequest(wrap(bad)).catch(() => undefined);
    if (outcome === undefined) continue;
    accepted += 1;
    assert.is(outcome.keyHash, keyHash, `byte ${at}`);
  }
  // The two bytes around the signature value that BER leaves open.
  assert.ok(accepted <= 2);
});

function wrap(der: Uint8Array): string {
  const body = Buffer.from(der).toString('base64');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`;
}

test('link names and our own names cannot be taken for each other', async () => {
  const authority = await loadOrCreateAuthority(dir('issue'), { fleet: 'plant' });
  const { csr } = makeRequest('p256', 'x');
  for (const name of ['bridge.main', 'a.b', 'Upper', '', '-a', 'a'.repeat(64), 'a,CN=b']) {
    assert.is(await codeOf(authority.issueClient(csr, name, 60)), 'BL_TRUST_NAME', name);
  }
  for (const name of ['pump-1', 'bridge', 'bridge.x.teleop', 'other.x', 'bridge.']) {
    assert.is(await codeOf(authority.issueOwn(name, 60)), 'BL_TRUST_NAME', name);
  }
  const own = await authority.issueOwn('api.admin', 60, ['system:masters']);
  assert.match(leafOf(own.chain).subject, /CN=api\.admin\nO=system:masters/);
});

test('a server certificate names hosts and addresses', async () => {
  const authority = await loadOrCreateAuthority(dir('issue'), { fleet: 'plant' });
  const names = ['bridge.example', 'localhost', '127.0.0.1', '::1'];
  const leaf = leafOf((await authority.issueServer({ names, lifetimeS: 60 })).chain);
  assert.ok(leaf.checkHost('localhost'));
  assert.ok(leaf.checkIP('127.0.0.1'));
  assert.ok(leaf.checkIP('::1'));
  assert.equal(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
});

test.after(() => rmSync(root, { recursive: true }));

test.run();
