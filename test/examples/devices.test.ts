/** The examples of devices, applied to the embedded API, become what a board's drivers are given. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeDocument } from '@boardlet/adapters/wire';
import { createHostDriver, hostTwinProperties } from '@boardlet/board-support';
import { DEVICEMODELS, DEVICES, PODS } from '@boardlet/cloud-bridge/kube';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cluster, ROOT, readYaml, startCluster, until } from './cluster.ts';

const HOST = { memoryTotalBytes: 2, memoryAvailableBytes: 1, uptimeS: 1, load1: 0.5 };
const RESOURCES = { cpuMilli: 4000, memoryBytes: 2 ** 30, ephemeralBytes: 2 ** 30, pods: 110 };
const NODE: NodeDocument = {
  agentVersion: '0.1.0',
  os: 'linux',
  arch: 'arm64',
  kernel: '6.1.0',
  osImage: 'Debian 12',
  machineId: 'm',
  systemUuid: 's',
  bootId: 'b',
  hostname: 'hall-3',
  runtimeVersion: 'boardlet://0.1.0',
  addresses: [],
  capacity: RESOURCES,
  allocatable: RESOURCES,
  conditions: [],
  labels: {},
  runtimes: ['process'],
  clockTrusted: true,
  hostTwin: hostTwinProperties(HOST),
};

const cluster: Cluster = await startCluster('demo');
test.after(cluster.close);

test("KubeEdge's kind of Device reaches the board with its model's types, limits and drivers", async () => {
  for (const model of readYaml('examples/kubeedge/device-model.yaml'))
    await cluster.client.create(DEVICEMODELS, model);
  for (const device of readYaml('examples/kubeedge/device.yaml'))
    await cluster.client.create(DEVICES, device);
  const { properties } = await cluster.desired('hall-3', 'device', 'default/hall-3');
  assert.equal(
    properties.map((p) => [p.name, p.type, p.readOnly, p.reportMs, p.report]),
    [
      ['load', 'DOUBLE', true, 2000, true],
      ['free-memory', 'INT', true, 10_000, true],
      ['uptime', 'INT', true, 0, false],
      ['sampling', 'INT', false, 0, true],
    ],
  );
  assert.is(await cluster.desired('hall-3', 'twinDesired', 'default/hall-3/sampling'), 1000);
});

test('the host driver opens and reads every property of the example', async () => {
  const driver = createHostDriver({
    sample: () => HOST,
    after: () => ({ cancel: () => undefined }),
  });
  const document = await cluster.desired('hall-3', 'device', 'default/hall-3');
  for (const property of document.properties) {
    assert.is(property.protocol, driver.protocol);
    const target = { device: 'default/hall-3', property, protocolConfig: document.protocolConfig };
    driver.open(target, (opened) => assert.ok(opened.ok, JSON.stringify(opened)));
    driver.read(target, (read) => assert.ok(read.ok, JSON.stringify(read)));
  }
});

test("report-faster.json sets the host twin's interval and takes no property away", async () => {
  cluster.boardUp('hall-3', NODE);
  const name = 'host-demo-hall-3';
  await until('the host twin', () =>
    cluster.client.get(DEVICES, 'default', name).catch(() => undefined),
  );
  const before = await cluster.desired('hall-3', 'device', `default/${name}`);
  const patch = JSON.parse(readFileSync(join(ROOT, 'examples/report-faster.json'), 'utf8'));
  await cluster.client.patch(DEVICES, 'default', name, 'json', patch);
  const twin = `default/${name}/reportIntervalMs`;
  assert.is(await cluster.desired('hall-3', 'twinDesired', twin), 1000);
  assert.equal(await cluster.desired('hall-3', 'device', `default/${name}`), before);
});

test('hello-pod.yaml is a pod that a board of the fleet gets', async () => {
  const [pod] = readYaml('examples/hello-pod.yaml');
  assert.ok(pod !== undefined);
  const spec = { ...Object(pod['spec']), nodeName: 'demo-hall-3' };
  await cluster.client.create(PODS, {
    ...pod,
    metadata: { ...pod.metadata, namespace: 'default' },
    spec,
  });
  const { runtime, containers } = await cluster.desired('hall-3', 'pod', 'default/hello');
  assert.is(runtime, 'process');
  assert.equal(containers[0]?.command, ['/bin/sh', '-c']);
});

test.run();
