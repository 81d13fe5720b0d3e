/** A driver binds a Device's properties to hardware. Adding one is one folder. */
import type { CborValue, PropertyDocument, TwinValue } from '@boardlet/adapters/wire';

export type DriverResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface DriverProperty {
  readonly device: string;
  readonly property: PropertyDocument;
  readonly protocolConfig: CborValue;
}
export interface Driver {
  /** `visitors.protocolName`. */
  readonly protocol: string;
  /** Checks the configuration and opens what is needed; repeated calls for the same property replace it. */
  readonly open: (target: DriverProperty, done: (result: DriverResult<void>) => void) => void;
  readonly read: (target: DriverProperty, done: (result: DriverResult<TwinValue>) => void) => void;
  readonly write: (
    target: DriverProperty,
    value: TwinValue,
    done: (result: DriverResult<void>) => void,
  ) => void;
  /** A driver that notices changes itself calls `changed`; others are polled each `collectMs`. */
  readonly subscribe?: (target: DriverProperty, changed: (value: TwinValue) => void) => void;
  readonly close: (target: DriverProperty) => void;
}
