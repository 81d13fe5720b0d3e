import { randomUUID } from 'node:crypto';
import type { Clock } from '../contract.ts';
import {
  alreadyExists,
  badRequest,
  type Cause,
  conflict,
  forbiddenFor,
  invalid,
  invalidValue,
  modified,
  notFound,
} from '../fault.ts';
import {
  at,
  child,
  clone,
  equal,
  isObject,
  type Json,
  type JsonObject,
  list,
  num,
  str,
} from '../json.ts';
import { NAMESPACES } from '../kinds.ts';
import type { Entry } from '../store/entry.ts';
import type { Store } from '../store/store.ts';
import { strategyOf } from '../strategy/index.ts';
import type { Strategy, StrategyEnvironment } from '../strategy/strategy.ts';
import { timestamp } from '../timestamp.ts';
import { decodeObject, viewOf } from './decode.ts';
import { generatedName } from './generated-name.ts';
import { keepSystemMetadata, metadataCauses, metadataUpdateCauses } from './metadata.ts';
import type { ObjectRequest } from './request.ts';

export interface WriteEnvironment {
  readonly store: Store;
  readonly clock: Clock;
}

/** Turns the current object into the wanted one; runs in the same turn as the write. */
export type Change = (current: JsonObject) => Json;

/** Create and update, with everything between a body and the store. */
export class Writer {
  readonly #env: WriteEnvironment;

  constructor(env: WriteEnvironment) {
    this.#env = env;
  }

  /** Throws faults 400, 403, 404, 409, 413, 422, 507. */
  async create(request: ObjectRequest, body: Json): Promise<Entry> {
    const { type, namespace } = request;
    const object = decodeObject(request, body);
    this.#adoptNamespace(request, object);
    const metadata = child(object, 'metadata');
    if (str(metadata, 'resourceVersion') !== '') {
      throw badRequest('resourceVersion should not be set on objects to be created');
    }
    if (request.name !== '' && str(metadata, 'name') === '') metadata['name'] = request.name;
    const env = this.#strategyEnv(request);
    const strategy = strategyOf(type);
    this.#stamp(metadata, env.nowMs, strategy);
    if (type.hasStatus && strategy.keepsStatusOnCreate !== true) delete object['status'];
    strategy.defaults?.(object, env);
    this.#checkNamespace(request);
    strategy.admit?.(object, env);
    const name = str(metadata, 'name');
    this.#refuse(request, name, [
      ...metadataCauses(type, object),
      ...(strategy.causes?.(object, env) ?? []),
    ]);
    if (this.#env.store.head(type.storage, namespace, name) !== undefined) {
      throw alreadyExists(type, name);
    }
    return await this.#store(request, name, object);
  }

  /** Replaces the object, or its status. Throws faults as `create`. */
  update(request: ObjectRequest, body: Json): Promise<Entry> {
    return this.change(request, () => body);
  }

  /** Read, change and write in one turn: no other write comes between. */
  async change(request: ObjectRequest, change: Change): Promise<Entry> {
    const { type, namespace, name } = request;
    const entry = this.#env.store.head(type.storage, namespace, name);
    if (entry === undefined) throw notFound(type, name);
    const body = change(viewOf(type, entry.object));
    const next = decodeObject(request, body);
    this.#adoptNamespace(request, next);
    const env = this.#strategyEnv(request);
    const strategy = strategyOf(type);
    this.#checkVersion(request, entry, next, strategy);
    this.#separate(request, next, entry.object);
    keepSystemMetadata(next, entry.object);
    if (request.subresource === '') {
      strategy.defaults?.(next, env);
    }
    strategy.prepareUpdate?.(next, entry.object, env);
    this.#refuse(request, name, [
      ...metadataCauses(type, next),
      ...metadataUpdateCauses(next, entry.object),
      ...(strategy.causes?.(next, env) ?? []),
      ...(request.subresource === '' ? (strategy.updateCauses?.(next, entry.object) ?? []) : []),
    ]);
    if (strategy.generation === true) bumpGeneration(next, entry.object, type.hasStatus);
    if (equal(next, entry.object)) return entry;
    if (mayGo(next)) return await this.#finish(request, entry, next);
    return await this.#store(request, name, next);
  }

  #strategyEnv(request: ObjectRequest): StrategyEnvironment {
    return {
      type: request.type,
      store: this.#env.store,
      nowMs: this.#env.clock.now(),
      warnings: request.warnings,
    };
  }

  #stamp(metadata: JsonObject, nowMs: number, strategy: Strategy): void {
    for (const key of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation']) {
      delete metadata[key];
    }
    metadata['uid'] = randomUUID();
    metadata['creationTimestamp'] = timestamp(nowMs);
    if (strategy.generation === true) metadata['generation'] = 1;
    const prefix = str(metadata, 'generateName');
    if (str(metadata, 'name') === '' && prefix !== '') metadata['name'] = generatedName(prefix);
  }

  #adoptNamespace(request: ObjectRequest, object: JsonObject): void {
    const metadata = child(object, 'metadata');
    const given = str(metadata, 'namespace');
    if (request.type.namespaced) {
      if (given !== '' && given !== request.namespace) {
        throw badRequest(
          `the namespace of the provided object does not match the namespace sent on the request`,
        );
      }
      metadata['namespace'] = request.namespace;
    } else delete metadata['namespace'];
    const name = str(metadata, 'name');
    if (request.name !== '' && name !== '' && name !== request.name) {
      throw badRequest(
        `the name of the object (${name.slice(0, 253)}) does not match the name on the URL (${request.name})`,
      );
    }
  }

  #checkNamespace(request: ObjectRequest): void {
    const { type, namespace, name } = request;
    if (!type.namespaced) return;
    const home = this.#env.store.head(NAMESPACES.storage, '', namespace);
    if (home === undefined) throw notFound(NAMESPACES, namespace);
    if (str(home.object, 'metadata', 'deletionTimestamp') !== '') {
      throw forbiddenFor(
        type,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      );
    }
  }

  #refuse(request: ObjectRequest, name: string, causes: readonly Cause[]): void {
    if (causes.length > 0) throw invalid(request.type, name, causes);
  }

  #checkVersion(request: ObjectRequest, entry: Entry, next: JsonObject, strategy: Strategy): void {
    const { type, name } = request;
    const version = str(next, 'metadata', 'resourceVersion');
    if (version === '' || version === '0') {
      if (strategy.unconditional === false) {
        throw invalid(type, name, [
          invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
        ]);
      }
    } else if (version !== String(entry.revision)) throw modified(type, name);
    const uid = str(next, 'metadata', 'uid');
    const found = str(entry.object, 'metadata', 'uid');
    if (uid !== '' && uid !== found) {
      throw conflict(
        type,
        name,
        `Precondition failed: UID in precondition: ${uid.slice(0, 64)}, UID in object meta: ${found}`,
      );
    }
  }

  /** The main resource does not touch status, the status subresource nothing else (API conventions, "Spec and Status"). */
  #separate(request: ObjectRequest, next: JsonObject, current: JsonObject): void {
    if (!request.type.hasStatus) return;
    if (request.subresource === '') {
      if (current['status'] === undefined) delete next['status'];
      else next['status'] = clone(current['status']);
      return;
    }
    const metadata = next['metadata'];
    const status = next['status'];
    for (const key of Object.keys(next)) delete next[key];
    Object.assign(next, clone(current));
    if (status === undefined) delete next['status'];
    else next['status'] = status;
    if (!request.type.custom && isObject(metadata)) {
      const owners = at(current, 'metadata', 'ownerReferences');
      next['metadata'] =
        owners === undefined ? metadata : { ...metadata, ownerReferences: clone(owners) };
    }
  }

  async #store(request: ObjectRequest, name: string, object: JsonObject): Promise<Entry> {
    if (request.dryRun) return unstored(request, name, object);
    return await this.#env.store.put(request.type.storage, request.namespace, name, object);
  }

  /** The last finalizer of a terminating object went: so does the object. */
  async #finish(request: ObjectRequest, entry: Entry, next: JsonObject): Promise<Entry> {
    if (request.dryRun) return unstored(request, entry.name, next);
    return await this.#env.store.remove({ ...entry, object: next });
  }
}

/** What a dry run answers with. */
function unstored({ type, namespace }: ObjectRequest, name: string, object: JsonObject): Entry {
  const json = JSON.stringify(object);
  return { storage: type.storage, namespace, name, revision: 0, object, json };
}

/** True for a terminating object that nothing holds any more. */
function mayGo(object: JsonObject): boolean {
  return (
    str(object, 'metadata', 'deletionTimestamp') !== '' &&
    list(object, 'metadata', 'finalizers').length === 0 &&
    list(object, 'spec', 'finalizers').length === 0 &&
    (num(object, 'metadata', 'deletionGracePeriodSeconds') ?? 0) === 0
  );
}

function bumpGeneration(next: JsonObject, current: JsonObject, hasStatus: boolean): void {
  const core = (object: JsonObject): JsonObject => {
    const { metadata: _metadata, ...rest } = object;
    if (hasStatus) delete rest['status'];
    return rest;
  };
  const generation = num(current, 'metadata', 'generation') ?? 0;
  const changed = !equal(core(next), core(current));
  child(next, 'metadata')['generation'] = changed ? generation + 1 : generation;
}
