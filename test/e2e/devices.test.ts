/** Devices as KubeEdge's users write them: every field of v1beta1 applies, values are typed by the model, trouble is shown. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, openWorld, readyOf, type World } from './world.ts';

const world: World = await openWorld();
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

interface Status {
  readonly state?: string;
  readonly twins?: readonly {
    readonly propertyName: string;
    readonly reported: { readonly value: string; readonly metadata: Record<string, string> };
    readonly observedDesired?: { readonly value: string };
  }[];
}
async function statusOf(device: string): Promise<Status> {
  return (await world.json('get', 'devicestatus', device))['status'] as unknown as Status;
}
async function eventsOf(device: string): Promise<string> {
  return (await world.kubectl('get', 'events', '--field-selector', `involvedObject.name=${device}`))
    .stdout;
}
const apply = async (manifest: unknown): Promise<void> => {
  const r = await world.apply(manifest);
  assert.is(r.code, 0, r.stderr);
};

/** A model and a device with every field that v1beta1 has, bound to a driver that this board lacks. */
const MODEL = {
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'DeviceModel',
  metadata: { name: 'thermometer', namespace: 'default' },
  spec: {
    protocol: 'modbus',
    properties: [
      {
        name: 'temperature',
        description: 'degrees',
        type: 'FLOAT',
        accessMode: 'ReadOnly',
        maximum: '100',
        minimum: '-40',
        unit: 'celsius',
      },
      { name: 'alarm', type: 'BOOLEAN', accessMode: 'ReadWrite' },
    ],
  },
};
const DEVICE = {
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'Device',
  metadata: { name: 'thermometer-1', namespace: 'default' },
  spec: {
    deviceModelRef: { name: 'thermometer' },
    nodeName: 'demo-press-17',
    protocol: {
      protocolName: 'modbus',
      configData: { ip: '172.17.0.2', port: 502, nested: { deep: [1, 2] } },
    },
    properties: [
      {
        name: 'temperature',
        collectCycle: 10_000,
        reportCycle: 10_000,
        reportToCloud: true,
        desired: { value: '', metadata: { type: 'string' } },
        visitors: {
          protocolName: 'modbus',
          configData: {
            register: 'HoldingRegister',
            offset: 2,
            limit: 1,
            scale: 0.1,
            isSwap: true,
          },
        },
        pushMethod: {
          mqtt: { address: 'tcp://127.0.0.1:1883', topic: 'temperature', qos: 0, retained: false },
        },
      },
      {
        name: 'alarm',
        desired: { value: 'true' },
        visitors: { protocolName: 'modbus', configData: {} },
      },
    ],
    methods: [{ name: 'silence', description: 'stops the alarm', propertyNames: ['alarm'] }],
  },
};

test('a Device applied before its model, with every field, is taken unchanged', async () => {
  await apply(DEVICE);
  await apply(MODEL);
  const kept = await world.json('get', 'device', 'thermometer-1');
  assert.equal(kept['spec'] as unknown, DEVICE.spec);
});

test('a driver that the board lacks is told in the state and by an Event', async () => {
  await eventually(
    'a state',
    async () => !['', 'ok', 'online', undefined].includes((await statusOf('thermometer-1')).state),
  );
  await eventually('an Event that names the protocol', async () =>
    (await eventsOf('thermometer-1')).includes('modbus'),
  );
});

const example = (name: string): Record<string, unknown> =>
  load(readFileSync(join(import.meta.dirname, '../../examples/kubeedge', name), 'utf8')) as Record<
    string,
    unknown
  >;

test("the examples' model and device report real values, typed and stamped", async () => {
  const device = example('device.yaml') as {
    metadata: { name: string };
    spec: { nodeName: string };
  };
  device.spec.nodeName = world.node;
  await apply(example('device-model.yaml'));
  await apply(device);
  const status = await eventually('values', async () => {
    const now = await statusOf(device.metadata.name);
    return (now.twins?.length ?? 0) > 0 && now;
  });
  for (const twin of status.twins ?? []) {
    assert.ok(Number.isFinite(Number(twin.reported.value)), `${twin.propertyName} is a number`);
    assert.ok(Number(twin.reported.metadata['timestamp']) > 1_600_000_000_000);
  }
});

test('two Devices may share one model', async () => {
  const device = example('device.yaml') as {
    metadata: { name: string };
    spec: { nodeName: string };
  };
  await apply({
    ...device,
    metadata: { ...device.metadata, name: 'second' },
    spec: { ...device.spec, nodeName: world.node },
  });
  await eventually('values', async () => ((await statusOf('second')).twins?.length ?? 0) > 0);
});

test('a Device that is deleted takes its DeviceStatus with it', async () => {
  await world.kubectl('delete', 'device', 'second');
  await eventually(
    'gone',
    async () => (await world.kubectl('get', 'devicestatus', 'second')).code !== 0,
  );
});

test('a wrong field of a Device is refused with its path', async () => {
  const r = await world.apply({
    ...DEVICE,
    metadata: { ...DEVICE.metadata, name: 'wrong' },
    spec: { ...DEVICE.spec, nodeName: 7 },
  });
  assert.is.not(r.code, 0);
  assert.match(r.stderr, /spec\.nodeName/);
});

test.after(async () => {
  await world.close();
});
test.run();
