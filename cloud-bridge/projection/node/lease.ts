/** The Lease by which the cluster knows that a board lives. */
import { type KubeObject, microTime } from '../../kube/index.ts';
import type { Write } from '../contract.ts';

export const LEASE_NAMESPACE = 'kube-node-lease';
/** As the kubelet's; the controller looks at renewTime only. */
const LEASE_DURATION_S = 40;

export function leaseWrite(
  present: KubeObject | undefined,
  node: { readonly name: string; readonly uid: string },
  nowMs: number,
): Write {
  const renewed = {
    holderIdentity: node.name,
    leaseDurationSeconds: LEASE_DURATION_S,
    renewTime: microTime(nowMs),
  };
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid }];
  if (present === undefined) {
    const metadata = { name: node.name, namespace: LEASE_NAMESPACE, ownerReferences };
    return {
      op: 'create',
      object: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: renewed },
    };
  }
  const spec = { ...(present['spec'] as Record<string, unknown> | undefined), ...renewed };
  const metadata = { ...present.metadata, ownerReferences };
  return { op: 'replace', object: { ...present, metadata, spec } };
}
