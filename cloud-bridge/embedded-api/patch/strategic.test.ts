import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../json.ts';
import { builtinType } from '../schema/builtin.ts';
import { strategicPatch } from './strategic.ts';

const POD = builtinType('Pod');
const NODE = builtinType('Node');
const spec = (...containers: JsonObject[]): JsonObject => ({ spec: { containers } });

const cases: readonly [string, JsonObject, JsonObject, JsonObject][] = [
  [
    'containers merge by name',
    spec({ name: 'a', image: '1' }, { name: 'b', image: '2' }),
    spec({ name: 'b', image: '3' }, { name: 'c', image: '4' }),
    spec({ name: 'a', image: '1' }, { name: 'b', image: '3' }, { name: 'c', image: '4' }),
  ],
  [
    'env merges by name within containers',
    spec({
      name: 'a',
      env: [
        { name: 'X', value: '1' },
        { name: 'Y', value: '2' },
      ],
    }),
    spec({ name: 'a', env: [{ name: 'Y', value: '3' }] }),
    spec({
      name: 'a',
      env: [
        { name: 'X', value: '1' },
        { name: 'Y', value: '3' },
      ],
    }),
  ],
  [
    'ports merge by containerPort, volumeMounts by mountPath',
    spec({
      name: 'a',
      ports: [{ containerPort: 80, name: 'x' }],
      volumeMounts: [{ mountPath: '/a', name: 'v' }],
    }),
    spec({
      name: 'a',
      ports: [{ containerPort: 80, name: 'y' }],
      volumeMounts: [{ mountPath: '/b', name: 'v' }],
    }),
    spec({
      name: 'a',
      ports: [{ containerPort: 80, name: 'y' }],
      volumeMounts: [
        { mountPath: '/a', name: 'v' },
        { mountPath: '/b', name: 'v' },
      ],
    }),
  ],
  [
    '$patch: delete removes one element',
    spec({ name: 'a' }, { name: 'b' }),
    spec({ name: 'a', $patch: 'delete' }),
    spec({ name: 'b' }),
  ],
  [
    '$patch: replace in a list replaces the list',
    spec({ name: 'a' }, { name: 'b' }),
    spec({ $patch: 'replace' }, { name: 'c', image: '1' }),
    spec({ name: 'c', image: '1' }),
  ],
  [
    '$patch: replace replaces an object',
    { spec: { nodeSelector: { a: '1' } } },
    { spec: { nodeSelector: { $patch: 'replace', b: '2' } } },
    { spec: { nodeSelector: { b: '2' } } },
  ],
  [
    'tolerations are atomic',
    { spec: { tolerations: [{ key: 'a' }] } },
    { spec: { tolerations: [{ key: 'b' }] } },
    { spec: { tolerations: [{ key: 'b' }] } },
  ],
  [
    'null removes a field',
    { spec: { nodeName: 'x', hostNetwork: true } },
    { spec: { nodeName: null } },
    { spec: { hostNetwork: true } },
  ],
  [
    'finalizers are a set',
    { metadata: { finalizers: ['a/1', 'a/2'] } },
    { metadata: { finalizers: ['a/2', 'a/3'] } },
    { metadata: { finalizers: ['a/1', 'a/2', 'a/3'] } },
  ],
  [
    '$deleteFromPrimitiveList takes out scalars',
    { metadata: { finalizers: ['a/1', 'a/2'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/1'] } },
    { metadata: { finalizers: ['a/2'] } },
  ],
  [
    'ownerReferences merge by uid',
    { metadata: { ownerReferences: [{ uid: '1', name: 'a' }] } },
    { metadata: { ownerReferences: [{ uid: '2', name: 'b' }] } },
    {
      metadata: {
        ownerReferences: [
          { uid: '1', name: 'a' },
          { uid: '2', name: 'b' },
        ],
      },
    },
  ],
  [
    '$setElementOrder orders the merged list and is not stored',
    spec({ name: 'a' }, { name: 'b' }),
    {
      spec: {
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }],
        containers: [{ name: 'c' }],
      },
    },
    spec({ name: 'c' }, { name: 'b' }, { name: 'a' }),
  ],
  [
    '$retainKeys drops the other keys',
    { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
    {
      spec: {
        volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }],
      },
    },
    { spec: { volumes: [{ name: 'v', hostPath: { path: '/x' } }] } },
  ],
  [
    'directives in a new part are not stored',
    {},
    { spec: { nodeSelector: { $patch: 'merge', a: '1', b: null } } },
    { spec: { nodeSelector: { a: '1' } } },
  ],
];
for (const [what, target, patch, wanted] of cases) {
  test(what, () => {
    const before = JSON.stringify(target);
    assert.equal(strategicPatch(target, patch, POD), wanted);
    assert.is(JSON.stringify(target), before);
  });
}

test('node conditions and addresses merge by type, taints are atomic', () => {
  const target = {
    spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '1' }],
    },
  };
  const patch = {
    spec: { taints: [{ key: 'b', effect: 'NoExecute' }] },
    status: {
      conditions: [{ type: 'Disk', status: 'False' }],
      addresses: [{ type: 'InternalIP', address: '2' }],
    },
  };
  assert.equal(strategicPatch(target, patch, NODE), {
    spec: { taints: [{ key: 'b', effect: 'NoExecute' }] },
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Disk', status: 'False' },
      ],
      addresses: [{ type: 'InternalIP', address: '2' }],
    },
  });
});

for (const patch of [
  spec({ image: 'no name' }),
  { $patch: 'grow' },
  { spec: { containers: ['x'] } },
]) {
  test(`refuses ${JSON.stringify(patch)}`, () => {
    assert.throws(
      () => strategicPatch(spec({ name: 'a' }), patch as JsonObject, POD),
      /strategic merge patch/,
    );
  });
}

test.run();
