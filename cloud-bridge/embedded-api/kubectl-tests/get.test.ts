import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clone } from '../json.ts';
import { type Kubectl, kubectlFor, needKubectl } from '../test-support/kubectl.ts';
import { DEVICE_CRD, PUMP_CRD, sampleNode, samplePod } from '../test-support/samples.ts';
import { eventually, MERGE, startServer, type TestServer } from '../test-support/server.ts';

const path = needKubectl();
let server: TestServer;
let kubectl: Kubectl;
test.before(async () => {
  server = await startServer();
  kubectl = kubectlFor(path, server);
  await server.call('POST', '/api/v1/nodes', sampleNode('edge-1'));
  await server.call('POST', '/api/v1/namespaces/default/pods', samplePod('hello'));
  await server.call('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', {
    metadata: { name: 'edge-1' },
    spec: { holderIdentity: 'edge-1', renewTime: '2026-01-01T00:00:00.000000Z' },
  });
  for (const crd of [DEVICE_CRD, PUMP_CRD]) {
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await server.call('POST', crds, clone(crd));
  }
  await eventually(
    () => server.call('GET', '/api/v1/namespaces/default/pods/hello'),
    (answer) => answer.text.includes('"nodeName":"edge-1"'),
  );
});
test.after(() => server.close());

const rows: readonly [string, RegExp][] = [
  [
    'get nodes',
    /^NAME +STATUS +ROLES +AGE +VERSION\nedge-1 +Ready +<none> +\d+s +v1.35.4-boardlet$/m,
  ],
  [
    'get nodes -o wide',
    /INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME\n.* 127.0.0.1 +<none> +Debian 12 +6.1.0 +boardlet:\/\/0.1/,
  ],
  ['get pods', /^NAME +READY +STATUS +RESTARTS +AGE\nhello +0\/1 +Pending +0 +\d+s$/m],
  [
    'get pods -A -o wide',
    /IP +NODE +NOMINATED NODE +READINESS GATES\ndefault +hello .* edge-1 +<none> +<none>/,
  ],
  ['get no,po', /node\/edge-1[\s\S]*pod\/hello/],
  ['get leases -n kube-node-lease', /NAME +HOLDER +AGE\nedge-1 +edge-1/],
  [
    'get events',
    /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n.*Normal +Scheduled +pod\/hello +Successfully assigned/,
  ],
  ['get ns', /boardlet-system +Active/],
  ['get sa', /default +0/],
  ['get crd', /devices.devices.kubeedge.io +\d{4}-/],
  ['get devices', /^$/],
  ['get node edge-1 -o jsonpath={.status.nodeInfo.osImage}', /^Debian 12$/],
  ['get pod hello -o yaml', /^kind: Pod$[\s\S]*restartPolicy: Always/m],
  ['get pods -l app=none', /^$/],
  ['get pods --field-selector spec.nodeName=edge-1 -o name', /^pod\/hello\n$/],
  ['get pods --chunk-size=1 -o name', /^pod\/hello\n$/],
  ['get --raw /readyz', /^ok$/],
  ['version', /Server Version: v1.35.4\+boardlet/],
  ['api-resources', /^pumps +pu +example.boardlet.dev\/v1 +false +Pump$/m],
  ['api-versions', /^devices.kubeedge.io\/v1beta1$/m],
  ['explain pod.spec.containers', /FIELDS:[\s\S]*imagePullPolicy/],
  ['explain node.status.nodeInfo', /kubeletVersion\t<string> -required-/],
  ['explain devices.spec', /nodeName/],
  ['auth can-i delete pods', /^yes/],
  ['auth whoami', /api.admin/],
  ['describe pod hello', /Tolerations:[\s\S]*not-ready:NoExecute[\s\S]*Successfully assigned/],
  ['describe node edge-1', /HolderIdentity: +edge-1[\s\S]*KubeletReady[\s\S]*default +hello/],
  ['wait --for=condition=Ready node/edge-1 --timeout=5s', /condition met/],
  ['wait --for=jsonpath={.status.phase}=Pending pod/hello --timeout=5s', /condition met/],
];
for (const [args, wanted] of rows) {
  test(`kubectl ${args}`, async () => {
    const { code, out, err } = await kubectl(args);
    assert.is(code, 0, err);
    assert.match(out, wanted);
  });
}

test('kubectl get -w sees changes as they happen', async () => {
  let done = false;
  const watching = kubectl('get pods -w --output-watch-events --request-timeout=2s').then((end) => {
    done = true;
    return end;
  });
  const status = '/api/v1/namespaces/default/pods/hello/status';
  await eventually(
    async () => {
      await server.call('PATCH', status, { status: { message: String(Math.random()) } }, MERGE);
      return done;
    },
    (ended) => ended,
  );
  const { out } = await watching;
  assert.match(out, /ADDED +hello +0\/1 +Pending/);
  assert.match(out, /MODIFIED +hello +0\/1 +Pending/);
});

test('kubectl logs reads the log source', async () => {
  server.api.setLogSource(async function* (request) {
    await Promise.resolve();
    yield Buffer.from(`${request.container} of ${request.node}\n`);
  });
  for (const args of ['logs hello', 'logs -f hello', 'logs hello -c main --tail=5']) {
    const { code, out, err } = await kubectl(args);
    assert.is(code, 0, err);
    assert.is(out, 'main of edge-1\n');
  }
});

test('kubectl exec says plainly that it is not served', async () => {
  const { code, err } = await kubectl('exec hello -- ls');
  assert.is(code, 1);
  assert.match(err, 'not served by the embedded API');
});

test.run();
