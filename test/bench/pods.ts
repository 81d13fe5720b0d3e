/** Pods of the bench: a program of the host, on the stack's own board. */
import { type KubeObject, PODS } from '@boardlet/cloud-bridge/kube';
import { nowMs } from './clock.ts';
import type { Rig } from './rig.ts';

const DEADLINE_MS = 20_000;

export function sleeper(name: string, node: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      runtimeClassName: 'boardlet-process',
      terminationGracePeriodSeconds: 1,
      nodeSelector: { 'kubernetes.io/hostname': node },
      containers: [
        { name: 'main', image: 'boardlet.dev/host', command: ['/bin/sleep', '1000000'] },
      ],
    },
  };
}

const isRunning = (pod: KubeObject | undefined): boolean =>
  (pod?.['status'] as { readonly phase?: string } | undefined)?.phase === 'Running';

/** POST → Running as a watch sees it, ms. */
export async function startPod(rig: Rig, name: string): Promise<number> {
  const pods = await rig.watch(PODS);
  const running = pods.until(`${name} runs`, name, isRunning, DEADLINE_MS);
  const startMs = nowMs();
  await rig.client.create(PODS, sleeper(name, rig.stack.node));
  return (await running).atMs - startMs;
}

/** Graceful; resolves when the object is gone. */
export async function stopPod(rig: Rig, name: string): Promise<void> {
  const pods = await rig.watch(PODS);
  await rig.client.remove(PODS, 'default', name);
  await pods.until(`${name} is gone`, name, (pod) => pod === undefined, DEADLINE_MS);
}

/** Starts and stops `count` pods, `atOnce` side by side. */
export async function churn(
  rig: Rig,
  prefix: string,
  count: number,
  atOnce: number,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const name = `${prefix}-${next++}`;
      await startPod(rig, name);
      await stopPod(rig, name);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
