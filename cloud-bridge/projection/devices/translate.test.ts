import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceModelSpec, DeviceSpec } from './objects.ts';
import { jsonToWire, MAX_PROPERTIES, translateDevice } from './translate.ts';

const model: DeviceModelSpec = {
  protocol: 'modbus',
  properties: [
    {
      name: 'temp',
      type: 'FLOAT',
      accessMode: 'ReadOnly',
      unit: 'C',
      visitors: {
        protocolName: 'modbus',
        configData: { register: 'HoldingRegister', offset: 2, limit: 1 },
      },
    },
    { name: 'setpoint', type: 'INT', accessMode: 'ReadWrite', minimum: '1', maximum: '50' },
    { name: 'label', type: 'STRING', accessMode: 'ReadWrite' },
  ],
};
const device = (extra: Partial<DeviceSpec> = {}): DeviceSpec => ({
  deviceModelRef: { name: 'pump' },
  nodeName: 'demo-press-17',
  protocol: { protocolName: 'modbus', configData: { serialPort: '/dev/ttyS0' } },
  properties: [
    { name: 'temp', reportCycle: 1000, collectCycle: 500 },
    {
      name: 'setpoint',
      desired: { value: '40' },
      visitors: { protocolName: 'process', configData: {} },
    },
  ],
  ...extra,
});

test('joins model and instance: types and range from the model, visitors of the instance win', () => {
  const t = translateDevice(device(), model);
  assert.ok(t);
  assert.is(t.document.protocol, 'modbus');
  assert.equal(
    t.document.properties.map((p) => [
      p.name,
      p.type,
      p.readOnly,
      p.protocol,
      p.reportMs,
      p.collectMs,
    ]),
    [
      ['temp', 'FLOAT', true, 'modbus', 1000, 500],
      ['setpoint', 'INT', false, 'process', 0, 0],
      ['label', 'STRING', false, 'modbus', 0, 0],
    ],
  );
  assert.equal([...t.desired], [['setpoint', 40]]);
  assert.equal(t.problems, []);
});

test('a Device whose model is missing waits instead of dying', () => {
  assert.is(translateDevice(device(), undefined), undefined);
});

const bad: readonly [string, DeviceSpec, string][] = [
  [
    'out of range',
    device({ properties: [{ name: 'setpoint', desired: { value: '51' } }] }),
    'spec.properties[setpoint].desired.value',
  ],
  [
    'of the wrong type',
    device({ properties: [{ name: 'setpoint', desired: { value: 'hot' } }] }),
    'spec.properties[setpoint].desired.value',
  ],
  [
    'for a ReadOnly property',
    device({ properties: [{ name: 'temp', desired: { value: '3' } }] }),
    'spec.properties[temp].desired.value',
  ],
  [
    'for an unknown property',
    device({ properties: [{ name: 'speed', desired: { value: '3' } }] }),
    'spec.properties[speed]',
  ],
];
for (const [what, spec, field] of bad) {
  test(`a desired value ${what} is refused with its field and reaches no board`, () => {
    const t = translateDevice(spec, model);
    assert.ok(t);
    assert.equal(
      t.problems.map((p) => p.field),
      [field],
    );
    assert.is(t.desired.size, 0);
  });
}

test('an empty desired value, as in samples, means that nothing is wanted', () => {
  const t = translateDevice(
    device({ properties: [{ name: 'setpoint', desired: { value: '' } }] }),
    model,
  );
  assert.equal([t?.desired.size, t?.problems], [0, []]);
});

test('a model with too many properties is cut and says so', () => {
  const properties = Array.from({ length: MAX_PROPERTIES + 1 }, (_, i) => ({ name: `p${i}` }));
  const t = translateDevice(device({ properties: [] }), { properties });
  assert.is(t?.document.properties.length, MAX_PROPERTIES);
  assert.is(t?.problems[0]?.field, 'model.properties');
});

test('configuration keeps its shape as maps with text keys', () => {
  assert.equal(
    jsonToWire({ a: [1, { b: true }], c: null }),
    new Map<string, unknown>([
      ['a', [1, new Map([['b', true]])]],
      ['c', null],
    ]),
  );
});

test.run();
