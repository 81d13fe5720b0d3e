/** A Lease as the bridge renews it. */
import type { KubeObject } from '@boardlet/cloud-bridge/kube';

export function lease(name: string): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'default' },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: 50,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    },
  };
}
