/** The thin Kubernetes client's surface: objects as plain JSON. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
  finalizers?: string[];
}
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}
/** A resource by its place in the API: core group is `''`. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}
export type PatchType = 'merge' | 'strategic' | 'json' | 'apply';

/** Code `BL_KUBE_<REASON>` for a metav1.Status answer (BL_KUBE_CONFLICT, BL_KUBE_NOT_FOUND, BL_KUBE_ALREADY_EXISTS, BL_KUBE_EXPIRED,
 * BL_KUBE_INVALID, BL_KUBE_FORBIDDEN, BL_KUBE_TOO_MANY_REQUESTS …), `BL_KUBE_UNREACHABLE` when no answer came. */
export interface KubeErrorShape extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryAfterMs?: number;
}

export interface WriteOptions {
  readonly subresource?: 'status';
  readonly fieldManager?: string;
  readonly signal?: AbortSignal;
  /** False: a 429 or 503 is thrown at once instead of being waited out, for callers that pace themselves. Default true. */
  readonly retry?: boolean;
}
export interface ListResult {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}
export interface KubeClient {
  readonly get: (
    r: Resource,
    namespace: string,
    name: string,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<KubeObject>;
  /** Follows `continue` pages of 500. `resourceVersion` + `NotOlderThan` where given (rule D3). */
  readonly list: (
    r: Resource,
    options?: {
      readonly namespace?: string;
      readonly fieldSelector?: string;
      readonly labelSelector?: string;
      readonly notOlderThan?: string;
      readonly signal?: AbortSignal;
    },
  ) => Promise<ListResult>;
  readonly create: (r: Resource, object: KubeObject, options?: WriteOptions) => Promise<KubeObject>;
  readonly replace: (
    r: Resource,
    object: KubeObject,
    options?: WriteOptions,
  ) => Promise<KubeObject>;
  readonly patch: (
    r: Resource,
    namespace: string,
    name: string,
    type: PatchType,
    body: unknown,
    options?: WriteOptions,
  ) => Promise<KubeObject>;
  readonly remove: (
    r: Resource,
    namespace: string,
    name: string,
    options?: {
      readonly graceS?: number;
      readonly uid?: string;
      readonly resourceVersion?: string;
      readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
      readonly signal?: AbortSignal;
    },
  ) => Promise<void>;
  /** Any path, for discovery and tests. */
  readonly raw: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly status: number; readonly body: string }>;
  readonly close: () => Promise<void>;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly resourceVersion: string;
  /** After so many seconds the server ends the watch in good order. */
  readonly timeoutS: number;
  readonly signal: AbortSignal;
}
export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
export interface WatchHandlers {
  readonly onEvent: (type: WatchEventType, object: KubeObject) => void;
  /** Bytes came, whatever they say: the watch is alive. */
  readonly onActivity: () => void;
}
export interface Watcher {
  /** Resolves when the server ends the watch in good order; rejects with a `KubeErrorShape` (`BL_KUBE_EXPIRED`: relist). */
  readonly watch: (r: Resource, options: WatchOptions, handlers: WatchHandlers) => Promise<void>;
}
/** What `createKubeClient` makes and informers need. */
export type WatchingClient = KubeClient & Watcher;

export interface InformerHandlers {
  /** `old` is undefined for an object not seen before; `present` is undefined for one that is gone. */
  readonly onChange: (present: KubeObject | undefined, old: KubeObject | undefined) => void;
  /** Listed, and again after each relist; `resourceVersion` is what the cache reflects. */
  readonly onSynced: (resourceVersion: string) => void;
  readonly onError: (error: Error) => void;
}
export interface Informer {
  readonly start: () => void;
  readonly stop: () => void;
  readonly synced: () => boolean;
  /** resourceVersion reached: list, event or bookmark; never goes back. */
  readonly resourceVersion: () => string;
  readonly get: (namespace: string, name: string) => KubeObject | undefined;
  readonly list: () => Iterable<KubeObject>;
  /** Relists now unless the cache reflects `atLeast` already: a watch may lag on a quiet resource until its next bookmark. */
  readonly refresh: (atLeast: string) => void;
}
