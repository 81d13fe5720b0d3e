import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadKubeConfig, parseKubeConfig } from './config.ts';
import { createCredentials } from './credentials.ts';
import { isKubeError } from './errors.ts';
import { silentLogger } from './host.ts';

const folder = mkdtempSync(join(tmpdir(), 'boardlet-kubeconfig-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function config(cluster: string, user: string): string {
  return `apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: {cluster: c, user: u, namespace: here}
- name: two
  context: {cluster: other, user: u}
clusters:
- name: c
  cluster: ${cluster}
users:
- name: u
  user: ${user}
`;
}

test('reads server, authority, certificate and token, inline or from files beside it', () => {
  writeFileSync(join(folder, 'ca.pem'), 'CA');
  const inline = Buffer.from('CERT').toString('base64');
  const read = parseKubeConfig(
    config(
      '{server: "https://h:6443/base/", certificate-authority: ca.pem, tls-server-name: api}',
      `{client-certificate-data: ${inline}, client-key-data: ${inline}, token: tok, tokenFile: t}`,
    ),
    folder,
  );
  assert.equal(read, {
    server: 'https://h:6443/base',
    ca: 'CA',
    serverName: 'api',
    cert: 'CERT',
    key: 'CERT',
    token: 'tok',
    tokenFile: join(folder, 't'),
    namespace: 'here',
  });
});

test('names the field that is wrong', () => {
  const good = '{server: "https://h"}';
  const table: readonly (readonly [string, string, string | undefined])[] = [
    ['[', 'kubeconfig', undefined],
    ['- a', 'the document is not a mapping', undefined],
    ['{}', 'current-context', undefined],
    [config(good, '{}'), 'contexts has no entry named three', 'three'],
    [config(good, '{}'), 'clusters has no entry named other', 'two'],
    [config('{server: 7}', '{}'), 'clusters[c].cluster.server is not text', undefined],
    [config('{server: "ftp://h"}', '{}'), 'clusters[c].cluster.server', undefined],
    [config('{server: "http://h", proxy-url: x}', '{}'), 'proxy-url', undefined],
    [config(good, '{exec: {command: x}}'), 'users[u].user.exec is not supported', undefined],
    [config(good, '{client-certificate-data: eA==}'), 'client-key', undefined],
    [config(good, '{client-certificate: nowhere.pem}'), 'nowhere.pem', undefined],
  ];
  for (const [text, part, context] of table) {
    try {
      parseKubeConfig(text, folder, context);
      assert.unreachable(part);
    } catch (error) {
      assert.ok(isKubeError(error, 'BL_KUBE_CONFIG'), `${part}: ${String(error)}`);
      assert.ok(error.message.includes(part), error.message);
    }
  }
});

test('takes the file that was named and says which one is missing', () => {
  const path = join(folder, 'config');
  writeFileSync(path, config('{server: "https://named"}', '{}'));
  assert.is(loadKubeConfig({ kubeconfig: path, inCluster: false }).server, 'https://named');
  try {
    loadKubeConfig({ kubeconfig: join(folder, 'absent'), inCluster: false });
    assert.unreachable();
  } catch (error) {
    assert.ok(isKubeError(error, 'BL_KUBE_CONFIG'));
    assert.ok(error.message.includes('absent'));
  }
});

test('reads a rotated token file after a minute, and at once after a refusal', () => {
  const tokenFile = join(folder, 'token');
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs, unixMs: () => 0 };
  writeFileSync(tokenFile, 'one\n');
  const credentials = createCredentials({ server: 'https://h', tokenFile }, clock, silentLogger);
  assert.is(credentials.authorization(), 'Bearer one');
  writeFileSync(tokenFile, 'two');
  nowMs = 59_999;
  assert.is(credentials.authorization(), 'Bearer one');
  nowMs = 60_000;
  assert.is(credentials.authorization(), 'Bearer two');
  writeFileSync(tokenFile, 'three');
  credentials.expire();
  assert.is(credentials.authorization(), 'Bearer three');
  rmSync(tokenFile);
  credentials.expire();
  assert.is(credentials.authorization(), 'Bearer three');
});

test.run();
