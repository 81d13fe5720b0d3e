import type { Identity } from '../contract.ts';
import type { ResourceType } from '../kinds.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** One call on objects, after routing and before decoding. */
export interface ObjectRequest {
  readonly type: ResourceType;
  /** `''` for cluster-scoped kinds, and for reads across namespaces. */
  readonly namespace: string;
  /** `''` for calls on the collection. */
  readonly name: string;
  readonly subresource: string;
  readonly user: Identity;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Filled while the call goes on; become Warning headers. */
  readonly warnings: string[];
}
