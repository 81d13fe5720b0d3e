import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clone, type JsonObject, str } from '../json.ts';
import { type Kubectl, kubectlFor, needKubectl } from '../test-support/kubectl.ts';
import { DEVICE_CRD, PUMP_CRD, sampleNode, samplePod } from '../test-support/samples.ts';
import { startServer, type TestServer } from '../test-support/server.ts';

const path = needKubectl();
let server: TestServer;
let kubectl: Kubectl;
test.before(async () => {
  server = await startServer();
  kubectl = kubectlFor(path, server);
  await server.call('POST', '/api/v1/nodes', sampleNode('edge-1'));
});
test.after(() => server.close());

async function ok(args: string, input?: string | JsonObject): Promise<string> {
  const text = typeof input === 'object' ? JSON.stringify(input) : input;
  const { code, out, err } = await kubectl(args, text);
  assert.is(code, 0, `${args}: ${err}`);
  return out;
}
async function fails(args: string, input?: JsonObject): Promise<string> {
  const { code, err } = await kubectl(args, input === undefined ? '' : JSON.stringify(input));
  assert.is(code, 1, args);
  return err;
}
const get = async (what: string): Promise<string> => await ok(`get ${what}`);

test('apply creates, leaves alone, changes and takes away', async () => {
  const map = (data: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm' },
    data,
  });
  assert.match(await ok('apply -f -', map({ a: '1', b: '2' })), 'created');
  assert.match(await ok('apply -f -', map({ a: '1', b: '2' })), 'unchanged');
  assert.match(await ok('apply -f -', map({ a: '3' })), 'configured');
  assert.is(await get('cm m -o jsonpath={.data}'), '{"a":"3"}');
});

test('apply of a pod: labels and images change, what is immutable is refused', async () => {
  const pod = samplePod('p', {}, { labels: { a: '1' } });
  assert.match(await ok('apply -f -', pod), 'created');
  assert.match(await ok('apply -f -', pod), 'unchanged');
  assert.match(await ok('apply -f -', samplePod('p', {}, { labels: { a: '2' } })), 'configured');
  const other = samplePod('p', { containers: [{ name: 'main', image: 'i', command: ['other'] }] });
  assert.match(await fails('apply -f -', other), 'pod updates may not change fields');
});

test('apply refuses an unknown field by its path, and server-side apply altogether', async () => {
  const pod = samplePod('u', { contaners: [] });
  assert.match(await fails('apply -f -', pod), 'unknown field "spec.contaners"');
  assert.match(await fails('apply --server-side -f -', samplePod('s')), 'erver-side apply');
  assert.match(await ok('apply --dry-run=server -f -', samplePod('dry')), 'server dry run');
});

test('all patch types', async () => {
  await ok('patch cm m --type=merge -p {"data":{"b":"2"}}');
  await ok('patch cm m --type=json -p [{"op":"replace","path":"/data/a","value":"4"}]');
  await ok('patch cm m -p {"data":{"b":null,"c":"5"}}');
  assert.is(await get('cm m -o jsonpath={.data}'), '{"a":"4","c":"5"}');
  await ok('patch node edge-1 --subresource=status --type=merge -p {"status":{"phase":"x"}}');
  assert.is(await get('node edge-1 -o jsonpath={.status.phase}'), 'x');
});

test('label, annotate, taint, cordon, drain', async () => {
  await ok('label node edge-1 zone=a');
  await ok('annotate node edge-1 note=b');
  assert.match(await fails('label node edge-1 zone=c'), 'already has a value');
  await ok('label node edge-1 zone-');
  await ok('taint node edge-1 k=v:NoSchedule');
  assert.is(await get('node edge-1 -o jsonpath={.spec.taints[0].key}'), 'k');
  await ok('taint node edge-1 k-');
  assert.is(await get('node edge-1 -o jsonpath={.spec.taints}'), '');
  await ok('cordon edge-1');
  assert.match(await get('nodes'), 'Ready,SchedulingDisabled');
  await ok('drain edge-1 --force --grace-period=0');
  await ok('uncordon edge-1');
  assert.match(await get('nodes'), / Ready /);
});

test('create sends protobuf, and run, delete and replace work', async () => {
  await ok('create configmap c1 --from-literal=a=b');
  await ok('create secret generic s1 --from-literal=p=geheim');
  assert.is(await get('secret s1 -o jsonpath={.data.p}'), Buffer.from('geheim').toString('base64'));
  await ok('create ns team');
  await ok('create sa robot -n team');
  assert.match(await fails('create token robot -n team'), 'issues no service account tokens');
  await ok('run r1 --image=boardlet.dev/host -n team --restart=Never');
  await ok('delete pod r1 -n team --now --wait=false');
  await ok('delete pod r1 -n team --force --grace-period=0 --ignore-not-found');
  const map = await server.call('GET', '/api/v1/namespaces/default/configmaps/c1');
  await ok('replace -f -', { ...(map.body as JsonObject), data: { a: 'c' } });
  assert.is(await get('cm c1 -o jsonpath={.data.a}'), 'c');
  await ok('delete cm c1');
  assert.match(await fails('get cm c1'), 'configmaps "c1" not found');
  await ok('delete ns team');
  assert.match(await fails('delete ns default'), 'forbidden');
});

test('files with many objects: a List, and one kind that is not served among good ones', async () => {
  const map = (name: string): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
  });
  const items = [map('l1'), map('l2')];
  const made = await ok('create -f -', { apiVersion: 'v1', kind: 'List', items });
  assert.match(made, /configmap\/l1 created\nconfigmap\/l2 created/);
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } };
  const documents = [map('d1'), deployment, map('d2')].map((one) => JSON.stringify(one));
  const { code, out, err } = await kubectl('apply -f -', documents.join('\n---\n'));
  assert.is(code, 1);
  assert.match(out, 'configmap/d1 created');
  assert.match(err, 'no matches for kind "Deployment" in version "apps/v1"');
});

test('custom kinds: apply, validation with the path, columns, status, delete', async () => {
  await ok('apply -f -', clone(DEVICE_CRD));
  await ok('apply -f -', clone(PUMP_CRD));
  await ok('wait --for=condition=Established crd/pumps.example.boardlet.dev --timeout=5s');
  const pump = (rate: number | string): JsonObject => ({
    apiVersion: 'example.boardlet.dev/v1',
    kind: 'Pump',
    metadata: { name: 'x' },
    spec: { rate },
  });
  assert.match(await ok('apply -f -', pump(5)), 'pump.example.boardlet.dev/x created');
  assert.match(await ok('apply -f -', pump(6)), 'configured');
  assert.match(await fails('apply -f -', pump('fast')), 'spec.rate');
  await ok(
    'patch pump x --subresource=status --type=merge -p {"status":{"conditions":[{"type":"On","status":"True"}]}}',
  );
  assert.match(await get('pu'), /NAME +RATE +STATE +AGE\nx +6 +True +\d+s/);
  const device: JsonObject = {
    apiVersion: 'devices.kubeedge.io/v1beta1',
    kind: 'Device',
    metadata: { name: 'd' },
    spec: { nodeName: 'edge-1' },
  };
  await ok('apply -f -', device);
  await ok(
    'patch device d --type=merge -p {"spec":{"properties":[{"name":"t","desired":{"value":"5"}}]}}',
  );
  assert.is(await get('device d -o jsonpath={.spec.properties[0].desired.value}'), '5');
  await ok('delete pump x');
  await ok('delete crd pumps.example.boardlet.dev');
  assert.is(
    str((await server.call('GET', '/apis/example.boardlet.dev/v1/pumps')).body, 'reason'),
    'NotFound',
  );
});

test.run();
