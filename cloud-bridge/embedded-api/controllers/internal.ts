import { child, clone, type JsonObject, list } from '../json.ts';
import type { ResourceType } from '../kinds.ts';
import type { DeleteOptions } from '../objects/remove.ts';
import type { ObjectRequest } from '../objects/request.ts';
import type { Services } from '../services.ts';
import type { Entry } from '../store/entry.ts';

export const BACKGROUND: DeleteOptions = {
  graceS: undefined,
  uid: '',
  resourceVersion: '',
  propagation: '',
  dryRun: false,
};

/** A call of the API on itself. */
export function internalRequest(
  type: ResourceType,
  namespace: string,
  name: string,
): ObjectRequest {
  return {
    type,
    namespace,
    name,
    subresource: '',
    user: { name: 'system:boardlet-api', groups: ['system:masters'] },
    dryRun: false,
    fieldValidation: 'Ignore',
    warnings: [],
  };
}

/** The kind of a stored entry, or undefined when its CRD is gone. */
export function typeOf(
  services: Services,
  entry: Pick<Entry, 'storage'>,
): ResourceType | undefined {
  return services.registry.storages().find((type) => type.storage === entry.storage);
}

/** Takes a finalizer off; the object goes when it was the last. */
export async function dropFinalizer(
  services: Services,
  entry: Entry,
  finalizer: string,
): Promise<void> {
  const type = typeOf(services, entry);
  if (type === undefined) return;
  await services.writer.change(internalRequest(type, entry.namespace, entry.name), (current) => {
    const next: JsonObject = clone(current);
    const metadata = child(next, 'metadata');
    metadata['finalizers'] = list(metadata, 'finalizers').filter((item) => item !== finalizer);
    return next;
  });
}
