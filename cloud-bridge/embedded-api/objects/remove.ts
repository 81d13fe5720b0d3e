import type { Clock } from '../contract.ts';
import { badRequest, conflict, forbiddenFor, notFound } from '../fault.ts';
import { at, child, clone, isObject, type Json, type JsonObject, list, num, str } from '../json.ts';
import { NAMESPACES, NODES, PODS } from '../kinds.ts';
import type { Entry } from '../store/entry.ts';
import type { Store } from '../store/store.ts';
import { timestamp } from '../timestamp.ts';
import type { ObjectRequest } from './request.ts';

export interface DeleteOptions {
  readonly graceS: number | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly propagation: string;
  readonly dryRun: boolean;
}

/** Namespaces that every client takes for granted. */
export const SYSTEM_NAMESPACES: readonly string[] = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'boardlet-system',
];
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Reads DeleteOptions from the body and the query (the body wins). Throws 400. */
export function readDeleteOptions(body: Json | undefined, query: URLSearchParams): DeleteOptions {
  if (body !== undefined && body !== null && !isObject(body)) {
    throw badRequest('DeleteOptions must be an object');
  }
  const graceText = query.get('gracePeriodSeconds');
  const grace =
    at(body, 'gracePeriodSeconds') ?? (graceText === null ? undefined : Number(graceText));
  if (grace !== undefined && grace !== null && !(Number.isInteger(grace) && Number(grace) >= 0)) {
    throw badRequest('gracePeriodSeconds must be a whole number of seconds, 0 or more');
  }
  const propagation = str(body, 'propagationPolicy') || (query.get('propagationPolicy') ?? '');
  if (!['', 'Background', 'Foreground', 'Orphan'].includes(propagation)) {
    throw badRequest(
      `invalid propagationPolicy "${propagation.slice(0, 50)}": Background, Foreground or Orphan`,
    );
  }
  const orphan = at(body, 'orphanDependents') === true;
  return {
    graceS: typeof grace === 'number' ? grace : undefined,
    uid: str(body, 'preconditions', 'uid'),
    resourceVersion: str(body, 'preconditions', 'resourceVersion'),
    propagation: propagation === '' && orphan ? 'Orphan' : propagation,
    dryRun: list(body, 'dryRun').includes('All') || query.get('dryRun') === 'All',
  };
}

export interface Removal {
  /** False when the object stays for now, terminating. */
  readonly gone: boolean;
  readonly entry: Entry;
}

export class Remover {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Throws faults 403, 404, 409, 507. */
  async remove(request: ObjectRequest, options: DeleteOptions): Promise<Removal> {
    const { type, namespace, name } = request;
    const entry = this.#store.head(type.storage, namespace, name);
    if (entry === undefined) throw notFound(type, name);
    this.#checkPreconditions(request, entry, options);
    if (type.storage === NAMESPACES.storage && SYSTEM_NAMESPACES.includes(name)) {
      throw forbiddenFor(type, name, 'this namespace may not be deleted');
    }
    const graceS = type.storage === PODS.storage ? this.#podGraceS(entry, options) : 0;
    const finalizers = this.#finalizers(entry, options);
    const dryRun = request.dryRun || options.dryRun;
    if (graceS === 0 && finalizers.length === 0 && type.storage !== NAMESPACES.storage) {
      if (dryRun) return { gone: true, entry };
      return { gone: true, entry: await this.#store.remove(entry) };
    }
    const object = this.#terminating(entry, graceS, finalizers);
    if (object === undefined) return { gone: false, entry };
    if (dryRun) return { gone: false, entry: { ...entry, object, json: JSON.stringify(object) } };
    return { gone: false, entry: await this.#store.put(type.storage, namespace, name, object) };
  }

  #checkPreconditions(request: ObjectRequest, entry: Entry, options: DeleteOptions): void {
    const uid = str(entry.object, 'metadata', 'uid');
    if (options.uid !== '' && options.uid !== uid) {
      throw conflict(
        request.type,
        entry.name,
        `Precondition failed: UID in precondition: ${options.uid.slice(0, 64)}, UID in object meta: ${uid}`,
      );
    }
    if (options.resourceVersion !== '' && options.resourceVersion !== String(entry.revision)) {
      throw conflict(
        request.type,
        entry.name,
        `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion.slice(0, 32)}, ResourceVersion in object meta: ${entry.revision}`,
      );
    }
  }

  /** As pkg/registry/core/pod CheckGracefulDelete: no grace for pods that no node runs. */
  #podGraceS(entry: Entry, options: DeleteOptions): number {
    const pod = entry.object;
    const node = str(pod, 'spec', 'nodeName');
    if (node === '' || this.#store.head(NODES.storage, '', node) === undefined) return 0;
    if (/^(Succeeded|Failed)$/.test(str(pod, 'status', 'phase'))) return 0;
    const wanted = options.graceS ?? num(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30;
    const before = num(pod, 'metadata', 'deletionGracePeriodSeconds');
    return before === undefined ? wanted : Math.min(before, wanted);
  }

  #finalizers(entry: Entry, options: DeleteOptions): Json[] {
    const present = list(entry.object, 'metadata', 'finalizers').filter(
      (finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN,
    );
    if (options.propagation === 'Foreground') return [...present, FOREGROUND];
    if (options.propagation === 'Orphan') return [...present, ORPHAN];
    return [...present];
  }

  /** The object marked as terminating, or undefined when it is so already. */
  #terminating(entry: Entry, graceS: number, finalizers: Json[]): JsonObject | undefined {
    const object = clone(entry.object);
    const metadata = child(object, 'metadata');
    const before = num(metadata, 'deletionGracePeriodSeconds');
    const known = list(metadata, 'finalizers').length;
    if (before !== undefined && before <= graceS && known === finalizers.length) return undefined;
    metadata['deletionTimestamp'] = timestamp(this.#clock.now() + graceS * 1000);
    metadata['deletionGracePeriodSeconds'] = graceS;
    if (finalizers.length > 0) metadata['finalizers'] = finalizers;
    if (entry.storage === NAMESPACES.storage) child(object, 'status')['phase'] = 'Terminating';
    const generation = num(metadata, 'generation');
    if (generation !== undefined) metadata['generation'] = generation + 1;
    return object;
  }
}
