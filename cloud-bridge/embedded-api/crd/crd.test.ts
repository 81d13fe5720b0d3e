import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, clone, dict, type JsonObject, list, num, str } from '../json.ts';
import { DEVICE_CRD, PUMP_CRD } from '../test-support/samples.ts';
import { MERGE, STRATEGIC, startServer, type TestServer } from '../test-support/server.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const PUMPS = '/apis/example.boardlet.dev/v1/pumps';
const DEVICES = '/apis/devices.kubeedge.io/v1beta1/namespaces/default/devices';
let server: TestServer;
test.before(async () => {
  server = await startServer();
  for (const crd of [DEVICE_CRD, PUMP_CRD]) {
    const made = await server.call('POST', CRDS, clone(crd));
    assert.is(made.status, 201, made.text);
  }
});
test.after(() => server.close());

const pump = (name: string, spec: JsonObject): JsonObject => ({ metadata: { name }, spec });

test('a definition is established at once and its kind is in discovery', async () => {
  const crd = await server.call('GET', `${CRDS}/pumps.example.boardlet.dev`);
  const types = list(crd.body, 'status', 'conditions').map(
    (item) => `${str(item, 'type')}=${str(item, 'status')}`,
  );
  assert.equal(types, ['NamesAccepted=True', 'Established=True']);
  assert.equal(at(crd.body, 'status', 'storedVersions'), ['v1']);
  const group = await server.call('GET', '/apis/example.boardlet.dev/v1');
  assert.is(str(list(group.body, 'resources')[0], 'kind'), 'Pump');
  assert.is(str(list(group.body, 'resources')[1], 'name'), 'pumps/status');
});

test('defaults are filled in, unknown fields pruned', async () => {
  const made = await server.call('POST', PUMPS, { ...pump('p1', { rate: 5, extra: true }) });
  assert.is(made.status, 201);
  assert.equal(dict(made.body, 'spec'), { rate: 5, mode: 'slow' });
  assert.match(String(made.headers['warning']), 'unknown field');
  const strict = await server.call(
    'POST',
    `${PUMPS}?fieldValidation=Strict`,
    pump('p2', { rate: 5, extra: 1 }),
  );
  assert.is(strict.status, 400);
  assert.match(str(strict.body, 'message'), 'unknown field "spec.extra"');
});

const bad: readonly [string, JsonObject, string][] = [
  ['a wrong type', { rate: 'x' }, 'spec.rate'],
  ['a value out of range', { rate: 101 }, 'spec.rate'],
  ['a value not in the enum', { rate: 1, mode: 'mid' }, 'spec.mode'],
  ['a missing field', { mode: 'slow' }, 'spec.rate'],
  ['an object for int-or-string', { rate: 1, port: {} }, 'spec.port'],
  ['a fraction for an integer', { rate: 1.5 }, 'spec.rate'],
];
for (const [what, spec, field] of bad) {
  test(`${what} is 422 with the field's path`, async () => {
    const answer = await server.call('POST', PUMPS, pump('bad', spec));
    assert.is(answer.status, 422);
    assert.is(str(list(answer.body, 'details', 'causes')[0], 'field'), field);
  });
}

test('both versions show the same object; the deprecated one warns', async () => {
  const old = await server.call('GET', '/apis/example.boardlet.dev/v1beta1/pumps/p1');
  assert.is(str(old.body, 'apiVersion'), 'example.boardlet.dev/v1beta1');
  assert.match(String(old.headers['warning']), 'deprecated');
  assert.is(num((await server.call('GET', `${PUMPS}/p1`)).body, 'spec', 'rate'), 5);
});

test('a declared status subresource separates status and leaves generation alone', async () => {
  const path = `${PUMPS}/p1`;
  const main = await server.call(
    'PATCH',
    path,
    { status: { conditions: [] }, spec: { rate: 6 } },
    MERGE,
  );
  assert.is(at(main.body, 'status'), undefined);
  assert.is(num(main.body, 'metadata', 'generation'), 2);
  const patch = { status: { conditions: [{ type: 'On', status: 'True' }] }, spec: { rate: 7 } };
  const status = await server.call('PATCH', `${path}/status`, patch, MERGE);
  assert.is(num(status.body, 'spec', 'rate'), 6);
  assert.is(num(status.body, 'metadata', 'generation'), 2);
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = await server.call('GET', path, undefined, { accept });
  assert.equal(list(list(table.body, 'rows')[0], 'cells').slice(0, 3), ['p1', 6, 'True']);
});

test("KubeEdge's Device has no status subresource: status is written on the object", async () => {
  const device = {
    metadata: { name: 'd1' },
    spec: {
      nodeName: 'n1',
      properties: [
        { name: 't', visitors: { protocolName: 'host', configData: { any: { thing: 1 } } } },
      ],
    },
  };
  const made = await server.call('POST', DEVICES, device);
  assert.is(made.status, 201);
  assert.is(
    num(list(made.body, 'spec', 'properties')[0], 'visitors', 'configData', 'any', 'thing'),
    1,
  );
  const status = { status: { reportToCloud: true } };
  assert.is((await server.call('PATCH', `${DEVICES}/d1/status`, status, MERGE)).status, 404);
  const written = await server.call('PATCH', `${DEVICES}/d1`, status, MERGE);
  assert.is(at(written.body, 'status', 'reportToCloud'), true);
  const wrong = await server.call(
    'PATCH',
    `${DEVICES}/d1`,
    { spec: { properties: [{ name: 't', desired: { value: 5 } }] } },
    MERGE,
  );
  assert.is(wrong.status, 422);
  assert.match(str(wrong.body, 'message'), 'spec.properties[0].desired.value');
});

test('strategic merge patch on custom objects is 415, and so is apply', async () => {
  const strategic = await server.call('PATCH', `${DEVICES}/d1`, {}, STRATEGIC);
  assert.is(strategic.status, 415);
  const apply = await server.call('PATCH', `${DEVICES}/d1`, '{}', {
    type: 'application/apply-patch+yaml',
  });
  assert.is(apply.status, 415);
  assert.match(str(apply.body, 'message'), 'server-side apply is not supported');
});

test('a PUT of a custom object needs its resourceVersion', async () => {
  const answer = await server.call('PUT', `${PUMPS}/p1`, pump('p1', { rate: 1 }));
  assert.is(answer.status, 422);
});

const broken: readonly [string, (crd: JsonObject) => void, string][] = [
  [
    'a name that does not fit',
    (crd) => {
      dict(crd, 'metadata')['name'] = 'x.y.z';
    },
    'metadata.name',
  ],
  [
    'no storage version',
    (crd) => {
      for (const version of list(crd, 'spec', 'versions')) dict(version)['storage'] = false;
    },
    'spec.versions',
  ],
  [
    'a schema without a type',
    (crd) => {
      dict(
        list(crd, 'spec', 'versions')[0],
        'schema',
        'openAPIV3Schema',
        'properties',
        'spec',
        'properties',
      )['q'] = {};
    },
    'spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[q].type',
  ],
  [
    'a group of ours',
    (crd) => {
      dict(crd, 'spec')['group'] = 'coordination.k8s.io';
    },
    'metadata.name',
  ],
];
for (const [what, breakIt, field] of broken) {
  test(`a definition with ${what} is refused`, async () => {
    const crd = clone(PUMP_CRD);
    breakIt(crd);
    const answer = await server.call('POST', CRDS, crd);
    assert.is(answer.status, 422, answer.text);
    const fields = list(answer.body, 'details', 'causes').map((cause) => str(cause, 'field'));
    assert.ok(fields.includes(field), fields.join(' '));
  });
}

test('deleting a definition deletes its objects and ends their watches', async () => {
  const watch = await server.watch(`${PUMPS}?watch=true`);
  assert.is((await watch.next())?.type, 'ADDED');
  assert.is((await server.call('DELETE', `${CRDS}/pumps.example.boardlet.dev`)).status, 200);
  assert.is((await watch.next())?.type, 'DELETED');
  assert.is(await watch.next(), undefined);
  assert.is((await server.call('GET', PUMPS)).status, 404);
  await server.call('POST', CRDS, clone(PUMP_CRD));
  assert.equal(list((await server.call('GET', PUMPS)).body, 'items'), []);
});

test.run();
