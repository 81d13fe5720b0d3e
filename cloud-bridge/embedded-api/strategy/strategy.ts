import type { Cause } from '../fault.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceType } from '../kinds.ts';
import type { Store } from '../store/store.ts';

export interface StrategyEnvironment {
  readonly type: ResourceType;
  readonly store: Store;
  readonly nowMs: number;
  readonly warnings: string[];
}

/** What is particular to one kind; each step may be absent. Objects handed in may be changed unless `Readonly`. */
export interface Strategy {
  /** Fills in defaults, on create and on update. */
  readonly defaults?: (object: JsonObject, env: StrategyEnvironment) => void;
  /** Admission on create: may change the object or throw a fault. */
  readonly admit?: (object: JsonObject, env: StrategyEnvironment) => void;
  readonly causes?: (object: JsonObject, env: StrategyEnvironment) => Cause[];
  /** Adjusts an update before it is checked. */
  readonly prepareUpdate?: (
    next: JsonObject,
    current: Readonly<JsonObject>,
    env: StrategyEnvironment,
  ) => void;
  /** What an update of the main resource may not change. */
  readonly updateCauses?: (next: JsonObject, current: Readonly<JsonObject>) => Cause[];
  /** Updates without a resourceVersion are allowed (default true; apiserver AllowUnconditionalUpdate). */
  readonly unconditional?: boolean;
  /** Keeps `metadata.generation` (bumped when anything but metadata and status changes). */
  readonly generation?: boolean;
  /** `status` given at creation is kept (a kubelet registers its Node with one). */
  readonly keepsStatusOnCreate?: boolean;
}
