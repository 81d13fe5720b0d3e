/** Containers that an earlier agent process started, sorted to the pods that they belong to. */
import type { ContainerDocument, PodDocument, PodStatusDocument } from '@boardlet/adapters/wire';
import type { ContainerRef } from '../runtime.ts';
import { type ContainerRecord, type Now, newPod, type PodState } from './pod-state.ts';

/** Highest attempt of each container. */
function latest(refs: readonly ContainerRef[]): ReadonlyMap<string, number> {
  const attempts = new Map<string, number>();
  for (const ref of refs)
    attempts.set(ref.container, Math.max(ref.attempt, attempts.get(ref.container) ?? 0));
  return attempts;
}

/** A pod as it was left: its found containers count as starting until their state is heard. */
export function resumePod(
  name: string,
  spec: PodDocument,
  refs: readonly ContainerRef[],
  reported: PodStatusDocument | undefined,
  now: Now,
): PodState {
  const attempts = latest(refs);
  const fresh = newPod(name, spec, now);
  const containers = fresh.containers.map((record): ContainerRecord => {
    const attempt = attempts.get(record.spec.name);
    return attempt === undefined
      ? record
      : { ...record, attempt, work: { is: 'starting', found: true } };
  });
  if (reported?.uid !== spec.uid) return { ...fresh, containers };
  const startedAt = reported.startedAt ?? fresh.startedAt;
  const { phase } = reported;
  if (phase !== 'Succeeded' && phase !== 'Failed') return { ...fresh, containers, startedAt };
  const verdict = {
    phase,
    ...(reported.reason === undefined ? {} : { reason: reported.reason }),
    ...(reported.message === undefined ? {} : { message: reported.message }),
  };
  const kept = refs.length === 0 ? { kept: reported } : {};
  return { ...fresh, containers, startedAt, verdict, ...kept };
}

/** A pod that nobody wants any more, known only by its containers. */
export function orphanPod(runtime: string, refs: readonly ContainerRef[], now: Now): PodState {
  const name = refs[0]?.pod ?? '';
  const uid = refs[0]?.uid ?? '';
  const containers = [...latest(refs).keys()].map(
    (container): ContainerDocument => ({ name: container, image: '' }),
  );
  return resumePod(
    name,
    { uid, runtime, graceS: 0, restart: 'Never', containers },
    refs,
    undefined,
    now,
  );
}
