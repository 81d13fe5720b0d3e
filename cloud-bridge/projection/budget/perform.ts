/** One job against the API: built on the newest known state, again on the present one after each conflict. */
import {
  isKubeError,
  type KubeClient,
  KubeError,
  type KubeErrorShape,
  type KubeObject,
} from '../../kube/index.ts';
import type { Write, WriteJob } from '../contract.ts';
import { isSuperseded, stampObject, stampPatch } from './stamp.ts';

/** Lost races in a row before a job makes way for others. */
const CONFLICT_TRIES = 5;

export interface Performer {
  readonly client: KubeClient;
  /** Of this bridge; empty: it owns nothing and may not write. Undefined: ownership is not used. */
  readonly term: () => string | undefined;
  /** A read begun after the call. */
  readonly isHolder: () => Promise<boolean>;
}

export type Outcome =
  | { readonly kind: 'done'; readonly object: KubeObject | undefined; readonly writes: number }
  /** Another bridge owns the object: not ours to write. */
  | { readonly kind: 'deposed' }
  | { readonly kind: 'failed'; readonly error: KubeErrorShape };

function isLostRace(error: unknown): boolean {
  return (
    isKubeError(error, 'BL_KUBE_CONFLICT') ||
    isKubeError(error, 'BL_KUBE_ALREADY_EXISTS') ||
    isKubeError(error, 'BL_KUBE_NOT_FOUND')
  );
}

async function read(performer: Performer, job: WriteJob): Promise<KubeObject | undefined> {
  try {
    return await performer.client.get(job.resource, job.namespace, job.name);
  } catch (error) {
    if (isKubeError(error, 'BL_KUBE_NOT_FOUND')) return undefined;
    throw error;
  }
}

async function send(
  client: KubeClient,
  job: WriteJob,
  write: Write,
  current: KubeObject | undefined,
  term: string | undefined,
): Promise<KubeObject | undefined> {
  const options = { retry: false };
  if (write.op === 'create') {
    const object = write.stamp === false ? write.object : stampObject(write.object, term);
    return await client.create(job.resource, object, options);
  }
  if (write.op === 'delete') {
    const { uid, graceS } = write;
    await client.remove(job.resource, job.namespace, job.name, { uid, graceS });
    return undefined;
  }
  if (current === undefined)
    throw new KubeError('BL_KUBE_NOT_FOUND', `${job.name}: nothing there to change`);
  const door = write.subresource === undefined ? {} : { subresource: write.subresource };
  if (write.op === 'replace') {
    const object = stampObject(write.object, term);
    object.metadata.resourceVersion = current.metadata.resourceVersion ?? '';
    return await client.replace(job.resource, object, { ...options, ...door });
  }
  const body = stampPatch(write.body, current, term);
  const { resource, namespace, name } = job;
  return await client.patch(resource, namespace, name, write.type, body, { ...options, ...door });
}

function listOf(built: Write | readonly Write[] | undefined): readonly Write[] {
  if (built === undefined) return [];
  return Array.isArray(built) ? built : [built as Write];
}

async function attempt(
  performer: Performer,
  job: WriteJob,
  start: KubeObject | undefined,
): Promise<Outcome> {
  let current = start;
  const term = performer.term();
  if (term === '') return { kind: 'deposed' };
  if (term !== undefined && isSuperseded(current, term) && !(await performer.isHolder()))
    return { kind: 'deposed' };
  const writes = listOf(job.build(current));
  for (const write of writes) current = await send(performer.client, job, write, current, term);
  return { kind: 'done', object: current, writes: writes.length };
}

/** `start` is the newest state known without asking. */
export async function perform(
  performer: Performer,
  job: WriteJob,
  start: KubeObject | undefined,
): Promise<Outcome> {
  let current = start;
  try {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(performer, job, current);
      } catch (error) {
        if (!isLostRace(error) || tries >= CONFLICT_TRIES) throw error;
        current = await read(performer, job);
      }
    }
  } catch (error) {
    if (isKubeError(error)) return { kind: 'failed', error };
    const bug = new KubeError('BL_KUBE_BUILD', String(error), { cause: error });
    return { kind: 'failed', error: bug };
  }
}
