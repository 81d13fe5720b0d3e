/** A static pod of a board → its mirror Pod: what `kubectl get pods` shows of it. Pure. The API cannot command it. */
import type { ContainerDocument, StaticPodDocument } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/index.ts';
import { isAllowedLabel } from '../node/labels.ts';
import { bytesQuantity, cpuQuantity } from '../node/quantity.ts';
import { isMirror, MIRROR_ANNOTATION, podKey, specOf } from '../pods/spec.ts';
import { isSubdomain, plain, timestamp } from '../text.ts';

export interface MirrorSettings {
  /** Namespaces in which boards may show static pods. Default `default`. */
  readonly namespaces: readonly string[];
  /** Label keys (or prefixes that end in `/`) kept on mirror pods: a label decides which Services and policies take them. */
  readonly labels: readonly string[];
}
export const DEFAULT_MIRROR_NAMESPACES: readonly string[] = ['default'];
export const DEFAULT_MIRROR_LABELS: readonly string[] = [
  'app',
  'app.kubernetes.io/',
  'board.boardlet.dev/',
];

const HASH_ANNOTATION = 'kubernetes.io/config.hash';
const MAX_HASH = 128;
const MAX_LABELS = 32;
const LABEL = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Why a static pod has no mirror; undefined: it may have one. */
export function mirrorRefusal(
  name: string,
  node: string,
  settings: MirrorSettings,
): string | undefined {
  const [namespace = '', pod = '', ...rest] = name.split('/');
  if (rest.length > 0 || !isSubdomain(pod) || !pod.endsWith(`-${node}`))
    return `its name must be <namespace>/<name>-${node}`;
  if (!settings.namespaces.includes(namespace))
    return `static pods of boards are not shown in namespace ${plain(namespace, 63)}`;
  return undefined;
}

function mirrorHash(document: StaticPodDocument): string {
  return document.hash.replace(/[^A-Za-z0-9._-]/g, '').slice(0, MAX_HASH) || 'none';
}

function labelsOf(document: StaticPodDocument, settings: MirrorSettings): Record<string, string> {
  const kept = Object.entries(document.labels).filter(([key, value]) => {
    const name = key.slice(key.indexOf('/') + 1);
    return (
      name !== '' && LABEL.test(name) && LABEL.test(value) && isAllowedLabel(key, settings.labels)
    );
  });
  return Object.fromEntries(kept.slice(0, MAX_LABELS));
}

function containerOf(container: ContainerDocument): Record<string, unknown> {
  const { limits, user, group } = container;
  const resources = {
    ...(limits?.cpuMilli === undefined ? {} : { cpu: cpuQuantity(limits.cpuMilli) }),
    ...(limits?.memoryBytes === undefined ? {} : { memory: bytesQuantity(limits.memoryBytes) }),
  };
  return {
    name: container.name,
    image: container.image,
    ...(container.command === undefined ? {} : { command: container.command }),
    ...(container.args === undefined ? {} : { args: container.args }),
    ...(container.env === undefined
      ? {}
      : { env: container.env.map(([name, value]) => ({ name, value })) }),
    ...(container.workingDir === undefined ? {} : { workingDir: container.workingDir }),
    ...(Object.keys(resources).length === 0 ? {} : { resources: { limits: resources } }),
    ...(user === undefined && group === undefined
      ? {}
      : {
          securityContext: {
            ...(user === undefined ? {} : { runAsUser: user }),
            ...(group === undefined ? {} : { runAsGroup: group }),
          },
        }),
  };
}

export interface MirrorNode {
  readonly name: string;
  readonly uid: string;
}

/** As the kubelet makes them (NodeRestriction holds mirror pods to it): one owner, the Node; no service account. */
export function mirrorPod(
  name: string,
  document: StaticPodDocument,
  node: MirrorNode,
  settings: MirrorSettings,
  nowMs: number,
): KubeObject {
  const [namespace = '', pod = ''] = name.split('/');
  const hash = mirrorHash(document);
  const { pod: spec } = document;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod,
      namespace,
      labels: labelsOf(document, settings),
      annotations: {
        [MIRROR_ANNOTATION]: hash,
        [HASH_ANNOTATION]: hash,
        'kubernetes.io/config.source': 'file',
        'kubernetes.io/config.seen': timestamp(nowMs),
      },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true },
      ],
    },
    spec: {
      nodeName: node.name,
      runtimeClassName: `boardlet-${spec.runtime}`,
      restartPolicy: spec.restart,
      terminationGracePeriodSeconds: spec.graceS,
      enableServiceLinks: false,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      containers: spec.containers.map(containerOf),
      ...(spec.initContainers === undefined || spec.initContainers.length === 0
        ? {}
        : { initContainers: spec.initContainers.map(containerOf) }),
    },
  };
}

export type MirrorState = 'absent' | 'same' | 'stale' | 'foreign';

/** How the Pod of that name stands to the static pod: `foreign` is somebody else's and is left alone. */
export function mirrorState(
  present: KubeObject | undefined,
  document: StaticPodDocument,
  node: MirrorNode,
): MirrorState {
  if (present === undefined) return 'absent';
  if (!isOurMirror(present, node.name)) return 'foreign';
  const owner = present.metadata.ownerReferences?.[0]?.uid;
  const same =
    present.metadata.annotations?.[HASH_ANNOTATION] === mirrorHash(document) &&
    (owner === undefined || owner === node.uid);
  return same && present.metadata.deletionTimestamp === undefined ? 'same' : 'stale';
}

export function isOurMirror(pod: KubeObject, node: string): boolean {
  return isMirror(pod) && specOf(pod).nodeName === node && podKey(pod).endsWith(`-${node}`);
}
