/** A Pod bound to a board → the document that the board gets, or why it gets none. Pure. */
import {
  type ContainerDocument,
  encodeDocument,
  type PodDocument,
  type RestartPolicy,
} from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/index.ts';
import { parseQuantity } from '../../kube/quantity.ts';
import {
  type ContainerSpec,
  type EnvVar,
  type PodSpec,
  podKey,
  type SecurityContext,
  specOf,
} from './spec.ts';
import { unsupportedFields } from './unsupported.ts';

/** A reason in the kubelet's manner (pod admission) and a message that names the field. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}
export type Translation =
  | { readonly ok: true; readonly document: PodDocument; readonly body: Uint8Array }
  | { readonly ok: false; readonly refusal: Refusal };

const RUNTIME_CLASS = /^boardlet-(process|wasm|oci|task)$/;
const DEFAULT_GRACE_S = 30;
const MAX_NAMED = 5;

function refuse(reason: string, message: string): Translation {
  return { ok: false, refusal: { reason, message } };
}

function fieldValue(pod: KubeObject, path: string): string {
  const { name, namespace = 'default', uid = '' } = pod.metadata;
  const { nodeName = '', serviceAccountName = '' } = specOf(pod);
  const values: Readonly<Record<string, string>> = {
    'metadata.name': name,
    'metadata.namespace': namespace,
    'metadata.uid': uid,
    'spec.nodeName': nodeName,
    'spec.serviceAccountName': serviceAccountName,
  };
  return values[path] ?? '';
}

/** References (`$(NAME)`) stay as written: the board expands them, as it must for static pods. */
function environment(pod: KubeObject, env: readonly EnvVar[]): [string, string][] {
  return env.map(({ name, value = '', valueFrom }) => {
    const field = valueFrom?.fieldRef?.fieldPath;
    return [name, field === undefined ? value : fieldValue(pod, field)];
  });
}

function limitsOf(container: ContainerSpec): ContainerDocument['limits'] {
  const { cpu, memory } = container.resources?.limits ?? {};
  const cores = cpu === undefined ? undefined : parseQuantity(cpu);
  const bytes = memory === undefined ? undefined : parseQuantity(memory);
  if (cores === undefined && bytes === undefined) return undefined;
  return {
    ...(cores === undefined ? {} : { cpuMilli: Math.ceil(cores * 1000) }),
    ...(bytes === undefined ? {} : { memoryBytes: Math.ceil(bytes) }),
  };
}

function containerOf(
  pod: KubeObject,
  container: ContainerSpec,
  shared: SecurityContext | undefined,
): ContainerDocument {
  const env = environment(pod, container.env ?? []);
  const own = container.securityContext;
  const user = own?.runAsUser ?? shared?.runAsUser;
  const group = own?.runAsGroup ?? shared?.runAsGroup;
  const limits = limitsOf(container);
  const words = (list: readonly string[] | undefined): readonly string[] | undefined =>
    list === undefined || list.length === 0 ? undefined : list;
  const command = words(container.command);
  const args = words(container.args);
  return {
    name: container.name,
    image: container.image ?? '',
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    ...(env.length === 0 ? {} : { env }),
    ...(limits === undefined ? {} : { limits }),
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
  };
}

/** kubelet: CreateContainerConfigError, when a container must not run as root and would. Who runs a container that names no
 * user is the board's own policy, which the bridge does not know. */
function rootContainer(spec: PodSpec): string | undefined {
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return all.find(({ securityContext: own }) => {
    const nonRoot = own?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot;
    const user = own?.runAsUser ?? spec.securityContext?.runAsUser ?? 0;
    return nonRoot === true && user === 0;
  })?.name;
}

function refusalOf(spec: PodSpec): Translation | undefined {
  const runtimeClass = spec.runtimeClassName ?? '';
  if (!RUNTIME_CLASS.test(runtimeClass))
    return refuse(
      'RuntimeClassRequired',
      `spec.runtimeClassName: ${runtimeClass === '' ? 'missing' : runtimeClass}; a board takes boardlet-process, boardlet-wasm, boardlet-oci or boardlet-task`,
    );
  const unsupported = unsupportedFields(spec);
  if (unsupported.length > 0) {
    const named = unsupported
      .slice(0, MAX_NAMED)
      .map(({ path, why }) => (why === undefined ? path : `${path} (${why})`));
    const more = unsupported.length - named.length;
    const list = named.join(', ') + (more > 0 ? ` and ${more} more` : '');
    return refuse('PodFeatureUnsupported', `not supported on boards: ${list}`);
  }
  const root = rootContainer(spec);
  if (root !== undefined)
    return refuse(
      'UnexpectedAdmissionError',
      `container ${root}: runAsNonRoot is set, so runAsUser must name a user other than 0`,
    );
  return undefined;
}

export interface DesiredOptions {
  /** Seconds within which the board shall stop the pod, though nobody deletes it: the API says that it has ended. */
  readonly stopGraceS?: number;
}

/** A Pod → its document; `ok: false` for what no board can run as it is asked to. */
export function translatePod(pod: KubeObject, options: DesiredOptions = {}): Translation {
  const spec = specOf(pod);
  const refused = refusalOf(spec);
  if (refused !== undefined) return refused;
  const graceS = spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S;
  const { uid = '', deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const stopGraceS =
    deletionTimestamp === undefined ? options.stopGraceS : (deletionGracePeriodSeconds ?? graceS);
  const init = (spec.initContainers ?? []).map((c) => containerOf(pod, c, spec.securityContext));
  const document: PodDocument = {
    uid,
    runtime: (spec.runtimeClassName ?? '').replace('boardlet-', ''),
    graceS,
    restart: (spec.restartPolicy ?? 'Always') as RestartPolicy,
    containers: (spec.containers ?? []).map((c) => containerOf(pod, c, spec.securityContext)),
    ...(init.length === 0 ? {} : { initContainers: init }),
    ...(stopGraceS === undefined ? {} : { stopGraceS }),
  };
  try {
    return { ok: true, document, body: encodeDocument('pod', document) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse('UnexpectedAdmissionError', `${podKey(pod)} cannot be sent to a board: ${why}`);
  }
}
