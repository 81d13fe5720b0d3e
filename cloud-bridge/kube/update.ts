/** Read, change, replace; again when someone else was faster. */
import type { KubeClient, KubeObject, Resource } from './contract.ts';
import { isKubeError } from './errors.ts';

export interface UpdateOptions {
  readonly subresource?: 'status';
  /** How often in all, 1 or more. Default 5. */
  readonly tries?: number;
  readonly signal?: AbortSignal;
}

/** `change` gets the object as it is now and answers what it shall be; undefined leaves it. It may be called several times.
 * Throws `BL_KUBE_CONFLICT` when all tries lost, and whatever the API answered else. */
export async function updateWithRetry(
  client: KubeClient,
  r: Resource,
  at: { readonly namespace: string; readonly name: string },
  change: (present: KubeObject) => KubeObject | undefined,
  options: UpdateOptions = {},
): Promise<KubeObject> {
  const tries = options.tries ?? 5;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  for (let n = 1; ; n++) {
    const present = await client.get(r, at.namespace, at.name, signal);
    const next = change(present);
    if (next === undefined) return present;
    try {
      return await client.replace(r, next, {
        ...signal,
        ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
      });
    } catch (error) {
      if (!isKubeError(error, 'BL_KUBE_CONFLICT') || n >= tries) throw error;
    }
  }
}
