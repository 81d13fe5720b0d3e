import { decodeDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KubeObject } from '../../kube/index.ts';
import { boundPod } from '../testing/rig.ts';
import { translatePod } from './desired.ts';

type Fields = Readonly<Record<string, unknown>>;

function pod(spec: Fields = {}, container: Fields = {}, metadata: Fields = {}): KubeObject {
  const base = boundPod('p', {
    containers: [{ name: 'main', image: 'boardlet.dev/host', command: ['sh'], ...container }],
    ...spec,
  });
  return { ...base, metadata: { ...base.metadata, uid: 'u1', ...metadata } } as KubeObject;
}

function refusal(of: KubeObject): string {
  const result = translatePod(of);
  return result.ok ? 'taken' : `${result.refusal.reason}: ${result.refusal.message}`;
}

test('carries what a board needs to run it', () => {
  const result = translatePod(
    pod(
      {
        securityContext: { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true },
        initContainers: [{ name: 'first', image: 'boardlet.dev/host', command: ['true'] }],
        restartPolicy: 'OnFailure',
        terminationGracePeriodSeconds: 5,
      },
      {
        args: ['-c', 'echo $(NAME)'],
        workingDir: '/tmp',
        env: [
          { name: 'NAME', value: '$(OTHER)' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: 'EMPTY' },
        ],
        resources: { limits: { cpu: '250m', memory: '64Mi' }, requests: { cpu: '0.1' } },
        securityContext: { runAsUser: 1001 },
      },
    ),
  );
  assert.ok(result.ok);
  const decoded = decodeDocument('pod', result.body);
  assert.ok(decoded.ok);
  assert.equal(decoded.value, {
    uid: 'u1',
    runtime: 'process',
    graceS: 5,
    restart: 'OnFailure',
    containers: [
      {
        name: 'main',
        image: 'boardlet.dev/host',
        command: ['sh'],
        args: ['-c', 'echo $(NAME)'],
        env: [
          ['NAME', '$(OTHER)'],
          ['NODE', 'f-one'],
          ['EMPTY', ''],
        ],
        limits: { cpuMilli: 250, memoryBytes: 64 * 2 ** 20 },
        workingDir: '/tmp',
        user: 1001,
        group: 1000,
      },
    ],
    initContainers: [
      {
        name: 'first',
        image: 'boardlet.dev/host',
        command: ['true'],
        user: 1000,
        group: 1000,
      },
    ],
  });
});

test('a deletion becomes a time to stop within', () => {
  const deleted = pod({}, {}, { deletionTimestamp: 'now', deletionGracePeriodSeconds: 7 });
  const result = translatePod(deleted);
  assert.is(result.ok && result.document.stopGraceS, 7);
  const plainPod = translatePod(pod());
  assert.is(plainPod.ok && plainPod.document.stopGraceS, undefined);
});

test('refuses what a board cannot honour, by the path of the field', () => {
  const probe = { httpGet: { port: 80 } };
  const table: readonly (readonly [KubeObject, string])[] = [
    [pod({ runtimeClassName: undefined }), 'RuntimeClassRequired: spec.runtimeClassName: missing'],
    [pod({ runtimeClassName: 'gvisor' }), 'RuntimeClassRequired: spec.runtimeClassName: gvisor'],
    [pod({ hostNetwork: true }), 'spec.hostNetwork'],
    [pod({ activeDeadlineSeconds: 5 }), 'spec.activeDeadlineSeconds'],
    [pod({ volumes: [{ name: 'v', emptyDir: {} }] }), 'spec.volumes[0] (v)'],
    [pod({ securityContext: { fsGroup: 1 } }), 'spec.securityContext.fsGroup'],
    [pod({}, { livenessProbe: probe }), 'spec.containers[0].livenessProbe'],
    [pod({}, { envFrom: [{ secretRef: {} }] }), 'spec.containers[0].envFrom'],
    [
      pod({}, { env: [{ name: 'A', valueFrom: { secretKeyRef: { key: 'k' } } }] }),
      'spec.containers[0].env[0].valueFrom.secretKeyRef',
    ],
    [
      pod({}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] }),
      'spec.containers[0].env[0].valueFrom.fieldRef (status.podIP)',
    ],
    [
      pod({}, { resources: { limits: { 'nvidia.com/gpu': '1' } } }),
      'spec.containers[0].resources.limits[nvidia.com/gpu]',
    ],
    [
      pod({}, { securityContext: { privileged: true } }),
      'spec.containers[0].securityContext.privileged',
    ],
    [
      pod({ initContainers: [{ name: 'i', restartPolicy: 'Always' }] }),
      'spec.initContainers[0].restartPolicy',
    ],
    [
      pod({}, { volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
      'spec.containers[0].volumeMounts[0]',
    ],
    [
      pod({}, { securityContext: { runAsNonRoot: true, runAsUser: 0 } }),
      'UnexpectedAdmissionError: container main',
    ],
    [
      pod({}, { securityContext: { runAsNonRoot: true } }),
      'UnexpectedAdmissionError: container main',
    ],
    [
      pod({}, { securityContext: { allowPrivilegeEscalation: false } }),
      'spec.containers[0].securityContext.allowPrivilegeEscalation',
    ],
    [
      pod({}, { securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
      'spec.containers[0].securityContext.seccompProfile',
    ],
    [pod({}, { args: ['x'.repeat(2_000_000)] }), 'UnexpectedAdmissionError: default/p cannot be'],
  ];
  for (const [object, part] of table) {
    const said = refusal(object);
    assert.ok(said.includes(part), `${part}: ${said}`);
  }
});

test('asks nothing of empty fields, of the token volume that every pod carries, or of what only restricts', () => {
  const token = 'kube-api-access-x1';
  const ordinary = pod(
    {
      hostNetwork: false,
      volumes: [{ name: token, projected: { sources: [] } }],
      tolerations: [{ operator: 'Exists' }],
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      ephemeralContainers: [],
    },
    {
      volumeMounts: [{ name: token, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
      securityContext: {
        allowPrivilegeEscalation: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'Unconfined' },
        runAsNonRoot: true,
        runAsUser: 1000,
      },
      ports: [{ containerPort: 80 }],
      terminationMessagePath: '/dev/termination-log',
    },
  );
  assert.is(refusal(ordinary), 'taken');
});

test.run();
