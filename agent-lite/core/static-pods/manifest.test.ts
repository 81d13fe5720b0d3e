import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseManifest } from './manifest.ts';
import { readQuantity } from './quantity.ts';

const good = (): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', creationTimestamp: null },
  spec: { containers: [{ name: 'main', image: 'boardlet.dev/host', command: ['/bin/true'] }] },
  status: {},
});

/** Sets one field by path, `spec.containers.0.image`. */
function changed(path: string, value: unknown): unknown {
  const manifest = structuredClone(good());
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = manifest;
  for (const key of keys) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  at[last] = value;
  return manifest;
}

test('takes the defaults of Kubernetes', () => {
  assert.equal(parseManifest(good()), {
    ok: true,
    value: {
      namespace: 'default',
      name: 'a',
      labels: {},
      annotations: {},
      pod: {
        runtime: 'process',
        graceS: 30,
        restart: 'Always',
        containers: [{ name: 'main', image: 'boardlet.dev/host', command: ['/bin/true'] }],
      },
    },
  });
});

test('takes every field that a board can honour', () => {
  const parsed = parseManifest({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a.b', namespace: 'ns', labels: { app: 'x' }, annotations: { n: 'y' } },
    spec: {
      runtimeClassName: 'boardlet-wasm',
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 0,
      hostNetwork: true,
      tolerations: [{ operator: 'Exists' }],
      securityContext: { runAsUser: 1000, runAsGroup: 1001, runAsNonRoot: true },
      initContainers: [{ name: 'init', image: 'i' }],
      containers: [
        {
          name: 'main',
          image: 'i',
          imagePullPolicy: 'IfNotPresent',
          args: ['a'],
          env: [{ name: 'A', value: '1' }, { name: 'B' }],
          workingDir: '/tmp',
          ports: [{ containerPort: 80 }],
          securityContext: { runAsUser: 2000 },
          resources: { limits: { cpu: '250m', memory: '64Mi' }, requests: { cpu: '1' } },
        },
      ],
    },
  });
  assert.ok(parsed.ok);
  if (!parsed.ok) return;
  assert.equal(parsed.value.pod, {
    runtime: 'wasm',
    graceS: 0,
    restart: 'OnFailure',
    containers: [
      {
        name: 'main',
        image: 'i',
        args: ['a'],
        env: [
          ['A', '1'],
          ['B', ''],
        ],
        limits: { cpuMilli: 250, memoryBytes: 67_108_864 },
        workingDir: '/tmp',
        user: 2000,
        group: 1001,
      },
    ],
    initContainers: [{ name: 'init', image: 'i', user: 1000, group: 1001 }],
  });
});

const BAD: readonly (readonly [string, unknown, RegExp])[] = [
  ['apiVersion', 'apps/v1', /^apiVersion must be v1$/],
  ['kind', 'Deployment', /^kind must be Pod$/],
  ['extra', 1, /^extra is not supported/],
  ['metadata.name', undefined, /^metadata.name is required$/],
  ['metadata.name', 'Upper', /^metadata.name "Upper" is not allowed/],
  ['metadata.name', 7, /^metadata.name is no text$/],
  ['metadata.namespace', '../x', /^metadata.namespace/],
  ['metadata.labels', [], /^metadata.labels is no object$/],
  ['metadata.labels.app', true, /^metadata.labels.app is no text$/],
  ['metadata.ownerReferences', [], /^metadata.ownerReferences is not supported/],
  ['spec', [], /^spec is no object/],
  ['spec.containers', [], /^spec.containers is required$/],
  ['spec.containers', {}, /^spec.containers is no list/],
  [
    'spec.containers',
    [
      { name: 'a', image: 'i' },
      { name: 'a', image: 'i' },
    ],
    /named "a"/,
  ],
  ['spec.containers.0', 'x', /^spec.containers\[0\] is no object/],
  ['spec.containers.0.image', '', /^spec.containers\[0\].image is required$/],
  ['spec.containers.0.command', 'sh', /^spec.containers\[0\].command is no list$/],
  ['spec.containers.0.command', ['a', 1], /^spec.containers\[0\].command\[1\] is no text$/],
  ['spec.containers.0.command', ['a\0'], /command\[0\] holds a NUL/],
  ['spec.containers.0.livenessProbe', {}, /^spec.containers\[0\].livenessProbe is not supported/],
  ['spec.containers.0.env', [{ name: 'a=b' }], /^spec.containers\[0\].env\[0\].name/],
  ['spec.containers.0.env', [{ name: 'a', valueFrom: {} }], /env\[0\].valueFrom is not supported/],
  ['spec.containers.0.resources', { limits: { cpu: 'x' } }, /limits.cpu is no quantity/],
  ['spec.containers.0.resources', { limits: { 'a/gpu': 1 } }, /limits.a\/gpu is not supported/],
  ['spec.containers.0.securityContext', { privileged: true }, /privileged is not supported/],
  ['spec.containers.0.securityContext', { runAsUser: -1 }, /runAsUser is no whole number/],
  ['spec.securityContext', { runAsNonRoot: true }, /runAsUser must name a user other than 0/],
  ['spec.restartPolicy', 'Sometimes', /^spec.restartPolicy is none of Always, OnFailure, Never$/],
  ['spec.terminationGracePeriodSeconds', 1.5, /^spec.terminationGracePeriodSeconds is no whole/],
  ['spec.runtimeClassName', 'kata', /^spec.runtimeClassName "kata" is not allowed/],
  ['spec.automountServiceAccountToken', true, /has no token/],
  ['spec.volumes', [{ name: 'v' }], /^spec.volumes is not supported/],
];

test('says the path of each field that is wrong', () => {
  for (const [path, value, message] of BAD) {
    const parsed = parseManifest(changed(path, value));
    assert.is(parsed.ok, false, path);
    if (parsed.ok) continue;
    const texts = parsed.problems.map((p) => `${p.path} ${p.message}`.trim());
    assert.ok(
      texts.some((text) => message.test(text)),
      `${path}: ${texts.join('; ')}`,
    );
  }
});

test('takes anything that a parser may return, and never throws', () => {
  for (const value of [undefined, null, 0, '', 'text', [], [1], new Date(0), new Map(), true])
    assert.is(parseManifest(value).ok, false);
});

test('lists a bounded number of problems', () => {
  const manifest = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`, 1]));
  const parsed = parseManifest(manifest);
  assert.ok(!parsed.ok && parsed.problems.length <= 16);
});

test('reads quantities as Kubernetes writes them', () => {
  const cases: readonly (readonly [unknown, number | undefined])[] = [
    ['1', 1],
    [0.5, 0.5],
    ['250m', 0.25],
    ['.5', 0.5],
    ['1.5Gi', 1_610_612_736],
    ['1e3', 1000],
    ['1E2', 100],
    ['2k', 2000],
    ['-1', undefined],
    ['', undefined],
    ['1x', undefined],
    ['1e99', undefined],
    [Number.NaN, undefined],
    [null, undefined],
  ];
  for (const [text, amount] of cases) assert.is(readQuantity(text), amount, String(text));
});

test.run();
