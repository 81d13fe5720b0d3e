/** Restart policies, as the kubelet reads them. */
import type { RestartPolicy } from '@boardlet/adapters/wire';
import type { ContainerRecord } from './pod-state.ts';

/** An init container under Always restarts only when it failed: its success is what the pod waits for. */
export function shouldRestart(record: ContainerRecord, policy: RestartPolicy): boolean {
  if (record.work.is !== 'exited') return false;
  if (record.changed) return true;
  const failed = record.work.exit.exitCode !== 0;
  if (policy === 'Never') return false;
  return policy === 'Always' && !record.init ? true : failed;
}

/** It ended and will not start again. */
export const isOver = (record: ContainerRecord, policy: RestartPolicy): boolean =>
  record.work.is === 'exited' && !shouldRestart(record, policy);
