/** Whether this board takes a pod at all. A refusal is the pod's last word: phase Failed, as when a kubelet rejects a pod. */
import type { PodDocument } from '@boardlet/adapters/wire';
import type { Runtime } from '../runtime.ts';
import { expandContainer } from './expand.ts';

export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

export interface PodPolicy {
  /** Undefined: allowed. Else the rule of the board's policy that forbids the pod, named in the message. */
  readonly check: (pod: string, spec: PodDocument) => Refusal | undefined;
}

const POD_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const CONTAINER_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const UID = /^[A-Za-z0-9]([-A-Za-z0-9]{0,62}[A-Za-z0-9])?$/;

/** Names become folders and file names on the board, so what Kubernetes promises of them is checked again (RFC 1123 labels). */
function wellFormed(pod: string, spec: PodDocument): Refusal | undefined {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const names = containers.map((c) => c.name);
  const bad = (message: string): Refusal => ({ reason: 'InvalidPod', message });
  if (!POD_NAME.test(pod)) return bad('the name of the pod is not <namespace>/<name>');
  if (!UID.test(spec.uid)) return bad('the uid of the pod is not of letters, digits and dashes');
  if (spec.containers.length === 0) return bad('the pod has no container');
  if (!names.every((name) => CONTAINER_NAME.test(name)))
    return bad('the name of a container is not an RFC 1123 label');
  if (new Set(names).size !== names.length) return bad('two containers have the same name');
  return undefined;
}

/** The policy sees what will be executed, not what the manifest wrote for it. */
const expandPod = (spec: PodDocument): PodDocument => ({
  ...spec,
  containers: spec.containers.map(expandContainer),
  ...(spec.initContainers === undefined
    ? {}
    : { initContainers: spec.initContainers.map(expandContainer) }),
});

/** Undefined when the pod may run. */
export function admit(
  pod: string,
  spec: PodDocument,
  runtimes: ReadonlyMap<string, Runtime>,
  policy: PodPolicy,
): Refusal | undefined {
  const malformed = wellFormed(pod, spec);
  if (malformed !== undefined) return malformed;
  const runtime = runtimes.get(spec.runtime);
  if (runtime === undefined) {
    const known = [...runtimes.keys()].sort().join(', ') || 'none';
    return {
      reason: 'UnknownRuntime',
      message: `this board has no runtime "${spec.runtime}"; it has: ${known}`,
    };
  }
  const expanded = expandPod(spec);
  return policy.check(pod, runtime.canonical?.(expanded) ?? expanded) ?? runtime.admit(pod, spec);
}
