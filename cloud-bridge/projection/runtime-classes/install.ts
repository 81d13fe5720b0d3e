/** Creates what is missing and leaves what is there: an operator may have changed it. */
import {
  CRDS,
  isKubeError,
  type KubeClient,
  type KubeObject,
  type Logger,
  NAMESPACES,
  type Resource,
  RUNTIMECLASSES,
  type Timers,
} from '../../kube/index.ts';
import { bridgeNamespace, runtimeClasses } from './objects.ts';

export interface InstallOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** CustomResourceDefinitions, as objects. */
  readonly crds: readonly KubeObject[];
  readonly timers: Timers;
  readonly log: Logger;
}

const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 10_000;

async function ensure(client: KubeClient, r: Resource, object: KubeObject): Promise<void> {
  try {
    await client.get(r, object.metadata.namespace ?? '', object.metadata.name);
    return;
  } catch (error) {
    if (!isKubeError(error, 'BL_KUBE_NOT_FOUND')) throw error;
  }
  try {
    await client.create(r, object);
  } catch (error) {
    if (!isKubeError(error, 'BL_KUBE_ALREADY_EXISTS')) throw error;
  }
}

function isFinal(error: unknown): boolean {
  return isKubeError(error, 'BL_KUBE_FORBIDDEN') || isKubeError(error, 'BL_KUBE_INVALID');
}

/** Tries until the API has taken it. Without the right to create (an administrator installed it, or must) it goes on. */
async function persist(
  options: InstallOptions,
  r: Resource,
  object: KubeObject,
  stop: AbortSignal,
): Promise<void> {
  for (let waitMs = RETRY_MIN_MS; !stop.aborted; waitMs = Math.min(RETRY_MAX_MS, waitMs * 2)) {
    try {
      await ensure(options.client, r, object);
      return;
    } catch (error) {
      const at = { kind: object.kind, name: object.metadata.name, error: String(error) };
      options.log.warn(isFinal(error) ? 'install.refused' : 'install.retry', at);
      if (isFinal(error)) return;
      await new Promise<void>((resolve) => options.timers.after(waitMs, resolve));
    }
  }
}

/** Namespace, CRDs and RuntimeClasses; may be repeated. Resolves when all are there (or refused, or `stop`). */
export async function install(options: InstallOptions, stop: AbortSignal): Promise<void> {
  await persist(options, NAMESPACES, bridgeNamespace(options.namespace), stop);
  await Promise.all([
    ...options.crds.map((crd) => persist(options, CRDS, crd, stop)),
    ...runtimeClasses().map((one) => persist(options, RUNTIMECLASSES, one, stop)),
  ]);
}
