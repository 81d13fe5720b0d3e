/** Rule R4: every object that a bridge writes says under which term, and is written only over the state that was seen. */
import type { KubeObject, ObjectMeta } from '../../kube/index.ts';
import { compareRevisions } from '../../kube/index.ts';

/** resourceVersion of the writer's Lease acquisition. */
export const TERM_ANNOTATION = 'boardlet.dev/term';

export function termOf(object: KubeObject | undefined): string {
  const term = object?.metadata.annotations?.[TERM_ANNOTATION] ?? '';
  // Anyone who may write the object may write the annotation: only a number counts.
  return /^\d{1,20}$/.test(term) ? term : '';
}

/** True when a bridge of a later term wrote the object. */
export function isSuperseded(object: KubeObject | undefined, term: string): boolean {
  return compareRevisions(termOf(object), term) > 0;
}

function withTerm(meta: Partial<ObjectMeta>, term: string | undefined): Partial<ObjectMeta> {
  if (term === undefined) return meta;
  return { ...meta, annotations: { ...meta.annotations, [TERM_ANNOTATION]: term } };
}

export function stampObject(object: KubeObject, term: string | undefined): KubeObject {
  const metadata = { ...object.metadata, ...withTerm(object.metadata, term) };
  return { ...object, metadata };
}

/** A patch body with precondition and term. */
export function stampPatch(
  body: Readonly<Record<string, unknown>>,
  current: KubeObject,
  term: string | undefined,
): Record<string, unknown> {
  const own = (body['metadata'] ?? {}) as Partial<ObjectMeta>;
  const { resourceVersion } = current.metadata;
  const metadata = {
    ...withTerm(own, term),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return { ...body, metadata };
}
