/** The examples for a board's own folder are read by what reads them there. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  allowsHostPath,
  allowsNamespace,
  allowsProgram,
  allowsUser,
  loadConfig,
  parseManifest,
  parsePolicy,
  refusePod,
} from '@boardlet/agent-lite/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT, readYaml } from './cluster.ts';

test('policy.yaml is a policy, and means what its comments say', () => {
  const policy = parsePolicy(readYaml('examples/policy.yaml')[0], 'policy.yaml');
  const namespaces = ['default', 'line-1', 'line-test', 'kube-system'];
  assert.equal(
    namespaces.filter((each) => allowsNamespace(policy.namespaces, each)),
    ['default', 'line-1'],
  );
  assert.ok(allowsProgram(policy, '/usr/bin/env'));
  assert.not.ok(allowsProgram(policy, '/opt/press/bin/other'));
  assert.ok(allowsHostPath(policy, '/var/lib/press/log', true));
  assert.not.ok(allowsHostPath(policy, '/etc/press', true));
  assert.equal(
    [0, 1000, 2050, 3000].filter((id) => allowsUser(policy, id, 0)),
    [2050, 3000],
  );
});

test('agent-config.yaml sets what it names', () => {
  const value = readYaml('examples/agent-config.yaml')[0];
  const files = [{ path: 'agent-config.yaml', value }];
  const config = loadConfig({ files, env: {}, flags: { board: 'hall-3' } });
  assert.equal(config.labels, { 'board.boardlet.dev/hall': 'hall-3' });
  assert.is(config.policyFile, '/etc/boardlet/policy.yaml');
  assert.is(config.storeBytes, 32 * 1024 * 1024);
  assert.equal(config.pods, { logRotateBytes: 1024 * 1024, logFiles: 3 });
  const env = { BOARDLET_PODS_LOG_FILES: '4' };
  const flags = { board: 'hall-3' };
  assert.is(loadConfig({ files, env, flags }).pods.logFiles, 4);
  assert.is(
    loadConfig({ files, env, flags: { ...flags, 'pods-log-files': '7' } }).pods.logFiles,
    7,
  );
});

test('static-pod.yaml is a manifest that an agent without a policy file runs', () => {
  const parsed = parseManifest(readYaml('examples/static-pod.yaml')[0]);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { namespace, name, pod } = parsed.value;
  const spec = { ...pod, uid: '' };
  assert.is(refusePod(parsePolicy(undefined, ''), `${namespace}/${name}`, spec, 1000), undefined);
});

test('every example is tried by a test of this folder', () => {
  const names = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' });
  assert.equal(names.sort(), [
    'README.md',
    'agent-config.yaml',
    'hello-pod.yaml',
    'kubeedge',
    'kubeedge/device-model.yaml',
    'kubeedge/device.yaml',
    'policy.yaml',
    'report-faster.json',
    'static-pod.yaml',
  ]);
});

test.run();
