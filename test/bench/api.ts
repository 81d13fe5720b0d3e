/** The embedded API as a process of its own, over TLS: Lease PUTs of the thin client, 64 in flight. */
import { createKubeClient, type KubeObject, LEASES } from '@boardlet/cloud-bridge/kube';
import type { Bench } from './figure.ts';
import { CONCURRENCY, rate } from './lanes.ts';
import { lease } from './lease.ts';

export const apiBench: Bench = {
  name: 'api',
  run: async ({ quick, rig: open }) => {
    const { stack } = await open();
    const client = createKubeClient({ kubeconfig: stack.kubeconfig, connections: CONCURRENCY });
    try {
      const last: KubeObject[] = [];
      for (let i = 0; i < CONCURRENCY; i++)
        last.push(await client.create(LEASES, lease(`lane-${i}`)));
      const renew = async (lane: number): Promise<void> => {
        const { metadata } = last[lane] ?? lease(`lane-${lane}`);
        const { spec } = lease(metadata.name) as KubeObject & { readonly spec: unknown };
        last[lane] = await client.replace(LEASES, { ...lease(metadata.name), metadata, spec });
      };
      await rate(quick ? 300 : 2_000, renew);
      const { perSecond } = await rate(quick ? 1_000 : 5_000, renew);
      for (const { metadata } of last) await client.remove(LEASES, 'default', metadata.name);
      return [{ bench: 'api', name: 'api.put_per_s', value: perSecond, unit: '1/s' }];
    } finally {
      await client.close();
    }
  },
};
