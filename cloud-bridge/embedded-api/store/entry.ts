import type { JsonObject } from '../json.ts';

/** A stored object. `object` must never be changed in place: watchers and readers share it. */
export interface Entry {
  readonly storage: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly object: JsonObject;
  /** The object as JSON text: what is written, sent and counted. */
  readonly json: string;
}

/** One committed change. */
export interface Change {
  readonly revision: number;
  readonly present: Entry | undefined;
  readonly previous: Entry | undefined;
  /** Of a removal: the last state with the resourceVersion of the removal, which is what watchers get. */
  readonly removed: Entry | undefined;
  /** Encoded watch lines by view and type: one encoding serves all watchers. */
  readonly encoded: Map<string, Uint8Array>;
}

export const entryKey = (namespace: string, name: string): string => `${namespace}/${name}`;
